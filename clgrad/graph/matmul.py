"""Plans matrix products: from shapes, strides and a device's capabilities to launches of the kernels in matmul*.cl."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

from clgrad.dtypes import COMPUTE_NAME, STORAGE_NAME, DType, bool_, is_floating
from clgrad.errors import ShapeError
from clgrad.graph.lower import Argument, Launch, Lowered
from clgrad.graph.strides import merge
from clgrad.runtime.capabilities import Capabilities, KernelShape
from clgrad.runtime.compiler import KernelSource
from clgrad.shapes import Shape

MOST_BATCH_AXES = 3

# What the kernel files fix: steps of k in a block, and the largest share of one CPU work-item.
BLOCK_K = 256
LARGEST_ROWS = 256
LARGEST_PANELS = 4
LARGEST_VECTORS = 64
DOT_BLOCK = 2048

# CPU shape: multiply-adds that are worth a work-item of their own, and work-items per compute unit.
WORK_PER_ITEM = 1 << 17
ITEMS_PER_UNIT = 4


@dataclass(frozen=True)
class MatmulProblem:
    """c[batch, m, n] = sum over k of a[batch, m, k] * b[batch, k, n]; c is row-major.

    The strides of `a` are those of (*batch, m, k), the strides of `b` those of (*batch, k, n), in elements; 0 along
    broadcast axes.
    """

    batch: Shape
    m: int
    n: int
    k: int
    dtype: DType
    a_strides: Shape
    b_strides: Shape
    kernel_shape: KernelShape


@dataclass(frozen=True)
class Product:
    """A problem as the kernels see it: a column on the right has become a row on the left, batch axes are merged."""

    left: int
    """which input of the problem is the left operand"""
    m: int
    n: int
    k: int
    batches: int
    batch: tuple[int, int, int]
    a_batch: tuple[int, ...]
    b_batch: tuple[int, ...]
    a_row: int
    a_inner: int
    b_inner: int
    b_column: int
    dtype: DType
    gpu: bool

    @property
    def work(self) -> int:
        return self.batches * self.m * self.n * max(self.k, 1)

    def numbers(self) -> list[Argument]:
        """The arguments on batches that all kernels share."""
        lengths: list[Argument] = [("int", self.batches), ("int", self.batch[1]), ("int", self.batch[2])]
        return lengths + [("long", stride) for stride in (*self.a_batch, *self.b_batch)]

    def operands(self) -> list[Argument]:
        left, right = self.left, 1 - self.left
        return [("input", left), ("input", right), ("offset", left), ("offset", right)]

    def defines(self) -> dict[str, str]:
        return {
            "STORAGE": STORAGE_NAME[self.dtype],
            "COMPUTE": COMPUTE_NAME[self.dtype],
            "MULTIPLY_ADD(x, y, sum)": _multiply_add(self.dtype),
        }


def plan_matmul(problem: MatmulProblem, capabilities: Capabilities) -> Lowered:
    """The launches that compute a product, in order, and the scratch memory between them.

    The last launch writes the output and takes the epilogue (EPILOGUE_ARGUMENTS, EPILOGUE_STORE and
    EPILOGUE_STORE_PART, see matmul.cl). Where n is 1, its `column` runs along m and its `row` is 0.
    How sums are split depends on the shape, the strides and the kind of device, never on its size.
    """
    if 0 in (*problem.batch, problem.m, problem.n):
        return Lowered(())
    product = canonical(problem)
    if product.m > 1:
        plan = _group_tiles if product.gpu else _tiles
    elif product.b_column == 1 and product.n > 1:
        plan = _column_sums
    else:
        plan = _row_dots
    return plan(product, capabilities)


def canonical(problem: MatmulProblem) -> Product:
    """The problem with at most three batch axes and no column as its right operand.

    >>> from clgrad.dtypes import float32
    >>> product = canonical(MatmulProblem((), 4, 1, 3, float32, (3, 1), (1, 1), "cpu"))
    >>> product.m, product.n, product.left
    (1, 4, 1)
    """
    lengths, (a_batch, b_batch) = merge(problem.batch, [problem.a_strides[:-2], problem.b_strides[:-2]])
    if len(lengths) > MOST_BATCH_AXES:
        raise ShapeError(
            f"matmul: the batch axes {problem.batch} of two strided operands do not merge into "
            f"{MOST_BATCH_AXES} axes; copy the operands to row-major memory first"
        )
    padding = [0] * (MOST_BATCH_AXES - len(lengths))
    first, second, third = [1] * len(padding) + lengths
    a, b = (*padding, *a_batch), (*padding, *b_batch)
    (a_row, a_inner), (b_inner, b_column) = problem.a_strides[-2:], problem.b_strides[-2:]
    m, n, left = problem.m, problem.n, 0
    if n == 1 and (m > 1 or b_inner != 1 == a_inner):
        m, n, left, a, b = 1, m, 1, b, a
        a_row, a_inner, b_inner, b_column = 0, b_inner, a_inner, a_row
    return Product(
        left, m, n, problem.k, prod(lengths), (first, second, third), a, b, a_row, a_inner, b_inner, b_column,
        problem.dtype, problem.kernel_shape == "gpu",
    )  # fmt: skip


def _multiply_add(dtype: DType) -> str:
    if dtype == bool_:
        return "(((x) & (y)) | (sum))"
    return "fma(x, y, sum)" if is_floating(dtype) else "((x) * (y) + (sum))"


# -- common to all kernels --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Cut:
    """How k is cut into parts that are summed apart."""

    parts: int
    length: int

    @property
    def is_split(self) -> bool:
        return self.parts > 1


def _cut(k: int, wanted: int, shortest: int, step: int) -> _Cut:
    """About `wanted` parts, none shorter than `shortest`, whose length is a multiple of `step`."""
    parts = max(1, min(wanted, k // shortest))
    length = _round_up(_divide_up(k, parts), step) if parts > 1 else max(k, 1)
    return _Cut(max(1, _divide_up(k, length)), length)


def _launches(product: Product, capabilities: Capabilities, first: Launch, cut: _Cut) -> Lowered:
    """The first launch, and where it was split the one that adds the parts."""
    if not cut.is_split:
        return Lowered((first,))
    size = product.batches * product.m * product.n
    if product.gpu:
        group = min(128, capabilities.max_group_size)
        items = _round_up(size, group)
    else:
        group = 1
        items = _items(capabilities, size * cut.parts, size)
    source = KernelSource("matmul.cl", "matmul_combine", tuple(product.defines().items()))
    sizes: list[Argument] = [("int", product.m), ("int", product.n), ("int", cut.parts), ("long", size)]
    second = Launch(source, (("scratch", 0), ("output",), *sizes), (items,), (group,))
    width = {"half": 4, "bool": 1}.get(STORAGE_NAME[product.dtype], product.dtype.itemsize)
    return Lowered((first, second), (cut.parts * size * width,))


def _items(capabilities: Capabilities, work: int, places: int) -> int:
    """CPU shape: how many work-items share `places` pieces of work."""
    return max(1, min(places, work // WORK_PER_ITEM))


def _target(cut: _Cut) -> Argument:
    return ("scratch", 0) if cut.is_split else ("output",)


def _divide_up(value: int, step: int) -> int:
    return -(-value // step)


def _round_up(value: int, step: int) -> int:
    return _divide_up(value, step) * step


# -- matrix by matrix -------------------------------------------------------------------------------------------


def _matrix_arguments(product: Product, cut: _Cut) -> list[Argument]:
    strides = product.a_row, product.a_inner, product.b_inner, product.b_column
    return [
        *product.operands(),
        *(("int", size) for size in (product.m, product.n, product.k)),
        *(("long", stride) for stride in strides),
        *product.numbers(),
        ("int", cut.length),
        _target(cut),
    ]


def _tiles(product: Product, capabilities: Capabilities) -> Lowered:
    """CPU shape: register tiles over a packed panel."""
    width = capabilities.vector_width
    # Vectors of 16 floats come with 32 registers, narrower ones usually with 16.
    most_rows = 8 if width == 16 else 6
    rows = _divide_up(product.m, _divide_up(product.m, most_rows))
    wide = max(product.dtype.itemsize, 4) > 4 or product.n <= width
    columns = 1 if wide else 2
    panel = columns * width
    blocks = _divide_up(product.m, LARGEST_ROWS) * _divide_up(product.n, 128) * product.batches
    cut = _cut(product.k, 16 // blocks, 4 * BLOCK_K, BLOCK_K)
    item_rows, item_panels = _item_share(product, capabilities, rows, panel, cut.parts)
    places = _divide_up(product.m, item_rows) * _divide_up(product.n, item_panels * panel) * product.batches * cut.parts
    defines = product.defines() | {
        "SPLIT": str(int(cut.is_split)),
        "A_UNIT": "INNER_AXIS" if product.a_inner == 1 else "NO_AXIS",
        "B_UNIT": _b_unit(product),
        "ROWS": str(rows),
        "COLUMNS": str(columns),
    }
    source = KernelSource("matmul.cl", "matmul_tiles", tuple(defines.items()))
    share: list[Argument] = [("int", item_rows), ("int", item_panels), ("int", places)]
    items = _items(capabilities, product.work, places)
    launch = Launch(source, (*_matrix_arguments(product, cut), *share), (items,), (1,))
    return _launches(product, capabilities, launch, cut)


def _b_unit(product: Product) -> str:
    if product.b_column == 1:
        return "OUTER_AXIS"
    return "INNER_AXIS" if product.b_inner == 1 else "NO_AXIS"


def _item_share(product: Product, capabilities: Capabilities, rows: int, panel: int, parts: int) -> tuple[int, int]:
    """Rows and panels of one work-item: the largest blocks that still keep every compute unit busy."""
    row_blocks, item_panels = _divide_up(product.m, LARGEST_ROWS), LARGEST_PANELS
    panels = _divide_up(product.n, panel)
    wanted = min(ITEMS_PER_UNIT * capabilities.compute_units, product.work // WORK_PER_ITEM)
    while row_blocks * _divide_up(panels, item_panels) * product.batches * parts < wanted:
        if item_panels > 1:
            item_panels //= 2
        elif row_blocks * 2 * rows <= product.m:
            row_blocks *= 2
        else:
            break
    return _round_up(_divide_up(product.m, row_blocks), rows), item_panels


@dataclass(frozen=True)
class _GroupTile:
    """What a work-group of the GPU shape computes, and its items."""

    rows: int
    columns: int
    k: int
    group_rows: int
    group_columns: int

    @property
    def group(self) -> int:
        return self.group_rows * self.group_columns

    def fits(self, capabilities: Capabilities, itemsize: int) -> bool:
        local = self.k * (self.rows + self.columns + 8) * itemsize
        return self.group <= capabilities.max_group_size and local <= capabilities.local_memory


# From large to small; a product takes the first that gives enough groups, and the last if none does.
GROUP_TILES = (
    _GroupTile(128, 128, 16, 16, 16),
    _GroupTile(64, 64, 16, 16, 16),
    _GroupTile(32, 32, 32, 8, 8),
    _GroupTile(16, 16, 16, 4, 4),
)
ENOUGH_GROUPS = 64


def _group_tiles(product: Product, capabilities: Capabilities) -> Lowered:
    """GPU shape: tiles in local memory."""
    tile = _group_tile(product, capabilities)
    groups = _group_count(product, tile)
    cut = _cut(product.k, ENOUGH_GROUPS // groups, 256, tile.k)
    defines = product.defines() | {
        "SPLIT": str(int(cut.is_split)),
        "A_UNIT": "OUTER_AXIS" if product.a_row == 1 != product.a_inner else "INNER_AXIS",
        "B_UNIT": "INNER_AXIS" if product.b_inner == 1 != product.b_column else "OUTER_AXIS",
        "TILE_ROWS": str(tile.rows),
        "TILE_COLUMNS": str(tile.columns),
        "TILE_K": str(tile.k),
        "GROUP_ROWS": str(tile.group_rows),
        "GROUP_COLUMNS": str(tile.group_columns),
    }
    source = KernelSource("matmul.cl", "matmul_tiles", tuple(defines.items()))
    items = groups * cut.parts * tile.group
    launch = Launch(source, tuple(_matrix_arguments(product, cut)), (items,), (tile.group,))
    return _launches(product, capabilities, launch, cut)


def _group_tile(product: Product, capabilities: Capabilities) -> _GroupTile:
    itemsize = max(product.dtype.itemsize, 4)
    tiles = [tile for tile in GROUP_TILES if tile.fits(capabilities, itemsize)]
    for tile in tiles:
        if product.m > tile.rows // 2 and product.n > tile.columns // 2:
            if _group_count(product, tile) >= ENOUGH_GROUPS or tile.rows <= 32:
                return tile
    return tiles[-1]


def _group_count(product: Product, tile: _GroupTile) -> int:
    return _divide_up(product.m, tile.rows) * _divide_up(product.n, tile.columns) * product.batches


# -- few rows by matrix -----------------------------------------------------------------------------------------


def _dots(product: Product, capabilities: Capabilities) -> Lowered:
    """Each element is a dot product."""
    elements = product.m * product.n * product.batches
    defines = {"B_UNIT": "INNER_AXIS" if product.b_inner == 1 else "NO_AXIS"}
    if not product.gpu:
        cut = _cut(product.k, 64 // elements, 4 * DOT_BLOCK, DOT_BLOCK)
        dots, chains = (1, 4) if product.n == 1 else (4 if product.m <= 4 else 2, 1)
        defines |= {"DOTS": str(dots), "CHAINS": str(chains)}
        return _few_rows("matmul_dots", product, capabilities, cut, 16, defines)
    group = _power_of_two(256 if product.k >= 1024 else 64, capabilities.max_group_size)
    cut = _cut(product.k, 4 * ENOUGH_GROUPS // elements, 4096, group)
    defines |= {"GROUP_ROWS": str(group), "GROUP_COLUMNS": "1"}
    return _row_of_groups("matmul_dots", product, capabilities, cut, defines, group, elements)


def _sums(product: Product, capabilities: Capabilities) -> Lowered:
    """All columns at once are a sum of scaled rows."""
    if not product.gpu:
        blocks = _divide_up(product.n, 64) * product.batches
        cut = _cut(product.k, 16 // blocks, 4 * BLOCK_K, BLOCK_K)
        return _few_rows("matmul_sums", product, capabilities, cut, 2, {})
    group = _power_of_two(256, capabilities.max_group_size)
    columns = min(32, group)
    groups = _divide_up(product.n, columns) * product.batches
    cut = _cut(product.k, 4 * ENOUGH_GROUPS // groups, 256, 16)
    defines = {"GROUP_ROWS": str(group // columns), "GROUP_COLUMNS": str(columns)}
    return _row_of_groups("matmul_sums", product, capabilities, cut, defines, group, groups)


def _few_rows(
    entry: str, product: Product, capabilities: Capabilities, cut: _Cut, items_per_unit: int, defines: dict[str, str]
) -> Lowered:
    """CPU shape: one work-item per range of columns."""
    width = capabilities.vector_width
    vectors = _divide_up(product.n, width)
    wanted = _divide_up(items_per_unit * capabilities.compute_units, product.batches * cut.parts)
    item_columns = min(LARGEST_VECTORS // product.m, _divide_up(vectors, wanted)) * width
    places = _divide_up(product.n, item_columns) * product.batches * cut.parts
    defines = {"ROWS": str(product.m)} | defines
    share: list[Argument] = [("int", item_columns), ("int", places)]
    items = _items(product.work, places)
    return _launches("matmul_"+entry, product, capabilities, cut, defines, share, (items, 1))


def _row_of_groups(
    entry: str, product: Product, capabilities: Capabilities, cut: _Cut, defines: dict[str, str], group: int, groups: int
) -> Lowered:
    """GPU shape: one work-group per column or range of columns."""
    items = groups * cut.parts * group
    return _launches(entry, product, capabilities, cut, defines, [], (items, group))


def _power_of_two(wanted: int, most: int) -> int:
    while wanted > most:
        wanted //= 2
    return wanted

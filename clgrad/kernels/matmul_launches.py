"""The launches of a matrix product, for each kernel shape: which kernel, and what each work-item or group gets."""

from __future__ import annotations

from dataclasses import dataclass

from clgrad.dtypes import float16
from clgrad.kernels.product import Cut, Product, cut, divide_up
from clgrad.launch import Argument, Launch, Lowered, round_up
from clgrad.runtime.capabilities import Capabilities
from clgrad.runtime.compiler import KernelSource

# Fixed by the kernel files: steps of k in a block, and the largest share of a CPU work-item.
BLOCK_K = 256
DOT_BLOCK = 2048
LARGEST_ROWS = 256
LARGEST_PANELS = 4
LARGEST_VECTORS = 64

# CPU shape: multiply-adds that are worth a work-item.
WORK_PER_ITEM = 1 << 17
# CPU shape: products of so few rows are limited by memory, unless the right operand (n * k) is this small.
FEW_ROWS = 8
SMALL_RIGHT = 1024
# GPU shape: work-groups that keep a device busy.
ENOUGH_GROUPS = 64


@dataclass(frozen=True)
class _Sizes:
    """Global and local sizes of the product's launch, and of the one that adds parts."""

    items: int
    group: int
    combine_items: int
    combine_group: int


class _Planner:
    """What the planners of both shapes share."""

    def __init__(self, product: Product, capabilities: Capabilities) -> None:
        self.product = product
        self.capabilities = capabilities

    def lowered(
        self, source: tuple[str, str], defines: dict[str, str], parts: Cut, share: list[Argument], sizes: _Sizes
    ) -> Lowered:
        """One launch of this file and entry, and where k is cut the one that adds the parts."""
        product, split = self.product, parts.parts > 1
        defines = product.defines(self.capabilities.fma) | {"SPLIT": str(int(split))} | defines
        target: Argument = ("scratch", 0) if split else ("output",)
        arguments = (*product.arguments(), ("int", parts.length), target, *share)
        first = Launch(KernelSource(*source, tuple(defines.items())), arguments, (sizes.items,), (sizes.group,))
        if not split:
            return Lowered((first,))
        return Lowered((first, self._combine(parts, sizes)), (parts.parts * product.size * product.itemsize,))

    def _combine(self, parts: Cut, sizes: _Sizes) -> Launch:
        product = self.product
        defines = product.defines(self.capabilities.fma)
        source = KernelSource("matmul.cl", "matmul_combine", tuple(defines.items()))
        lengths: list[Argument] = [("int", length) for length in (product.m, product.n, parts.parts)]
        arguments = (("scratch", 0), ("output",), *lengths, ("long", product.size))
        return Launch(source, arguments, (sizes.combine_items,), (sizes.combine_group,))


# -- CPU shape --------------------------------------------------------------------------------------------------


class ItemPlanner(_Planner):
    """Plans for the CPU shape: one work-item per block of c."""

    @property
    def width(self) -> int:
        return self.capabilities.vector_width

    @property
    def units(self) -> int:
        return self.capabilities.compute_units

    def plan(self) -> Lowered:
        product = self.product
        if product.m > FEW_ROWS or (product.m > 1 and product.n * product.k < SMALL_RIGHT):
            return self._tiles()
        if product.b_column == 1 and product.n > 1:
            return self._sums()
        return self._dots()

    def _tiles(self) -> Lowered:
        product, width = self.product, self.width
        # Vectors of 16 floats come with 32 registers, narrower ones usually with 16.
        most_rows = 8 if width == 16 else 6
        rows = divide_up(product.m, divide_up(product.m, most_rows))
        columns = 1 if product.itemsize > 4 or product.n <= width else 2
        blocks = divide_up(product.m, LARGEST_ROWS) * divide_up(product.n, 128) * product.batches
        parts = cut(product.k, 16 // blocks, 4 * BLOCK_K, BLOCK_K)
        item_rows, item_panels = self._share(rows, columns * width, parts.parts)
        column_blocks = divide_up(product.n, item_panels * columns * width)
        places = divide_up(product.m, item_rows) * column_blocks * product.batches * parts.parts
        defines = {
            "A_UNIT": "INNER_AXIS" if product.a_inner == 1 else "NO_AXIS",
            "B_UNIT": self._b_unit(),
            "COPY_A": str(int(product.dtype == float16)),
            "ROWS": str(rows),
            "COLUMNS": str(columns),
        }
        return self._launch("matmul.cl", "matmul_tiles", defines, parts, (item_rows, item_panels), places)

    def _b_unit(self) -> str:
        if self.product.b_column == 1:
            return "OUTER_AXIS"
        return "INNER_AXIS" if self.product.b_inner == 1 else "NO_AXIS"

    def _share(self, rows: int, panel: int, parts: int) -> tuple[int, int]:
        """Rows and panels of an item: the largest blocks that still keep every compute unit busy."""
        product = self.product
        row_blocks, panels = divide_up(product.m, LARGEST_ROWS), divide_up(product.n, panel)
        item_panels = LARGEST_PANELS
        wanted = min(4 * self.units, product.work // WORK_PER_ITEM)
        while row_blocks * divide_up(panels, item_panels) * product.batches * parts < wanted:
            if item_panels > 1:
                item_panels //= 2
            elif row_blocks * 2 * rows <= product.m:
                row_blocks *= 2
            else:
                break
        return round_up(divide_up(product.m, row_blocks), rows), item_panels

    def _dots(self) -> Lowered:
        product = self.product
        parts = cut(product.k, 64 // product.size, 4 * DOT_BLOCK, DOT_BLOCK)
        dots, chains = (1, 4) if product.n == 1 else (4 if product.m <= 4 else 2, 1)
        defines = {
            "A_UNIT": "INNER_AXIS" if product.a_inner == 1 else "NO_AXIS",
            "B_UNIT": "INNER_AXIS" if product.b_inner == 1 else "NO_AXIS",
            "DOTS": str(dots),
            "CHAINS": str(chains),
        }
        return self._few_rows("matmul_dots", 16, parts, defines)

    def _sums(self) -> Lowered:
        product = self.product
        parts = cut(product.k, 16 // (divide_up(product.n, 64) * product.batches), 4 * BLOCK_K, BLOCK_K)
        return self._few_rows("matmul_sums", 2, parts, {})

    def _few_rows(self, entry: str, items_per_unit: int, parts: Cut, defines: dict[str, str]) -> Lowered:
        product = self.product
        wanted = divide_up(items_per_unit * self.units, product.batches * parts.parts)
        vectors = min(LARGEST_VECTORS // product.m, divide_up(divide_up(product.n, self.width), wanted))
        places = divide_up(product.n, vectors * self.width) * product.batches * parts.parts
        defines = {"ROWS": str(product.m)} | defines
        return self._launch("matmul_rows.cl", entry, defines, parts, (vectors * self.width,), places)

    def _launch(
        self, file: str, entry: str, defines: dict[str, str], parts: Cut, share: tuple[int, ...], places: int
    ) -> Lowered:
        product = self.product
        arguments: list[Argument] = [("int", value) for value in (*share, places)]
        sizes = _Sizes(_items(product.work, places), 1, _items(product.size * parts.parts, product.size), 1)
        return self.lowered((file, entry), defines, parts, arguments, sizes)


def _items(work: int, places: int) -> int:
    """How many work-items share `places` equal pieces of work."""
    return divide_up(places, max(1, WORK_PER_ITEM * places // work))


# -- GPU shape --------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class GroupTile:
    """What a work-group computes, and its work-items."""

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

    def count(self, product: Product) -> int:
        return divide_up(product.m, self.rows) * divide_up(product.n, self.columns) * product.batches

    def suits(self, product: Product) -> bool:
        """Whether little of the tiles is padding, and large ones are enough to keep the device busy."""
        padded = product.m <= self.rows // 2 >= SMALLEST_TILE or product.n <= self.columns // 2 >= SMALLEST_TILE
        return not padded and (self.rows * self.columns <= 1024 or self.count(product) >= ENOUGH_GROUPS)


# From large to small; the last is for devices with tiny work-groups and for tiny products.
SMALLEST_TILE = 16
GROUP_TILES = (
    GroupTile(128, 128, 16, 16, 16),
    GroupTile(64, 64, 16, 16, 16),
    GroupTile(32, 32, 32, 8, 8),
    GroupTile(16, 64, 16, 4, 16),
    GroupTile(64, 16, 16, 16, 4),
    GroupTile(16, 16, 16, 4, 4),
)


class GroupPlanner(_Planner):
    """Plans for the GPU shape: one work-group per tile of c, or per element of a row."""

    def plan(self) -> Lowered:
        product = self.product
        if product.m > 1:
            return self._tiles()
        if product.b_column == 1 and product.n > 1:
            return self._sums()
        return self._dots()

    def _tiles(self) -> Lowered:
        product = self.product
        fitting = [tile for tile in GROUP_TILES if tile.fits(self.capabilities, product.itemsize)]
        smallest = fitting[-1] if fitting else GROUP_TILES[-1]
        tile = next((tile for tile in fitting if tile.suits(product)), smallest)
        groups = tile.count(product)
        parts = cut(product.k, ENOUGH_GROUPS // groups, 256, tile.k)
        defines = {
            "A_UNIT": "OUTER_AXIS" if product.a_row == 1 != product.a_inner else "INNER_AXIS",
            "B_UNIT": "INNER_AXIS" if product.b_inner == 1 != product.b_column else "OUTER_AXIS",
            "TILE_ROWS": str(tile.rows),
            "TILE_COLUMNS": str(tile.columns),
            "TILE_K": str(tile.k),
            "GROUP_ROWS": str(tile.group_rows),
            "GROUP_COLUMNS": str(tile.group_columns),
        }
        return self._launch("matmul.cl", "matmul_tiles", defines, parts, groups, tile.group)

    def _dots(self) -> Lowered:
        product = self.product
        group = self._group(256 if product.k >= 1024 else 64)
        parts = cut(product.k, 4 * ENOUGH_GROUPS // product.size, 4096, group)
        return self._launch("matmul_rows.cl", "matmul_dots", {"GROUP_ITEMS": str(group)}, parts, product.size, group)

    def _sums(self) -> Lowered:
        product = self.product
        group = self._group(256)
        columns = min(32, group)
        groups = divide_up(product.n, columns) * product.batches
        parts = cut(product.k, 4 * ENOUGH_GROUPS // groups, 256, 16)
        defines = {"GROUP_ITEMS": str(group), "GROUP_COLUMNS": str(columns)}
        return self._launch("matmul_rows.cl", "matmul_sums", defines, parts, groups, group)

    def _group(self, wanted: int) -> int:
        """The largest power of two up to `wanted` that the device allows."""
        return min(wanted, 1 << (self.capabilities.max_group_size.bit_length() - 1))

    def _launch(self, file: str, entry: str, defines: dict[str, str], parts: Cut, groups: int, group: int) -> Lowered:
        combine = self._group(128)
        sizes = _Sizes(groups * parts.parts * group, group, round_up(self.product.size, combine), combine)
        return self.lowered((file, entry), defines, parts, [], sizes)

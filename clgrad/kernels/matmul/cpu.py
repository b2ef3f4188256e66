"""Matrix products in CPU shape: one work-item per block of the result."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from clgrad.dtypes import float16
from clgrad.kernels.matmul.product import Cut, cut
from clgrad.kernels.matmul.strategy import BLOCK_K, Kernel, Matmul, Sizes
from clgrad.launch import Candidate, Int, Launch, Loading, divide_up, round_up

# Fixed by the kernel files: steps of k in a block of dot products, and the largest share of a work-item.
DOT_BLOCK = 2048
LARGEST_ROWS = 256
LARGEST_PANELS = 4
LARGEST_VECTORS = 64


@dataclass(frozen=True)
class Tunables:
    """How much of a product a work-item computes, and where k is cut into parts."""

    rows: int
    """of a register tile: CPUs with vectors of 16 floats have 32 vector registers, others usually have 16"""
    vectors: int = 2
    """columns of a register tile; one for sums of 8 bytes, which fill two registers each"""
    work_per_item: int = 1 << 17
    """multiply-adds that a work-item gets at least, so that starting it costs little in comparison"""
    tiles_per_unit: int = 4
    """blocks of tiles for each compute unit: several, so that a slow one does not hold up the others"""
    few_rows: int = 8
    """a product of so few rows is limited by memory..."""
    small_right: int = 1024
    """... unless its right operand has fewer elements (n * k) than this"""
    dots_per_unit: int = 16
    """pieces of a row of dot products for each compute unit"""
    sums_per_unit: int = 2
    """pieces of a row of sums for each compute unit: few, so that each reads long runs of the rows of b"""
    enough_blocks: int = 16
    """if a result has fewer blocks than this, k is cut into parts"""
    enough_dots: int = 64
    """the same for elements that are dot products"""
    most_copies: int = 2
    """computed rows of tiles are copied for each panel of columns, stored rows are read in place; with two panels the
    prologue saves an eighth of the time, with four the copies take as long as a store and a load"""
    shortest_part: int = 4
    """blocks of k in a part: adding up shorter ones would take longer than they save"""


class CpuMatmul(Matmul):
    """Plans for the CPU shape: one work-item per block of c."""

    @property
    def width(self) -> int:
        return self.capabilities.vector_width

    @property
    def units(self) -> int:
        return self.capabilities.compute_units

    @property
    def tunables(self) -> Tunables:
        return Tunables(rows=8 if self.width == 16 else 6)

    def candidates(self) -> list[Candidate]:
        return [Candidate(self.tunables, self._kernel())]

    def _kernel(self) -> Callable[[], list[Launch]]:
        product, tunables = self.product, self.tunables
        if product.m > tunables.few_rows or (product.m > 1 and product.n * product.k < tunables.small_right):
            return self._tiles
        return self._sums if product.b_column == 1 and product.n > 1 else self._dots

    def _cut(self, blocks: int, enough: int, step: int) -> Cut:
        return cut(self.product.k, enough // blocks, self.tunables.shortest_part * step, step)

    def _tiles(self) -> list[Launch]:
        product, width, tunables = self.product, self.width, self.tunables
        rows = divide_up(product.m, divide_up(product.m, tunables.rows))
        columns = 1 if product.itemsize > 4 or product.n <= width else tunables.vectors
        blocks = divide_up(product.m, LARGEST_ROWS) * divide_up(product.n, 128) * product.batches
        parts = self._cut(blocks, tunables.enough_blocks, BLOCK_K)
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
        kernel = Kernel("matmul.cl", "matmul_tiles", defines, self._loads_of_tiles(columns * width, item_rows))
        return self._launch(kernel, parts, (item_rows, item_panels), places)

    def _loads_of_tiles(self, panel: int, item_rows: int) -> tuple[Loading, ...]:
        product = self.product
        panels = divide_up(product.n, panel)
        # Halves are copied in any case.
        loads = self._loads(panels) if panels <= self.tunables.most_copies or product.dtype == float16 else ()
        if 1 in (product.b_column, product.b_inner):
            loads += (product.load_b(divide_up(product.m, item_rows), along_k=product.b_column != 1),)
        return loads

    def _loads(self, times: int) -> tuple[Loading, ...]:
        """A prologue for a, if its elements lie along k as the vectors that are computed do."""
        return (self.product.load_a(times),) if self.product.a_inner == 1 else ()

    def _b_unit(self) -> str:
        if self.product.b_column == 1:
            return "OUTER_AXIS"
        return "INNER_AXIS" if self.product.b_inner == 1 else "NO_AXIS"

    def _share(self, rows: int, panel: int, parts: int) -> tuple[int, int]:
        """Rows and panels of a work-item: the largest blocks that still keep every compute unit busy."""
        product = self.product
        row_blocks, panels = divide_up(product.m, LARGEST_ROWS), divide_up(product.n, panel)
        item_panels = LARGEST_PANELS
        wanted = min(self.tunables.tiles_per_unit * self.units, product.work // self.tunables.work_per_item)
        while row_blocks * divide_up(panels, item_panels) * product.batches * parts < wanted:
            if item_panels > 1:
                item_panels //= 2
            elif row_blocks * 2 * rows <= product.m:
                row_blocks *= 2
            else:
                break
        return round_up(divide_up(product.m, row_blocks), rows), item_panels

    def _dots(self) -> list[Launch]:
        product = self.product
        parts = self._cut(product.size, self.tunables.enough_dots, DOT_BLOCK)
        dots, chains = (1, 4) if product.n == 1 else (4 if product.m <= 4 else 2, 1)
        defines = {
            "A_UNIT": "INNER_AXIS" if product.a_inner == 1 else "NO_AXIS",
            "B_UNIT": "INNER_AXIS" if product.b_inner == 1 else "NO_AXIS",
            "DOTS": str(dots),
            "CHAINS": str(chains),
        }
        loads = (product.load_b(1, along_k=True),) if product.b_inner == 1 else ()
        return self._few_rows("matmul_dots", self.tunables.dots_per_unit, parts, defines, loads)

    def _sums(self) -> list[Launch]:
        product = self.product
        parts = self._cut(divide_up(product.n, 64) * product.batches, self.tunables.enough_blocks, BLOCK_K)
        return self._few_rows("matmul_sums", self.tunables.sums_per_unit, parts, {}, (product.load_b(1),))

    def _few_rows(
        self, entry: str, per_unit: int, parts: Cut, defines: dict[str, str], load_b: tuple[Loading, ...]
    ) -> list[Launch]:
        product = self.product
        wanted = divide_up(per_unit * self.units, product.batches * parts.parts)
        vectors = min(LARGEST_VECTORS // product.m, divide_up(divide_up(product.n, self.width), wanted))
        pieces = divide_up(product.n, vectors * self.width)
        kernel = Kernel("matmul_rows.cl", entry, {"ROWS": str(product.m)} | defines, self._loads(pieces) + load_b)
        return self._launch(kernel, parts, (vectors * self.width,), pieces * product.batches * parts.parts)

    def _launch(self, kernel: Kernel, parts: Cut, share: tuple[int, ...], places: int) -> list[Launch]:
        product = self.product
        arguments = [Int(value) for value in (*share, places)]
        items = self._work_items(product.work, places)
        sizes = Sizes(items, 1, self._work_items(product.size * parts.parts, product.size), 1)
        return self.launches(kernel, parts, arguments, sizes)

    def _work_items(self, work: int, places: int) -> int:
        """How many work-items share `places` equal pieces of work."""
        return divide_up(places, max(1, self.tunables.work_per_item * places // work))

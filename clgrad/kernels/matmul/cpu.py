"""Matrix products in CPU shape: one work-item per block of the result."""

from __future__ import annotations

from clgrad.dtypes import float16
from clgrad.kernels.matmul.product import Cut, cut
from clgrad.kernels.matmul.strategy import BLOCK_K, Matmul, Sizes
from clgrad.launch import Int, Launch, divide_up, round_up

# Fixed by the kernel files: steps of k in a block of dot products, and the largest share of a work-item.
DOT_BLOCK = 2048
LARGEST_ROWS = 256
LARGEST_PANELS = 4
LARGEST_VECTORS = 64

# A work-item gets at least so many multiply-adds, so that starting it costs little in comparison.
WORK_PER_ITEM = 1 << 17
# A product of so few rows is limited by memory, unless its right operand has fewer elements (n * k) than this.
FEW_ROWS = 8
SMALL_RIGHT = 1024


class CpuMatmul(Matmul):
    """Plans for the CPU shape: one work-item per block of c."""

    @property
    def width(self) -> int:
        return self.capabilities.vector_width

    @property
    def units(self) -> int:
        return self.capabilities.compute_units

    def plan(self) -> list[Launch]:
        product = self.product
        if product.m > FEW_ROWS or (product.m > 1 and product.n * product.k < SMALL_RIGHT):
            return self._tiles()
        if product.b_column == 1 and product.n > 1:
            return self._sums()
        return self._dots()

    def _tiles(self) -> list[Launch]:
        product, width = self.product, self.width
        # CPUs with vectors of 16 floats have 32 vector registers; others usually have 16.
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
        """Rows and panels of a work-item: the largest blocks that still keep every compute unit busy."""
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

    def _dots(self) -> list[Launch]:
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

    def _sums(self) -> list[Launch]:
        product = self.product
        parts = cut(product.k, 16 // (divide_up(product.n, 64) * product.batches), 4 * BLOCK_K, BLOCK_K)
        return self._few_rows("matmul_sums", 2, parts, {})

    def _few_rows(self, entry: str, items_per_unit: int, parts: Cut, defines: dict[str, str]) -> list[Launch]:
        product = self.product
        wanted = divide_up(items_per_unit * self.units, product.batches * parts.parts)
        vectors = min(LARGEST_VECTORS // product.m, divide_up(divide_up(product.n, self.width), wanted))
        places = divide_up(product.n, vectors * self.width) * product.batches * parts.parts
        defines = {"ROWS": str(product.m)} | defines
        return self._launch("matmul_rows.cl", entry, defines, parts, (vectors * self.width,), places)

    def _launch(
        self, file: str, entry: str, defines: dict[str, str], parts: Cut, share: tuple[int, ...], places: int
    ) -> list[Launch]:
        product = self.product
        arguments = [Int(value) for value in (*share, places)]
        sizes = Sizes(_work_items(product.work, places), 1, _work_items(product.size * parts.parts, product.size), 1)
        return self.launches((file, entry), defines, parts, arguments, sizes)


def _work_items(work: int, places: int) -> int:
    """How many work-items share `places` equal pieces of work."""
    return divide_up(places, max(1, WORK_PER_ITEM * places // work))

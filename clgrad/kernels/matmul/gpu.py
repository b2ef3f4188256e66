"""Matrix products in GPU shape: one work-group per tile of the result, or per element of a row."""

from __future__ import annotations

from dataclasses import dataclass

from clgrad.capabilities import Capabilities
from clgrad.kernels.matmul.product import Cut, Product, cut
from clgrad.kernels.matmul.strategy import Matmul, Sizes
from clgrad.launch import Launch, divide_up, power_of_two, round_up

# So many work-groups keep a device busy.
ENOUGH_GROUPS = 64


@dataclass(frozen=True)
class GroupTile:
    """The tile of the result that a work-group computes in steps of `k`, and the shape of the work-group."""

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
        """Whether little of a tile is padding and, for a large tile, enough tiles keep the device busy."""
        padded = product.m <= self.rows // 2 >= SMALLEST_TILE or product.n <= self.columns // 2 >= SMALLEST_TILE
        return not padded and (self.rows * self.columns <= 1024 or self.count(product) >= ENOUGH_GROUPS)


# The shortest side of a tile. A product that fills at most half of a longer side gets a smaller tile.
SMALLEST_TILE = 16
# From large to small; the last is for devices with tiny work-groups and for tiny products.
GROUP_TILES = (
    GroupTile(128, 128, 16, 16, 16),
    GroupTile(64, 64, 16, 16, 16),
    GroupTile(32, 32, 32, 8, 8),
    GroupTile(16, 64, 16, 4, 16),
    GroupTile(64, 16, 16, 16, 4),
    GroupTile(16, 16, 16, 4, 4),
)


class GpuMatmul(Matmul):
    """Plans for the GPU shape: one work-group per tile of c, or per element of a row."""

    def plan(self) -> list[Launch]:
        product = self.product
        if product.m > 1:
            return self._tiles()
        if product.b_column == 1 and product.n > 1:
            return self._sums()
        return self._dots()

    def _tiles(self) -> list[Launch]:
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

    def _dots(self) -> list[Launch]:
        product = self.product
        group = self._group(256 if product.k >= 1024 else 64)
        parts = cut(product.k, 4 * ENOUGH_GROUPS // product.size, 4096, group)
        return self._launch("matmul_rows.cl", "matmul_dots", {"GROUP_ITEMS": str(group)}, parts, product.size, group)

    def _sums(self) -> list[Launch]:
        product = self.product
        group = self._group(256)
        columns = min(32, group)
        groups = divide_up(product.n, columns) * product.batches
        parts = cut(product.k, 4 * ENOUGH_GROUPS // groups, 256, 16)
        defines = {"GROUP_ITEMS": str(group), "GROUP_COLUMNS": str(columns)}
        return self._launch("matmul_rows.cl", "matmul_sums", defines, parts, groups, group)

    def _group(self, wanted: int) -> int:
        """The largest power of two up to `wanted` that the device allows."""
        return min(wanted, power_of_two(self.capabilities.max_group_size))

    def _launch(
        self, file: str, entry: str, defines: dict[str, str], parts: Cut, groups: int, group: int
    ) -> list[Launch]:
        combine = self._group(128)
        sizes = Sizes(groups * parts.parts * group, group, round_up(self.product.size, combine), combine)
        return self.launches((file, entry), defines, parts, [], sizes)

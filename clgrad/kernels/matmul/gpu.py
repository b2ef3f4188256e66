"""Matrix products in GPU shape: one work-group per tile of the result, or per element of a row."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

from clgrad.kernels.candidates import group_sizes
from clgrad.kernels.matmul.product import Cut, Product, cut
from clgrad.kernels.matmul.strategy import Kernel, Matmul, Sizes
from clgrad.launch import Candidate, Launch, Loading, divide_up, power_of_two, round_up


@dataclass(frozen=True)
class Tile:
    """Tunables of matmul_tiles: the tile of the result that a work-group computes in steps of `k`, and its shape.

    A work-item keeps rows * columns / group elements in registers, and local memory holds k * (rows + columns).
    """

    rows: int
    columns: int
    k: int
    group_rows: int
    group_columns: int
    enough_groups: int = 64
    """so many work-groups keep a device busy; if there are fewer, k is cut into parts"""
    shortest_part: int = 256
    """steps of k in a part: adding up shorter ones would take longer than they save"""

    @property
    def group(self) -> int:
        return self.group_rows * self.group_columns

    def local_memory(self, itemsize: int) -> int:
        """Bytes: each step of k has eight elements of padding."""
        return self.k * (self.rows + self.columns + 8) * itemsize

    def count(self, product: Product) -> int:
        return divide_up(product.m, self.rows) * divide_up(product.n, self.columns) * product.batches

    def suits(self, product: Product) -> bool:
        """Whether little of a tile is padding and, for a large tile, enough tiles keep the device busy."""
        padded = product.m <= self.rows // 2 >= SMALLEST_TILE or product.n <= self.columns // 2 >= SMALLEST_TILE
        return not padded and (self.rows * self.columns <= 1024 or self.count(product) >= self.enough_groups)


# The shortest side of a tile. A product that fills at most half of a longer side gets a smaller tile.
SMALLEST_TILE = 16
# From large to small; the last is for devices with tiny work-groups and for tiny products, and suits each product.
TILES = (
    Tile(128, 128, 16, 16, 16),
    Tile(64, 64, 16, 16, 16),
    Tile(32, 32, 32, 8, 8),
    Tile(16, 64, 16, 4, 16),
    Tile(64, 16, 16, 16, 4),
    Tile(16, 16, 16, 4, 4),
)


@dataclass(frozen=True)
class RowGroup:
    """Tunables of matmul_dots and matmul_sums: the work-group that shares the sums of `columns` elements of a row."""

    group: int
    """work-items, a power of two"""
    columns: int
    """in matmul_sums a power of two, so that neighbours read neighbouring elements; in matmul_dots one"""
    shortest_part: int
    """steps of k in a part; long enough for all work-items of a group"""
    enough_groups: int = 256
    """more than for tiles, because a group with little work has few loads under way"""


# A short sum would leave work-items of a large group idle.
DOTS, SHORT_DOTS, LONG_K = RowGroup(256, 1, 4096), RowGroup(64, 1, 4096), 1024
SUMS = RowGroup(256, 32, 256)
# Work-items of a group that adds parts: each adds up one element.
COMBINING_GROUP = 128


class GpuMatmul(Matmul):
    """Plans for the GPU shape: one work-group per tile of c, or per element of a row."""

    def candidates(self) -> list[Candidate]:
        product = self.product
        if product.m > 1:
            return [
                Candidate(tile, partial(self._tiles, tile), tile.group, tile.local_memory(product.itemsize))
                for tile in TILES
                if tile.suits(product)
            ]
        if product.b_column == 1 and product.n > 1:
            return self._of_a_row(SUMS, self._sums)
        return self._of_a_row(DOTS if product.k >= LONG_K else SHORT_DOTS, self._dots)

    def _of_a_row(self, first: RowGroup, launches: Callable[[RowGroup], list[Launch]]) -> list[Candidate]:
        found = []
        for group in group_sizes(min(first.group, power_of_two(self.capabilities.max_group_size))):
            smaller = replace(first, group=group, columns=min(first.columns, group))
            found.append(Candidate(smaller, partial(launches, smaller), group, group * self.product.itemsize))
        return found

    def _tiles(self, tile: Tile) -> list[Launch]:
        product = self.product
        count = tile.count(product)
        parts = cut(product.k, tile.enough_groups // count, tile.shortest_part, tile.k)
        defines = {
            "A_UNIT": "OUTER_AXIS" if product.a_row == 1 != product.a_inner else "INNER_AXIS",
            "B_UNIT": "INNER_AXIS" if product.b_inner == 1 != product.b_column else "OUTER_AXIS",
            "TILE_ROWS": str(tile.rows),
            "TILE_COLUMNS": str(tile.columns),
            "TILE_K": str(tile.k),
            "GROUP_ROWS": str(tile.group_rows),
            "GROUP_COLUMNS": str(tile.group_columns),
        }
        times = divide_up(product.n, tile.columns), divide_up(product.m, tile.rows)
        kernel = Kernel("matmul.cl", "matmul_tiles", defines, self._loads(*times))
        return self._launch(kernel, parts, count, tile.group)

    def _dots(self, row: RowGroup) -> list[Launch]:
        product = self.product
        parts = cut(product.k, row.enough_groups // product.size, row.shortest_part, row.group)
        kernel = Kernel("matmul_rows.cl", "matmul_dots", {"GROUP_ITEMS": str(row.group)}, self._loads(product.n, 1))
        return self._launch(kernel, parts, product.size, row.group)

    def _sums(self, row: RowGroup) -> list[Launch]:
        product = self.product
        pieces = divide_up(product.n, row.columns)
        count = pieces * product.batches
        parts = cut(product.k, row.enough_groups // count, row.shortest_part, 16)
        defines = {"GROUP_ITEMS": str(row.group), "GROUP_COLUMNS": str(row.columns)}
        kernel = Kernel("matmul_rows.cl", "matmul_sums", defines, self._loads(pieces, 1))
        return self._launch(kernel, parts, count, row.group)

    def _loads(self, times_a: int, times_b: int) -> tuple[Loading, ...]:
        return self.product.load_a(times_a), self.product.load_b(times_b)

    def _launch(self, kernel: Kernel, parts: Cut, count: int, group: int) -> list[Launch]:
        combine = min(COMBINING_GROUP, power_of_two(self.capabilities.max_group_size))
        sizes = Sizes(count * parts.parts * group, group, round_up(self.product.size, combine), combine)
        return self.launches(kernel, parts, [], sizes)

"""How many work-items and groups a loop gets: one strategy per shape of kernels.

Sizes of sums - how rows are shared, how far columns are apart - may depend on the loop's shape and on the device alone,
never on the statements of the loop: they set the order of additions.
"""

from __future__ import annotations

from abc import ABC, abstractmethod

from clgrad.launch import round_up
from clgrad.runtime.capabilities import Capabilities

# GPU shape: work-items of a group that share nothing.
GPU_GROUP = 128
# GPU shape: rows shorter than the smallest group are left to one work-item each.
SMALLEST_ROW_GROUP = 64
LARGEST_ROW_GROUP = 256
# A CPU work-item gets at least about this many element-operations, so that tiny arrays run in one piece.
WORK_PER_ITEM = 8192
ITEMS_PER_UNIT = 4

# Global and local size of a launch.
Sizes = tuple[int, int]


class Geometry(ABC):
    """The sizes of launches on a device."""

    stashes: bool
    """whether a row's costly values are kept in memory between the passes over it"""

    column_lanes: int
    """how many neighbouring columns a work-item walks down together"""

    enough_columns: int
    """so many columns, or blocks of columns, keep a compute unit busy"""

    def __init__(self, capabilities: Capabilities) -> None:
        self.capabilities = capabilities

    def items(self, size: int, statements: int) -> int:
        """Into how many pieces so many elements, each worth these statements, are divided."""
        most = self.capabilities.compute_units * ITEMS_PER_UNIT
        return max(1, min(most, size * max(statements, 1) // (2 * WORK_PER_ITEM)))

    @abstractmethod
    def pointwise(self, elements: int, blocks: int, items: int) -> Sizes:
        """Sizes for so many elements in so many blocks, of which `items` work-items would make short work."""

    @abstractmethod
    def row_group(self, length: int) -> int:
        """Work-items that share a row of this length, a power of two; 0 where a work-item has rows of its own."""

    @abstractmethod
    def rows(self, rows: int, group: int, items: int) -> Sizes:
        """Sizes for so many rows, each shared by a group or, where that is 0, divided among `items` work-items."""

    @abstractmethod
    def columns(self, places: int, items: int) -> Sizes:
        """Sizes for so many blocks of columns, of which `items` work-items would make short work."""


class CpuGeometry(Geometry):
    """One work-item per long run of elements, rows or columns; groups of one."""

    stashes = True
    enough_columns = 2

    def __init__(self, capabilities: Capabilities) -> None:
        super().__init__(capabilities)
        self.column_lanes = 4 * capabilities.vector_width

    def pointwise(self, elements: int, blocks: int, items: int) -> Sizes:
        return min(items, blocks), 1

    def row_group(self, length: int) -> int:
        return 0

    def rows(self, rows: int, group: int, items: int) -> Sizes:
        return items, 1

    def columns(self, places: int, items: int) -> Sizes:
        return max(min(places, items), 1), 1


class GpuGeometry(Geometry):
    """One work-item per element, column or short row; one group per long row."""

    stashes = False
    column_lanes = 1
    enough_columns = 256

    def pointwise(self, elements: int, blocks: int, items: int) -> Sizes:
        return self._grouped(elements)

    def row_group(self, length: int) -> int:
        if length < SMALLEST_ROW_GROUP:
            return 0
        group, most = SMALLEST_ROW_GROUP, self.capabilities.max_group_size
        while group < min(LARGEST_ROW_GROUP, most) and group * 4 < length:
            group *= 2
        return min(group, most)

    def rows(self, rows: int, group: int, items: int) -> Sizes:
        return (rows * group, group) if group else self._grouped(rows)

    def columns(self, places: int, items: int) -> Sizes:
        return self._grouped(places)

    def _grouped(self, items: int) -> Sizes:
        group = min(GPU_GROUP, self.capabilities.max_group_size)
        return round_up(items, group), group


def geometry_of(capabilities: Capabilities) -> Geometry:
    """The strategy for the shape of the device's kernels."""
    return (CpuGeometry if capabilities.kernel_shape == "cpu" else GpuGeometry)(capabilities)

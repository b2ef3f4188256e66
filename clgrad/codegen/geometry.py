"""How many work-items and work-groups a loop gets: one strategy per kernel shape.

The sharing of rows and the distance of columns set the order of additions. So they depend on the loop's shape and on
the device, never on the statements of the loop.
"""

from __future__ import annotations

from abc import ABC, abstractmethod

from clgrad.capabilities import Capabilities
from clgrad.launch import power_of_two, round_up

# GPU shape: size of a work-group of independent work-items.
GPU_GROUP = 128
# GPU shape: sizes of a work-group that shares a row. A shorter row would leave work-items idle, so one takes it.
SMALLEST_ROW_GROUP = 64
LARGEST_ROW_GROUP = 256
# A CPU work-item gets at least about this many element-operations, so that starting it costs little in comparison.
WORK_PER_ITEM = 8192
# CPU work-items per compute unit: several, so that a slow one does not hold up the others.
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
    """how many columns, or blocks of columns, keep a compute unit busy"""

    def __init__(self, capabilities: Capabilities) -> None:
        self.capabilities = capabilities

    def work_items(self, size: int, statements: int) -> int:
        """Work-items for `size` elements with `statements` operations each."""
        most = self.capabilities.compute_units * ITEMS_PER_UNIT
        return max(1, min(most, size * max(statements, 1) // (2 * WORK_PER_ITEM)))

    @abstractmethod
    def pointwise(self, elements: int, blocks: int, work_items: int) -> Sizes:
        """Sizes for `elements` in `blocks`; `work_items` is a good number of work-items."""

    @abstractmethod
    def row_group(self, length: int) -> int:
        """How many work-items share a row of this length, a power of two; 0 if each row belongs to one work-item."""

    @abstractmethod
    def rows(self, rows: int, group_size: int, work_items: int) -> Sizes:
        """Sizes for `rows`, each shared by a work-group; if `group_size` is 0, they are divided among `work_items`."""

    @abstractmethod
    def columns(self, places: int, work_items: int) -> Sizes:
        """Sizes for `places` blocks of columns; `work_items` is a good number of work-items."""


class CpuGeometry(Geometry):
    """One work-item per long run of elements, rows or columns; work-groups of one."""

    stashes = True
    enough_columns = 2

    def __init__(self, capabilities: Capabilities) -> None:
        super().__init__(capabilities)
        self.column_lanes = 4 * capabilities.vector_width

    def pointwise(self, elements: int, blocks: int, work_items: int) -> Sizes:
        return min(work_items, blocks), 1

    def row_group(self, length: int) -> int:
        return 0

    def rows(self, rows: int, group_size: int, work_items: int) -> Sizes:
        return work_items, 1

    def columns(self, places: int, work_items: int) -> Sizes:
        return max(min(places, work_items), 1), 1


class GpuGeometry(Geometry):
    """One work-item per element, column or short row; one work-group per long row."""

    stashes = False
    column_lanes = 1
    enough_columns = 256

    def pointwise(self, elements: int, blocks: int, work_items: int) -> Sizes:
        return self._grouped(elements)

    def row_group(self, length: int) -> int:
        if length < SMALLEST_ROW_GROUP:
            return 0
        # The work-items of a work-group add their sums in pairs.
        size, most = SMALLEST_ROW_GROUP, power_of_two(self.capabilities.max_group_size)
        while size < min(LARGEST_ROW_GROUP, most) and size * 4 < length:
            size *= 2
        return min(size, most)

    def rows(self, rows: int, group_size: int, work_items: int) -> Sizes:
        return (rows * group_size, group_size) if group_size else self._grouped(rows)

    def columns(self, places: int, work_items: int) -> Sizes:
        return self._grouped(places)

    def _grouped(self, work_items: int) -> Sizes:
        size = min(GPU_GROUP, self.capabilities.max_group_size)
        return round_up(work_items, size), size


def geometry_of(capabilities: Capabilities) -> Geometry:
    """The strategy for the device's kernel shape."""
    return (CpuGeometry if capabilities.kernel_shape == "cpu" else GpuGeometry)(capabilities)

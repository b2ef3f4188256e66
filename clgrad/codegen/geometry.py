"""How many work-items and work-groups a loop gets: one strategy per kernel shape.

The sharing of rows and the distance of columns set the order of additions. So they depend on the loop's shape and on
the device, never on the statements of the loop.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from math import isqrt

from clgrad.capabilities import Capabilities
from clgrad.launch import divide_up, power_of_two, round_up

# GPU shape: size of a work-group of independent work-items.
GPU_GROUP = 128
# GPU shape: sizes of a work-group that shares a row. Shorter rows share a work-group of independent work-items.
SMALLEST_ROW_GROUP = 64
LARGEST_ROW_GROUP = 256
# A CPU work-item gets at least about this many element-operations, so that starting it costs little in comparison.
WORK_PER_ITEM = 8192
# CPU work-items per compute unit: several, so that a slow one does not hold up the others.
ITEMS_PER_UNIT = 4

# CPU shape: rows of at least twice this length are cut, if they are few, into parts of about this length: shorter
# parts cost more to combine than they save.
CPU_PART = 16384
# CPU shape: more parts are never needed, and take longer to combine.
MOST_PARTS = 64
# GPU shape: the same length. The work-items of the largest group add 16 elements each before they meet.
GPU_PART = 4096
# GPU shape: work-groups that keep a compute unit busy while others wait for memory.
GROUPS_PER_UNIT = 4
# Columns of fewer elements are not cut, nor into parts of fewer elements than half of this.
SHORTEST_COLUMN = 128

# Global and local size of a launch.
Sizes = tuple[int, int]


class Geometry(ABC):
    """The sizes of launches on a device."""

    stashes: bool
    """whether a row's costly values are kept in memory between the passes over it"""

    column_lanes: int
    """how many neighbouring columns a work-item walks down together"""

    def __init__(self, capabilities: Capabilities) -> None:
        self.capabilities = capabilities

    def work_items(self, size: int, statements: int) -> int:
        """Work-items for `size` elements with `statements` operations each."""
        most = self.capabilities.compute_units * ITEMS_PER_UNIT
        return max(1, min(most, size * max(statements, 1) // (2 * WORK_PER_ITEM)))

    @abstractmethod
    def row_parts(self, rows: int, length: int) -> int:
        """Into how many parts to cut each of `rows` reductions of `length` neighbouring elements."""

    @abstractmethod
    def column_parts(self, blocks: int, columns: int, length: int) -> int:
        """Into how many parts to cut reductions over `length` rows; each of `blocks` blocks has `columns` of them."""

    @abstractmethod
    def pointwise(self, elements: int, blocks: int, work_items: int) -> Sizes:
        """Sizes for `elements` in `blocks`; `work_items` is a good number of work-items."""

    @abstractmethod
    def row_group(self, length: int) -> int:
        """How many work-items share a row of this length, a power of two; 0 if each row belongs to one work-item."""

    @abstractmethod
    def group_rows(self, group_size: int) -> int:
        """How many rows a work-group has, each of which `group_size` of its work-items share."""

    @abstractmethod
    def rows(self, rows: int, group_size: int, work_items: int) -> Sizes:
        """Sizes for `rows`, each shared by `group_size` work-items; with 0 they are divided among `work_items`."""

    @abstractmethod
    def columns(self, places: int, work_items: int) -> Sizes:
        """Sizes for `places` blocks of columns; `work_items` is a good number of work-items."""


class CpuGeometry(Geometry):
    """One work-item per long run of elements, rows or columns; work-groups of one."""

    stashes = True

    def __init__(self, capabilities: Capabilities) -> None:
        super().__init__(capabilities)
        self.column_lanes = 4 * capabilities.vector_width

    def row_parts(self, rows: int, length: int) -> int:
        if rows >= 4 * self.capabilities.compute_units or length < 2 * CPU_PART:
            return 1
        return min(MOST_PARTS, length // CPU_PART)

    def column_parts(self, blocks: int, columns: int, length: int) -> int:
        places, enough = blocks * divide_up(columns, self.column_lanes), 2 * self.capabilities.compute_units
        if places >= enough or length < SHORTEST_COLUMN or length * blocks * columns < 2 * CPU_PART:
            return 1
        return min(MOST_PARTS, 2 * length // SHORTEST_COLUMN, divide_up(enough, places))

    def pointwise(self, elements: int, blocks: int, work_items: int) -> Sizes:
        return min(work_items, blocks), 1

    def row_group(self, length: int) -> int:
        return 0

    def group_rows(self, group_size: int) -> int:
        return 1

    def rows(self, rows: int, group_size: int, work_items: int) -> Sizes:
        return work_items, 1

    def columns(self, places: int, work_items: int) -> Sizes:
        return max(min(places, work_items), 1), 1


class GpuGeometry(Geometry):
    """One work-item per element or column; one work-group per long row or several short rows."""

    stashes = False
    column_lanes = 1

    def row_parts(self, rows: int, length: int) -> int:
        groups = GROUPS_PER_UNIT * self.capabilities.compute_units
        if rows >= groups or length < 2 * GPU_PART:
            return 1
        return min(divide_up(groups, rows), length // GPU_PART)

    def column_parts(self, blocks: int, columns: int, length: int) -> int:
        """A work-item takes one column, so the second loop should take no more steps than the first: a part is no
        shorter than the number of parts."""
        places, enough = blocks * columns, 2 * GPU_GROUP * self.capabilities.compute_units
        if places >= enough or length < SHORTEST_COLUMN or length * places < 2 * CPU_PART:
            return 1
        return min(isqrt(length), 2 * length // SHORTEST_COLUMN, divide_up(enough, places))

    def pointwise(self, elements: int, blocks: int, work_items: int) -> Sizes:
        return self._grouped(elements)

    def row_group(self, length: int) -> int:
        if length < 2:
            return 0
        # The work-items of a row add their sums in pairs. Those of a short row have an element each, so that they read
        # neighbouring elements.
        most = power_of_two(self.capabilities.max_group_size)
        size = min(SMALLEST_ROW_GROUP, power_of_two(2 * length - 1))
        while size < min(LARGEST_ROW_GROUP, most) and size * 4 < length:
            size *= 2
        return min(size, most)

    def rows(self, rows: int, group_size: int, work_items: int) -> Sizes:
        if not group_size:
            return self._grouped(rows)
        together = self.group_rows(group_size)
        return round_up(rows, together) * group_size, together * group_size

    def group_rows(self, group_size: int) -> int:
        if group_size >= SMALLEST_ROW_GROUP:
            return 1
        return max(1, min(GPU_GROUP, self.capabilities.max_group_size) // max(group_size, 1))

    def columns(self, places: int, work_items: int) -> Sizes:
        return self._grouped(places)

    def _grouped(self, work_items: int) -> Sizes:
        size = min(GPU_GROUP, self.capabilities.max_group_size)
        return round_up(work_items, size), size


def geometry_of(capabilities: Capabilities) -> Geometry:
    """The strategy for the device's kernel shape."""
    return (CpuGeometry if capabilities.kernel_shape == "cpu" else GpuGeometry)(capabilities)

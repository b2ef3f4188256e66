"""The index space of a kernel: a loop's axes merged as the kernel files walk them, with the strides of each access."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import NamedTuple

from clgrad.codegen.loop import Index, Load, Loop
from clgrad.launch import Coordinates
from clgrad.shapes import Shape
from clgrad.strides import merge, spans

# Kernels may compute indices a little beyond the last one, so int indices stop short of the largest int.
_LARGEST_INT = 2**31 - 2**16
# The last reduced axes are merged until the merged axis is at least so long, even if no single stride then describes
# some operand: the order of a sum depends on its shape only, not on the layout of its operands.
SHORTEST_ROW = 128

# Strides over a loop's space, and an offset.
Walk = tuple[Shape, int]


class Access(NamedTuple):
    """One strided walk through memory: of a load, of a store, or of an index that is computed.

    `inner` holds one stride, or one for each inner axis of the space.
    """

    outer: list[int]
    middle: list[int]
    inner: list[int]
    offset: int


class Space(NamedTuple):
    """The loop's space after merging: lengths of the outer and middle axes, and of the inner ones as one axis.

    `inner_axes` are the axes that `inner` merges; several if no single stride describes some access to them.
    """

    outer: list[int]
    middle: list[int]
    inner: int
    inner_axes: list[int]
    accesses: list[Access]
    index_type: str


def merged_space(loop: Loop) -> Space:
    """Split and merge the axes as the kernel file of `loop.kind` walks them."""
    all_walks = walks(loop)
    kept = [axis for axis in range(len(loop.space)) if axis not in loop.axes]
    outer, outer_strides = _merged(loop.space, kept, all_walks)
    if loop.kind == "rows":
        first = _first_inner(loop)
        middle, middle_strides = _merged(loop.space, loop.axes[:first], all_walks)
        inner, inner_strides = _merged(loop.space, loop.axes[first:], all_walks)
    else:
        middle, middle_strides = _merged(loop.space, loop.axes, all_walks)
        inner, inner_strides = outer[-1:], [strides[-1:] for strides in outer_strides]
        outer, outer_strides = outer[:-1], [strides[:-1] for strides in outer_strides]
    accesses = [
        Access(a, m, _as_one(inner, s), offset)
        for a, m, s, (_, offset) in zip(outer_strides, middle_strides, inner_strides, all_walks)
    ]
    return Space(outer, middle, prod(inner), inner, accesses, index_type(loop.space, all_walks))


def coordinate_space(loop: Loop, shape: Shape, axes: Coordinates) -> Space:
    """The space of an array as a library kernel walks over it: batch, channel and position are outer, middle, inner.

    `shape` is the loop's space with its axes of length one.
    """
    all_walks = [(_expanded(strides, shape), offset) for strides, offset in walks(loop)]
    outer, outer_strides = _merged(shape, axes.batch, all_walks)
    middle, middle_strides = _as_given(shape, axes.channel, all_walks)
    inner, inner_strides = _as_given(shape, axes.position, all_walks)
    accesses = [
        Access(a, m, s if len(s) == 1 else _as_one(inner, s), offset)
        for a, m, s, (_, offset) in zip(outer_strides, middle_strides, inner_strides, all_walks)
    ]
    return Space(outer, middle, prod(inner), inner, accesses, index_type(shape, all_walks))


def _expanded(strides: Shape, shape: Shape) -> Shape:
    """Strides over `shape` from strides over the same shape without its axes of length one."""
    steps = iter(strides)
    return tuple(0 if n == 1 else next(steps) for n in shape)


def _as_given(shape: Shape, axes: Sequence[int], walks: Sequence[Walk]) -> tuple[list[int], list[list[int]]]:
    """Merged axes; a single axis stays even if its length is one, so that lengths do not change the kernel's text."""
    if len(axes) != 1:
        return _merged(shape, axes, walks)
    return [shape[axes[0]]], [[strides[axes[0]]] for strides, _ in walks]


def _first_inner(loop: Loop) -> int:
    """The number of leading reduced axes that are not merged into the row."""
    first, length = len(loop.axes), 1
    while first > 0 and length < SHORTEST_ROW:
        first -= 1
        length *= loop.space[loop.axes[first]]
    return first


def _as_one(axes: list[int], strides: list[int]) -> list[int]:
    """The strides over the inner axes, merged to one stride if possible."""
    _, (merged,) = merge(axes, [strides])
    return strides if len(merged) > 1 else merged or [0]


def index_type(space: Shape, all_walks: Sequence[Walk]) -> str:
    """The type of indices: int, or long if an index may pass the range of int."""
    reach = spans(space, [strides for strides, _ in all_walks]) + max((abs(o) for _, o in all_walks), default=0)
    return "int" if reach < _LARGEST_INT else "long"


def walks(loop: Loop) -> list[Walk]:
    """Strides and offset of every access: loads and indices in the order of the statements, then stores."""
    loads = [s.what for s in loop.statements if isinstance(s.what, (Load, Index))]
    return [(walk.strides, walk.offset) for walk in (*loads, *loop.stores)]


def _merged(shape: Shape, axes: Sequence[int], walks: Sequence[Walk]) -> tuple[list[int], list[list[int]]]:
    return merge([shape[axis] for axis in axes], [[strides[axis] for axis in axes] for strides, _ in walks])

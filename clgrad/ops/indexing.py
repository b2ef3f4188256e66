"""Indexing as NumPy has it, reading and writing: integers, slices, ..., newaxis, integer arrays and masks, mixed.

A key is analysed once into a `Selection`: the slices (a view), then at most one gather over the axes that arrays
index, then the order of the axes. Writing runs the same way backwards.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from operator import index
from typing import Any

import numpy

from clgrad import dtypes
from clgrad.errors import ArgumentError, DTypeError, IndexOutOfRangeError, ShapeError
from clgrad.graph.execute import read, upload
from clgrad.graph.node import Node
from clgrad.ops.arithmetic import cast
from clgrad.ops.choice import where
from clgrad.ops.gathering import gather, normalize_index, scatter_set
from clgrad.ops.movement import (
    broadcast_to,
    inverse,
    reshape,
    slice_axes,
    slice_update,
    transpose,
)
from clgrad.ops.operation import Value
from clgrad.runtime.device import Device
from clgrad.shapes import Shape, broadcast_shapes, contiguous_strides, size_of


def constant(array: numpy.ndarray[Any, Any], device: Device) -> Value:
    """A NumPy array as a value on a device."""
    array = numpy.ascontiguousarray(array)
    return Value(None, (), None, array.shape, dtypes.as_dtype(array.dtype), device, upload(array, device))


@dataclass(frozen=True)
class Selection:
    """What a key selects, in two steps.

    `start`, `count`, `step` cut a box out of the array. Then the axes of the box in `taken` are indexed by
    `arrays`, which have the common shape `spread`; the axes in `kept` stay. `shape` is the result's, with the axes
    in the order (spread, kept) where `spread_first`, else with spread in place of the first taken axis.
    """

    start: Shape
    count: Shape
    step: Shape
    taken: Shape
    arrays: tuple[Value, ...]
    spread: Shape
    position: int
    shape: Shape


def getitem(x: Value, key: Any) -> Value:
    """x[key]."""
    mask = whole_mask(x, key)
    if mask is not None:
        key = mask
    chosen = select(x, key)
    box = slice_axes(x, start=chosen.start, count=chosen.count, step=chosen.step)
    if not chosen.taken:
        return reshape(box, chosen.shape)
    return _read_spread(box, chosen)

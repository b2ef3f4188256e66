"""Rows of clgrad/ops/movement.py."""

from __future__ import annotations

from typing import Any

import numpy

from clgrad.ops import movement
from tests.reference.row import FLOATS, SINGLE, Row


def _sum_to(x: Any, shape: tuple[int, ...]) -> Any:
    extra = x.ndim - len(shape)
    stretched = [extra + axis for axis, n in enumerate(shape) if n == 1]
    return x.sum((*range(extra), *stretched)).reshape(shape)


# One dtype of each size in memory.
MOVED = (*SINGLE, *map(numpy.dtype, ("float64", "float16", "uint8", "bool")))


def movement_row(name: str, call: Any, reference: Any, keywords: tuple[dict[str, Any], ...], **options: Any) -> Row:
    """An op that moves elements: exact, for every dtype."""
    defaults = {"shapes": (((4, 6),), ((2, 0),)), "dtypes": MOVED, "error": 0.0}
    return Row(name, call, reference, keywords=keywords, **defaults | options)


ROWS = [
    movement_row(
        "reshape", movement.reshape, numpy.reshape, ({"shape": (3, 8)}, {"shape": (2, -1, 4)}, {"shape": -1}),
        shapes=(((4, 6),), ((24,),)),
    ),
    movement_row("transpose", movement.transpose, numpy.transpose, ({}, {"axes": (0, 1)}, {"axes": (1, 0)})),
    movement_row(
        "transpose of three axes", movement.transpose, numpy.transpose,
        tuple({"axes": axes} for axes in ((1, 2, 0), (2, 0, 1), (0, 2, 1), (-1, 0, 1))),
        shapes=(((3, 4, 5),), ((3, 0, 5),)), covers=("transpose",),
    ),
    movement_row(
        "broadcast_to", movement.broadcast_to, numpy.broadcast_to, ({"shape": (5, 4, 6)}, {"shape": (1, 4, 6)}),
        shapes=(((4, 6),), ((4, 1),), ((),), ((6,),)),
    ),
    movement_row(
        "sum_to", lambda x, shape: movement.sum_to(x, shape=shape), _sum_to, ({"shape": (1, 6)}, {"shape": (6,)}),
        shapes=(((4, 6),), ((5, 4, 6),), ((0, 6),)), error=8, dtypes=FLOATS, absolute=8,
    ),
    movement_row("expand_dims", movement.expand_dims, numpy.expand_dims, ({"axis": 0}, {"axis": -1}, {"axis": (0, 3)})),
    movement_row("squeeze", movement.squeeze, numpy.squeeze, ({}, {"axis": 1}, {"axis": (-1, 1)}), shapes=(((4, 1, 6, 1),), ((0, 1, 6, 1),))),
    movement_row("swapaxes", movement.swapaxes, numpy.swapaxes, ({"axis1": 0, "axis2": -1},), shapes=(((3, 4, 5),), ((3, 0, 5),))),
    movement_row(
        "moveaxis", movement.moveaxis, numpy.moveaxis,
        ({"source": 0, "destination": -1}, {"source": (0, 1), "destination": (2, 0)}), shapes=(((3, 4, 5),), ((3, 0, 5),)),
    ),
    movement_row("rollaxis", movement.rollaxis, numpy.rollaxis, ({"axis": 2}, {"axis": 0, "start": 3}), shapes=(((3, 4, 5),), ((3, 0, 5),))),
    movement_row("flip", movement.flip, numpy.flip, ({}, {"axis": 0}, {"axis": (0, -1)})),
    movement_row("rot90", movement.rot90, numpy.rot90, (*tuple({"k": k} for k in range(-1, 4)), {"axes": (1, 0)})),
    movement_row(
        "diagonal", movement.diagonal, numpy.diagonal, ({}, {"offset": 2}, {"offset": -1}, {"axis1": 1, "axis2": 0}),
        covers=("set_diagonal",),
    ),
    movement_row(
        "diagonal of three axes", movement.diagonal, numpy.diagonal, ({"axis1": 2, "axis2": 0, "offset": 1},),
        shapes=(((3, 4, 5),), ((3, 0, 5),)), covers=("diagonal",),
    ),
]  # fmt: skip

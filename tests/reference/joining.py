"""Rows of clgrad/ops/joining.py."""

from __future__ import annotations

import numpy

from clgrad.ops import joining
from tests.reference.movement import movement_row

ROWS = [
    movement_row(
        "concatenate", lambda *x, axis: joining.concatenate(x, axis),
        lambda *x, axis: numpy.concatenate(x, axis), ({"axis": 0}, {"axis": -1}, {"axis": None}),
        shapes=(((4, 6), (4, 6), (4, 6)), ((0, 6), (0, 6), (0, 6))),
    ),
    movement_row(
        "concatenate of different lengths", lambda *x, axis: joining.concatenate(x, axis),
        lambda *x, axis: numpy.concatenate(x, axis), ({"axis": 1},), shapes=(((2, 3), (2, 0), (2, 40)),),
        covers=("concatenate",),
    ),
    movement_row(
        "stack", lambda *x, axis: joining.stack(x, axis), lambda *x, axis: numpy.stack(x, axis),
        ({"axis": 0}, {"axis": -1}), shapes=(((4, 6), (4, 6)), ((), ()), ((0, 6), (0, 6))),
    ),
    movement_row(
        "split", lambda x, at, **k: joining.split(x, **k)[at], lambda x, at, sections, axis=0, equal=True: numpy.array_split(x, sections, axis)[at],
        ({"sections": 2, "at": 1}, {"sections": (1, 4), "axis": 1, "at": 1}, {"sections": 4, "axis": 1, "equal": False, "at": 3}),
    ),
    movement_row("roll", joining.roll, numpy.roll, ({"shift": 3}, {"shift": -2, "axis": 1}, {"shift": (1, 2), "axis": (0, 1)})),
    movement_row("tile", joining.tile, lambda x, reps: numpy.tile(x, reps), ({"reps": 3}, {"reps": (2, 1, 2)}, {"reps": (0, 1)})),
    movement_row(
        "repeat", joining.repeat, numpy.repeat, ({"repeats": 2}, {"repeats": 3, "axis": 0}, {"repeats": [0, 2, 1, 5], "axis": 0}),
        shapes=(((4, 6),), ((0, 6),)),
    ),
]  # fmt: skip

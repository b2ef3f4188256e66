"""Rows of clgrad/ops/indexing.py."""

from __future__ import annotations

from typing import Any

import numpy

from clgrad.ops import indexing
from tests.reference.row import EVERYTHING, FLOATS, SINGLE, SUMMED, Row, numbers_below

_KEYS: tuple[Any, ...] = (
    1, -2, (slice(None, None, -2), 3), (Ellipsis, 0), (None, slice(1, 3), None, -1), (slice(4, 0, -1), slice(1, 7, 3)), (),
    numpy.array([[0, -1], [2, 2]]), (slice(None), numpy.array([3, 0, 3])), (numpy.array([0, 1, 0]), numpy.array([2, 5, 2])),
    (numpy.array([[0], [2]]), None, numpy.array([1, 6])), (numpy.array([1, 3]), 2), numbers_below(2, 4, 7) > 0,
    (slice(None), numbers_below(2, 7) > 0), ([0, 2], slice(None, None, 3)), (slice(0, 0),), True,
)  # fmt: skip


def _setitem(x: Any, value: Any, key: Any) -> Any:
    return indexing.setitem(x, key, value)


def _set(x: Any, value: Any, key: Any) -> Any:
    x = x.copy()
    x[key] = value
    return x


def _add_at(x: Any, value: Any, key: Any) -> Any:
    x = x.copy()
    numpy.add.at(x, key, value)
    return x


LABELS = numbers_below(9, 5)


def take_axis(x: Any, at: Any, axis: int) -> Any:
    return numpy.take_along_axis(x, numpy.expand_dims(at, axis), axis).squeeze(axis)


ROWS = [
    Row("getitem", indexing.getitem, lambda x, key: x[key], keywords=tuple({"key": key} for key in _KEYS), shapes=(((4, 7),),),
        dtypes=EVERYTHING, error=0, covers=("slice", "gather")),
    Row("setitem", _setitem, _set, keywords=tuple({"key": key} for key in _KEYS), shapes=(((4, 7), ()),), dtypes=EVERYTHING,
        error=0, covers=("slice_update", "scatter_set")),
    Row("setitem of rows", _setitem, _set, shapes=(((4, 7), (3, 7)), ((4, 7), (1, 7))), error=0, covers=("scatter_set",),
        keywords=({"key": numpy.array([2, 0, 2])}, {"key": slice(3, 0, -1)})),
    Row("add_at", lambda x, value, key: indexing.add_at(x, key, value), _add_at, keywords=tuple({"key": key} for key in _KEYS), shapes=(((4, 7), ()),), error=4,
        covers=("scatter_add",), dtypes=FLOATS),
    Row("take", indexing.take, numpy.take, shapes=(((4, 7),),), fixed=(numbers_below(4, 2, 3, low=-4),), dtypes=EVERYTHING, error=0,
        keywords=({"axis": 0}, {"axis": 1}, {"axis": None})),
    Row("take, clipped", indexing.take, numpy.take, shapes=(((4, 7),),), fixed=(numbers_below(9, 2, 3, low=-9),), error=0,
        keywords=({"axis": 0, "mode": "clip"}, {"axis": 1, "mode": "wrap"})),
    Row("take many", indexing.take, numpy.take, shapes=(((50, 3),), ((3, 40),)), fixed=(numbers_below(3, 900),), error=0,
        keywords=({"axis": 0}, {"axis": 1}), dtypes=SINGLE),
    Row("take_along_axis", indexing.take_along_axis, numpy.take_along_axis, shapes=(((4, 7),),), keywords=({"axis": 0},), error=0,
        fixed=(numbers_below(4, 2, 7),)),
    Row("max_at", lambda x, **options: indexing.max_with_positions(x, **options)[0], numpy.max, shapes=(((5, 9),),), dtypes=SUMMED,
        keywords=({"axis": 0}, {"axis": 1}, {"axis": 1, "keepdims": True}), distinct=True, error=0),
    Row("positions of max", lambda x, **options: indexing.max_with_positions(x, **options)[1], numpy.argmax, shapes=(((5, 9),),),
        keywords=({"axis": 0}, {"axis": 1, "keepdims": True}), gradient=False, result="int64"),
    Row("pick", indexing.pick, take_axis, shapes=(((5, 9),),), fixed=(LABELS,), keywords=({"axis": -1},), error=0),
    Row("embedding", lambda weight, at: indexing.embedding(at, weight), lambda weight, at: weight[at], shapes=(((7, 33),), ((9, 1),)),
        fixed=(numbers_below(7, 3, 4, low=-7),), dtypes=FLOATS, error=0),
    Row("one_hot", lambda x, at: indexing.one_hot(at, 9), lambda x, at: numpy.eye(9, dtype="float32")[at], shapes=(((2,),),),
        fixed=(LABELS,), gradient=False, result="float32"),
]  # fmt: skip

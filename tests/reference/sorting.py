"""Rows of clgrad/ops/sorting.py."""

from __future__ import annotations

from typing import Any

import numpy

from clgrad.ops import sorting
from tests.reference.row import EVERYTHING, FLOATS, Row

SORTED = (((5, 37),), ((3, 4, 5),), ((0, 3),), ((2, 700),))
LARGEST = ({"k": 3}, {"k": 2, "axis": 0}, {"k": 4, "axis": None}, {"k": 1, "ascending": True}, {"k": 0})


def _topk(x: Any, k: int, axis: int | None = -1, ascending: bool = False) -> Any:
    x, axis = (x.ravel(), 0) if axis is None else (x, axis)
    order = numpy.argsort(x if ascending else -x, axis, stable=True)
    return numpy.take_along_axis(x, order, axis).take(range(k or x.shape[axis]), axis)


ROWS = [
    Row("sort", sorting.sort, numpy.sort, shapes=SORTED, dtypes=EVERYTHING, special=True, distinct=True, error=0,
        keywords=({}, {"axis": 0}, {"axis": None}), covers=("put",), every_layout=True),
    Row("argsort", sorting.argsort, lambda x, axis=-1: numpy.argsort(x, axis, stable=True), shapes=SORTED, dtypes=EVERYTHING,
        special=True, keywords=({}, {"axis": 0}, {"axis": None}), gradient=False, result="int64"),
    Row("topk", lambda x, **options: sorting.topk(x, **options)[0], _topk, shapes=SORTED[:2], dtypes=FLOATS, distinct=True,
        error=0, keywords=LARGEST, covers=("sort",)),
    Row("unique", lambda x: sorting.unique(x).values, numpy.unique, shapes=SORTED, dtypes=EVERYTHING, distinct=True, error=0,
        special=True),
]  # fmt: skip

"""Rows of clgrad/ops/reduction.py."""

from __future__ import annotations

from typing import Any

import numpy

from clgrad.ops import reduction
from tests.reference.row import EMPTY, SUMMED, Row

AXES = ({"axis": 1}, {"axis": 0}, {}, {"axis": (0, 1), "keepdims": True})
SUMS = (((5, 37),), ((3, 4, 5),), ((2, 3000),), EMPTY)


def reducing(name: str, call: Any, reference: Any, **options: Any) -> Row:
    """A reduction over axes."""
    return Row(name, call, reference, **{"shapes": SUMS, "keywords": AXES, "error": 2, "absolute": 8} | options)


ROWS = [
    reducing("sum", reduction.sum, numpy.sum, dtypes=SUMMED, result="sum", absolute=40, every_layout=True),
    reducing("mean", reduction.mean, numpy.mean, dtypes=SUMMED, result="float", absolute=16, shapes=(SUMS[0], EMPTY)),
    reducing("max", reduction.max, numpy.max, dtypes=SUMMED, distinct=True),
    reducing("min", reduction.min, numpy.min, dtypes=SUMMED, distinct=True, shapes=(SUMS[0], EMPTY)),
    reducing("prod", reduction.prod, numpy.prod, dtypes=SUMMED, domain=(0.8, 1.2), result="sum", error=40,
             shapes=(((5, 9),), ((3, 4, 5),))),
    reducing("any", reduction.any, numpy.any, dtypes=SUMMED, result="bool", gradient=False, shapes=(SUMS[0], EMPTY)),
    reducing("all", reduction.all, numpy.all, dtypes=SUMMED, result="bool", gradient=False, shapes=(SUMS[0], EMPTY)),
    reducing("var", reduction.var, numpy.var, dtypes=SUMMED[:4], result="float", error=16, absolute=16),
    reducing("var with ddof", reduction.var, numpy.var, keywords=({"axis": 1, "ddof": 1},), shapes=(((5, 37),),), error=16,
             covers=("var",)),
    reducing("std", reduction.std, numpy.std, dtypes=SUMMED[:4], result="float", shapes=(SUMS[0], EMPTY), error=16, absolute=16,
             covers=("standard_deviation",)),
    reducing("argmax", reduction.argmax, numpy.argmax, dtypes=SUMMED, keywords=({"axis": 0}, {"axis": 1}, {}, {"axis": 1, "keepdims": True}),
             shapes=SUMS[:-1], result="int64", gradient=False),
    reducing("argmin", reduction.argmin, numpy.argmin, dtypes=SUMMED, keywords=({"axis": 1},), shapes=(SUMS[0], EMPTY),
             result="int64", gradient=False),
]  # fmt: skip

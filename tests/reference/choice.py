"""Rows of clgrad/ops/choice.py."""

from __future__ import annotations

import numpy

from clgrad.ops import choice
from tests.reference.row import ANY, EVERYTHING, NUMBERS, Row, binary, numbers_below, unary

_BOOLEANS = numbers_below(2, 5, 37) > 0
ROWS = [
    binary("maximum", choice.maximum, numpy.maximum, dtypes=ANY, covers=("larger_share",)),
    binary("minimum", choice.minimum, numpy.minimum, dtypes=ANY),
    binary("fmax", choice.fmax, numpy.fmax, dtypes=ANY, covers=("present_larger_share",)),
    binary("fmin", choice.fmin, numpy.fmin, dtypes=ANY, covers=("present_smaller_share",)),
    Row("where", lambda x, y, c: choice.where(c, x, y), lambda x, y, c: numpy.where(c, x, y), fixed=(_BOOLEANS,), error=0,
        shapes=(((5, 37), (5, 37)), ((37,), (5, 1)), ((), ())), dtypes=EVERYTHING, special=True),
    unary("clip", choice.clip, numpy.clip, dtypes=NUMBERS, keywords=({"a_min": 0, "a_max": 1},), covers=("inside", "below", "above")),
    unary("clip from below", choice.clip, lambda x, a_min: numpy.maximum(x, a_min), dtypes=NUMBERS, keywords=({"a_min": 1},),
          covers=("clip_below",)),
    unary("clip from above", choice.clip, lambda x, a_max: numpy.minimum(x, a_max), dtypes=NUMBERS, keywords=({"a_max": 1},),
          covers=("clip_above",)),
    Row("clip between arrays", choice.clip, numpy.clip, shapes=(((5, 37), (37,), (5, 1)), ((0, 3), (3,), ()), ((), (), ())),
        dtypes=NUMBERS, covers=("clip",)),
    unary("nan_to_num", choice.nan_to_num, numpy.nan_to_num, keywords=({"nan": 2.0, "posinf": 3.0, "neginf": -4.0},)),
]  # fmt: skip

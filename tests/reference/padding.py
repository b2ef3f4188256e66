"""Rows of clgrad/ops/padding.py."""

from __future__ import annotations

from typing import Any

import numpy

from clgrad.ops import padding
from tests.reference.row import NUMBERS, Row


def _pad(x: Any, **options: Any) -> Any:
    return numpy.pad(x, **options)


_WIDTHS = ((1, 9), (5, 0))
ROWS = [
    Row("pad", padding.pad, _pad, shapes=(((4, 6),),), dtypes=NUMBERS, domain=(0, 20), error=8, distinct=True,
        keywords=tuple({"pad_width": _WIDTHS, "mode": mode} | options for mode, options in (
            ("constant", {}), ("constant", {"constant_values": ((1, 2), (3, 4))}), ("edge", {}), ("reflect", {}),
            ("symmetric", {}), ("wrap", {}), ("linear_ramp", {"end_values": 3}), ("maximum", {}),
            ("minimum", {"stat_length": 2}), ("mean", {}), ("median", {}),
        ))),
    Row("pad with odd reflections", padding.pad, _pad, shapes=(((4, 6),),), dtypes=NUMBERS, domain=(0, 20), error=8, absolute=60,
        keywords=tuple({"pad_width": _WIDTHS, "mode": mode, "reflect_type": "odd"} for mode in ("reflect", "symmetric"))),
]  # fmt: skip

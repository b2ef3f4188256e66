"""Rows of clgrad/ops/comparison.py."""

from __future__ import annotations

import numpy

from clgrad.ops import comparison
from tests.reference.row import ANY, FLOATS, binary, unary

COMPARED = (*FLOATS, *map(numpy.dtype, ("int32", "uint8", "uint64", "bool")))
ROWS = [
    binary(name, getattr(comparison, name), getattr(numpy, name), dtypes=COMPARED, result="bool", gradient=False)
    for name in (
        "equal", "not_equal", "less", "less_equal", "greater", "greater_equal",
        "logical_and", "logical_or", "logical_xor",
    )
] + [
    unary("logical_not", comparison.logical_not, numpy.logical_not, dtypes=ANY, result="bool", gradient=False)
] + [
    unary(name, getattr(comparison, name), getattr(numpy, name), result="bool", gradient=False)
    for name in ("isnan", "isinf", "isfinite", "isposinf", "isneginf", "signbit")
]  # fmt: skip

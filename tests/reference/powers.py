"""Rows of clgrad/ops/powers.py."""

from __future__ import annotations

import numpy

from clgrad.ops import powers
from tests.reference.row import BITS, NUMBERS, binary, unary

ROWS = [
    binary("power", powers.power, numpy.power, domain=(0.5, 2), covers=("divide_nonzero", "log_or_zero")),
    binary("power of integers", powers.power, numpy.power, dtypes=BITS[:-1], domain=(0, 5), special=False,
           gradient=False, covers=("power", "equal_zero")),
    unary("power of 2", lambda x: powers.power(x, 2), numpy.square, dtypes=NUMBERS, error=1, covers=("power",)),
    unary("power of a number", lambda x: powers.power(3.0, x), lambda x: 3.0**x, covers=("power",)),
    binary("float_power", powers.float_power, numpy.float_power, domain=(0.5, 2), dtypes=NUMBERS, result="float"),
]  # fmt: skip

"""Rows of clgrad/ops/quotient.py."""

from __future__ import annotations

import numpy

from clgrad.ops import quotient
from tests.reference.row import NUMBERS, binary

ROWS = [
    binary("quotient", lambda x, y: quotient.divmod(x, y)[0], numpy.floor_divide, dtypes=NUMBERS, domain=(1, 9.5),
           covers=("divmod",)),
    binary("remainder of divmod", lambda x, y: quotient.divmod(x, y)[1], numpy.remainder, dtypes=NUMBERS, domain=(1, 9.5),
           covers=("divmod",)),
]  # fmt: skip

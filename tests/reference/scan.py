"""Rows of clgrad/ops/scan.py."""

from __future__ import annotations

import numpy

from clgrad.ops import scan
from tests.reference.reduction import reducing
from tests.reference.row import SUMMED

ROWS = [
    reducing("cumsum", scan.cumsum, numpy.cumsum, dtypes=SUMMED, keywords=({"axis": 0}, {"axis": 1}, {}), result="sum", error=4,
             absolute=100),
    reducing("cumprod", scan.cumprod, numpy.cumprod, dtypes=SUMMED[:4], keywords=({"axis": 0}, {"axis": 1}, {}), result="sum",
             domain=(0.8, 1.2), shapes=(((5, 9),), ((3, 4, 5),), ((2, 300),)), error=100),
]  # fmt: skip

"""Rows of clgrad/ops/einsum.py."""

from __future__ import annotations

import numpy

from clgrad.ops import einsum
from tests.reference.linalg import product
from tests.reference.row import FLOATS

ROWS = [
    *(
        product(f"einsum {text}", lambda *x, text=text: einsum.einsum(text, *x),
                lambda *x, text=text: numpy.einsum(text, *x), shapes=(shapes,), dtypes=FLOATS[:2], covers=("einsum",))
        for text, shapes in (
            ("ij,jk->ik", ((3, 4), (4, 5))), ("bij,bjk->bik", ((2, 3, 4), (2, 4, 5))), ("ii->i", ((4, 4),)), ("ii", ((4, 4),)),
            ("ijk->ki", ((2, 3, 4),)), ("i,j->ij", ((3,), (4,))), ("ij,ij->", ((3, 4), (3, 4))), ("...ij,kj->...ik", ((2, 3, 4), (5, 4))),
            ("bi,ij,bj->b", ((2, 3), (3, 4), (2, 4))), ("iji->j", ((3, 2, 3),)), ("ij,jk", ((3, 4), (4, 5))),
        )
    ),
]  # fmt: skip

"""Rows of clgrad/ops/special.py."""

from __future__ import annotations

import scipy.special

from clgrad.ops import special
from tests.reference.row import unary

ROWS = [
    unary("gamma", special.gamma, scipy.special.gamma, domain=(0.5, 4), special=False, error=8),
    unary("gammaln", special.gammaln, scipy.special.gammaln, domain=(0.5, 4), special=False, absolute=4),
    unary("digamma", special.digamma, scipy.special.digamma, domain=(0.5, 4), special=False, absolute=8),
    unary("gammaln below zero", special.gammaln, scipy.special.gammaln, domain=(-1.9, -1.1), special=False, absolute=8, covers=("gammaln",)),
    *(
        unary(f"polygamma {order}", lambda x, order=order: special.polygamma(x, order),
              lambda x, order=order: scipy.special.polygamma(order, x), domain=(0.5, 4), special=False, error=8, covers=("polygamma",))
        for order in (1, 2, 3)
    ),
    unary("i0", special.i0, scipy.special.i0, special=False),
    *(
        unary(f"bessel_i {order}", lambda x, order=order: special.bessel_i(x, order),
              lambda x, order=order: scipy.special.iv(order, x), special=False, error=8, covers=("bessel_i",))
        for order in (0, 1, 2, 3)
    ),
]  # fmt: skip

"""Rows of clgrad/ops/bitwise.py."""

from __future__ import annotations

import numpy

from clgrad.ops import bitwise
from tests.reference.row import BITS, binary, unary

_count_ones = numpy.vectorize(lambda x: abs(int(x)).bit_count(), otypes=["uint8"])

ROWS = [
    binary("bitwise_and", bitwise.bitwise_and, numpy.bitwise_and, dtypes=BITS, gradient=False),
    binary("bitwise_or", bitwise.bitwise_or, numpy.bitwise_or, dtypes=BITS, gradient=False),
    binary("bitwise_xor", bitwise.bitwise_xor, numpy.bitwise_xor, dtypes=BITS, gradient=False),
    unary("invert", bitwise.invert, numpy.invert, dtypes=BITS, gradient=False),
    binary("left_shift", bitwise.left_shift, numpy.left_shift, dtypes=BITS[:-1], domain=(0, 9), gradient=False),
    binary("right_shift", bitwise.right_shift, numpy.right_shift, dtypes=BITS[:-1], domain=(0, 9), gradient=False),
    binary("gcd", bitwise.gcd, numpy.gcd, dtypes=BITS[:-1], domain=(-30, 30), gradient=False),
    unary("bitwise_count", bitwise.bitwise_count, _count_ones, dtypes=BITS, domain=(-99, 99), result="uint8", gradient=False),
    binary("lcm", bitwise.lcm, numpy.lcm, dtypes=BITS[:-1], domain=(0, 11), gradient=False),
]  # fmt: skip

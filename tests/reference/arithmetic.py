"""Rows of clgrad/ops/arithmetic.py."""

from __future__ import annotations

import numpy

from clgrad.ops import arithmetic
from tests.reference.row import ANY, EVERYTHING, NUMBERS, binary, unary

ROWS = [
    binary("add", arithmetic.add, numpy.add, dtypes=EVERYTHING, error=1, every_layout=True),
    binary("subtract", arithmetic.subtract, numpy.subtract, dtypes=NUMBERS, error=1),
    binary("multiply", arithmetic.multiply, numpy.multiply, dtypes=ANY, error=1),
    binary("divide", arithmetic.divide, numpy.divide, dtypes=ANY, domain=(0.5, 3), result="float", error=1),
    binary("floor_divide", arithmetic.floor_divide, numpy.floor_divide, dtypes=NUMBERS, domain=(1, 9.5)),
    binary("remainder", arithmetic.remainder, numpy.remainder, dtypes=NUMBERS, domain=(1, 9.5)),
    binary("fmod", arithmetic.fmod, numpy.fmod, dtypes=NUMBERS, domain=(1, 9.5)),
    unary("negative", arithmetic.negative, numpy.negative, dtypes=NUMBERS),
    unary("positive", arithmetic.positive, numpy.positive, dtypes=NUMBERS),
    unary("identity", arithmetic.identity, numpy.array, dtypes=EVERYTHING, every_layout=True),
    unary("absolute", arithmetic.absolute, numpy.absolute, dtypes=ANY),
    unary("fabs", arithmetic.fabs, numpy.fabs, dtypes=ANY, result="float", error=0),
    unary("sign", arithmetic.sign, numpy.sign, dtypes=NUMBERS),
    unary("reciprocal", arithmetic.reciprocal, numpy.reciprocal, domain=(0.5, 2), error=1),
    unary("square", arithmetic.square, numpy.square, dtypes=ANY, error=1),
    unary("sqrt", arithmetic.sqrt, numpy.sqrt, domain=(0.5, 2), error=1),
    unary("rsqrt", arithmetic.rsqrt, lambda x: 1 / numpy.sqrt(x), domain=(0.5, 2), error=2),
    unary("cbrt", arithmetic.cbrt, numpy.cbrt, domain=(0.5, 2)),
    unary("rcbrt", arithmetic.rcbrt, lambda x: 1 / numpy.cbrt(x), domain=(0.5, 2)),
    unary("floor", arithmetic.floor, numpy.floor, dtypes=NUMBERS),
    unary("ceil", arithmetic.ceil, numpy.ceil, dtypes=NUMBERS),
    unary("trunc", arithmetic.trunc, numpy.trunc, dtypes=NUMBERS),
    unary("rint", arithmetic.rint, numpy.rint, dtypes=NUMBERS),
    binary("copysign", arithmetic.copysign, numpy.copysign, covers=("sign_agreement",)),
    binary("heaviside", arithmetic.heaviside, numpy.heaviside, covers=("is_zero",)),
    *(
        unary(f"cast to {target.name}", lambda x, target=target: arithmetic.cast(x, dtype=target),
              lambda x, target=target: x.astype(target) if target.kind != "f" else x, dtypes=EVERYTHING, domain=(0, 99),
              special=target.kind not in "iu", result=target.name, error=0.5, covers=("cast",), gradient=target == numpy.dtype("float64"))
        for target in EVERYTHING
    ),
]  # fmt: skip

"""Rows of clgrad/ops/floats.py."""

from __future__ import annotations

from typing import Any

import numpy

from clgrad.ops import floats
from tests.reference.row import FLOATS, Row, binary, unary

_EXPONENTS = numpy.random.default_rng(3).integers(-170, 170, 37)


def _of(dtype: Any, function: Any) -> Any:
    """NumPy's function in this dtype."""
    return lambda *inputs: function(*(one.astype(dtype) for one in inputs))


def _spacing(x: Any) -> Any:
    """NumPy's, whose float16 version has the sign of x only at zero."""
    return numpy.where(x < 0, -1, 1) * numpy.spacing(abs(x))


ROWS = [
    *(
        row for dtype in FLOATS for row in (
            binary(f"nextafter in {dtype}", floats.nextafter, _of(dtype, numpy.nextafter), dtypes=(dtype,), error=0, gradient=dtype == numpy.dtype("float64"),
                   covers=("nextafter", "nextafter_half")),
            unary(f"spacing in {dtype}", floats.spacing, _of(dtype, _spacing), dtypes=(dtype,), error=0, gradient=dtype == numpy.dtype("float64"),
                  covers=("spacing", "spacing_half")),
        )
    ),
    binary("ldexp", floats.ldexp, lambda x, y: x * 2.0**y, special=False),
    Row("ldexp by whole numbers", floats.ldexp, numpy.ldexp, shapes=(((5, 37),), ((37,),)), fixed=(_EXPONENTS,), error=0, special=True, covers=("ldexp",)),
    unary("mantissa", lambda x: floats.frexp(x)[0], lambda x: numpy.frexp(x)[0], error=0, covers=("frexp",)),
    unary("exponent", lambda x: floats.frexp(x)[1], lambda x: numpy.frexp(x)[1], result="int32", gradient=False),
    unary("modf_fraction", lambda x: floats.modf(x)[0], lambda x: numpy.modf(x)[0], error=0, covers=("modf",)),
    unary("whole part", lambda x: floats.modf(x)[1], lambda x: numpy.modf(x)[1], error=0),
]  # fmt: skip

"""Rows of clgrad/ops/transcendental.py."""

from __future__ import annotations

import math

import numpy

from clgrad.ops import transcendental
from tests.reference.row import binary, unary

ERF = numpy.vectorize(math.erf, otypes=["float64"])
ERFC = numpy.vectorize(math.erfc, otypes=["float64"])

ROWS = [
    unary("exp", transcendental.exp, numpy.exp),
    unary("exp2", transcendental.exp2, numpy.exp2),
    unary("expm1", transcendental.expm1, numpy.expm1),
    unary("log", transcendental.log, numpy.log, domain=(0.5, 3)),
    unary("log2", transcendental.log2, numpy.log2, domain=(0.5, 3)),
    unary("log10", transcendental.log10, numpy.log10, domain=(0.5, 3)),
    unary("log1p", transcendental.log1p, numpy.log1p, domain=(-0.5, 3)),
    unary("sin", transcendental.sin, numpy.sin, domain=(-9, 9)),
    unary("cos", transcendental.cos, numpy.cos, domain=(-9, 9)),
    unary("tan", transcendental.tan, numpy.tan, domain=(-1.2, 1.2)),
    unary("arcsin", transcendental.arcsin, numpy.arcsin, domain=(-0.9, 0.9)),
    unary("arccos", transcendental.arccos, numpy.arccos, domain=(-0.9, 0.9)),
    unary("arctan", transcendental.arctan, numpy.arctan),
    unary("sinh", transcendental.sinh, numpy.sinh),
    unary("cosh", transcendental.cosh, numpy.cosh),
    unary("tanh", transcendental.tanh, numpy.tanh),
    unary("arcsinh", transcendental.arcsinh, numpy.arcsinh),
    unary("arccosh", transcendental.arccosh, numpy.arccosh, domain=(1.2, 4)),
    unary("arctanh", transcendental.arctanh, numpy.arctanh, domain=(-0.9, 0.9)),
    binary("arctan2", transcendental.arctan2, numpy.arctan2, domain=(0.5, 2)),
    binary("hypot", transcendental.hypot, numpy.hypot, covers=("divide_nonzero",)),
    binary("logaddexp", transcendental.logaddexp, numpy.logaddexp, absolute=2),
    binary("logaddexp2", transcendental.logaddexp2, numpy.logaddexp2, absolute=2),
    unary("sigmoid", transcendental.sigmoid, lambda x: 1 / (1 + numpy.exp(-x))),
    unary("erf", transcendental.erf, ERF),
    unary("erfc", transcendental.erfc, ERFC),
    unary("erfinv", lambda x: transcendental.erf(transcendental.erfinv(x)), lambda x: x, domain=(-0.9, 0.9), special=False,
          absolute=4),
    unary("degrees", transcendental.degrees, numpy.degrees),
    unary("radians", transcendental.radians, numpy.radians),
    unary("sinc", transcendental.sinc, numpy.sinc, special=False, absolute=8),
]  # fmt: skip

"""Every op beside NumPy, one row each. A test fails if an op has no row; see reference_cases.py for the fields."""

from __future__ import annotations

import math
from typing import Any

import numpy
import scipy.special

from clgrad.ops import (
    arithmetic,
    bitwise,
    choice,
    comparison,
    einsum,
    floats,
    indexing,
    joining,
    linalg,
    movement,
    neural,
    padding,
    powers,
    quotient,
    reduction,
    scan,
    sorting,
    special,
    transcendental,
)
from tests.reference_cases import ANY, BITS, EVERYTHING, FLOATS, NUMBERS, SINGLE, Row

ONE = (((5, 37),), ((),), ((0, 5),), ((1,),), ((257,),))
TWO = (((5, 37), (5, 37)), ((5, 1), (37,)), ((), (5,)), ((0, 5), (1, 5)), ((4, 1, 3), (5, 1)))


def unary(name: str, call: Any, reference: Any, **options: Any) -> Row:
    """An op of one array, element by element."""
    return Row(name, call, reference, **{"shapes": ONE, "special": True, "elementwise": True} | options)


def binary(name: str, call: Any, reference: Any, **options: Any) -> Row:
    """An op of two arrays, element by element."""
    return Row(name, call, reference, **{"shapes": TWO, "special": True, "elementwise": True} | options)


ARITHMETIC = [
    binary("add", arithmetic.add, numpy.add, dtypes=EVERYTHING, error=1, every_layout=True),
    binary("subtract", arithmetic.subtract, numpy.subtract, dtypes=NUMBERS, error=1),
    binary("multiply", arithmetic.multiply, numpy.multiply, dtypes=ANY, error=1),
    binary("divide", arithmetic.divide, numpy.divide, dtypes=ANY, domain=(0.5, 3), result="float", error=1),
    binary("floor_divide", arithmetic.floor_divide, numpy.floor_divide, dtypes=NUMBERS, domain=(1, 9.5)),
    binary("remainder", arithmetic.remainder, numpy.remainder, dtypes=NUMBERS, domain=(1, 9.5)),
    binary("quotient", lambda x, y: quotient.divmod(x, y)[0], numpy.floor_divide, dtypes=NUMBERS, domain=(1, 9.5),
           covers=("divmod",)),
    binary("remainder of divmod", lambda x, y: quotient.divmod(x, y)[1], numpy.remainder, dtypes=NUMBERS, domain=(1, 9.5),
           covers=("divmod",)),
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
    binary("power", powers.power, numpy.power, domain=(0.5, 2), covers=("divide_nonzero", "log_or_zero")),
    binary("power of integers", powers.power, numpy.power, dtypes=BITS[:-1], domain=(0, 5), special=False,
           gradient=False, covers=("power", "equal_zero")),
    unary("power of 2", lambda x: powers.power(x, 2), numpy.square, dtypes=NUMBERS, error=1, covers=("power",)),
    unary("power of a number", lambda x: powers.power(3.0, x), lambda x: 3.0**x, covers=("power",)),
    binary("float_power", powers.float_power, numpy.float_power, domain=(0.5, 2), dtypes=NUMBERS, result="float"),
    binary("maximum", choice.maximum, numpy.maximum, dtypes=ANY, covers=("larger_share",)),
    binary("minimum", choice.minimum, numpy.minimum, dtypes=ANY),
    binary("fmax", choice.fmax, numpy.fmax, dtypes=ANY, covers=("present_larger_share",)),
    binary("fmin", choice.fmin, numpy.fmin, dtypes=ANY, covers=("present_smaller_share",)),
]  # fmt: skip

_EXPONENTS = numpy.random.default_rng(3).integers(-170, 170, 37)


def _of(dtype: Any, function: Any) -> Any:
    """NumPy's function in this dtype."""
    return lambda *inputs: function(*(one.astype(dtype) for one in inputs))


def _spacing(x: Any) -> Any:
    """NumPy's, whose float16 version has the sign of x only at zero."""
    return numpy.where(x < 0, -1, 1) * numpy.spacing(abs(x))


PARTS = [
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

COMPARED = (*FLOATS, *map(numpy.dtype, ("int32", "uint8", "uint64", "bool")))
COMPARISON = [
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

_count_ones = numpy.vectorize(lambda x: abs(int(x)).bit_count(), otypes=["uint8"])

BITWISE = [
    binary("bitwise_and", bitwise.bitwise_and, numpy.bitwise_and, dtypes=BITS, gradient=False),
    binary("bitwise_or", bitwise.bitwise_or, numpy.bitwise_or, dtypes=BITS, gradient=False),
    binary("bitwise_xor", bitwise.bitwise_xor, numpy.bitwise_xor, dtypes=BITS, gradient=False),
    unary("invert", bitwise.invert, numpy.invert, dtypes=BITS, gradient=False),
    binary("left_shift", bitwise.left_shift, numpy.left_shift, dtypes=BITS[:-1], domain=(0, 9), gradient=False),
    binary("right_shift", bitwise.right_shift, numpy.right_shift, dtypes=BITS[:-1], domain=(0, 9), gradient=False),
    binary("gcd", bitwise.gcd, numpy.gcd, dtypes=BITS[:-1], domain=(-30, 30), gradient=False),
    unary("bitwise_count", bitwise.bitwise_count, _count_ones, dtypes=BITS, domain=(-99, 99), result="uint8", gradient=False),
    binary("lcm", bitwise.lcm, numpy.lcm, dtypes=BITS[:-1], domain=(0, 11), gradient=False),
]

_ERF = numpy.vectorize(math.erf, otypes=["float64"])
_ERFC = numpy.vectorize(math.erfc, otypes=["float64"])

TRANSCENDENTAL = [
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
    unary("erf", transcendental.erf, _ERF),
    unary("erfc", transcendental.erfc, _ERFC),
    unary("erfinv", lambda x: transcendental.erf(transcendental.erfinv(x)), lambda x: x, domain=(-0.9, 0.9), special=False,
          absolute=4),
    unary("degrees", transcendental.degrees, numpy.degrees),
    unary("radians", transcendental.radians, numpy.radians),
    unary("sinc", transcendental.sinc, numpy.sinc, special=False, absolute=8),
]

SPECIAL_FUNCTIONS = [
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


def _sum_to(x: Any, shape: tuple[int, ...]) -> Any:
    extra = x.ndim - len(shape)
    stretched = [extra + axis for axis, n in enumerate(shape) if n == 1]
    return x.sum((*range(extra), *stretched)).reshape(shape)


def _pad(x: Any, **options: Any) -> Any:
    return numpy.pad(x, **options)


# One dtype of each size in memory.
MOVED = (*SINGLE, *map(numpy.dtype, ("float64", "float16", "uint8", "bool")))


def movement_row(name: str, call: Any, reference: Any, keywords: tuple[dict[str, Any], ...], **options: Any) -> Row:
    """An op that moves elements: exact, for every dtype."""
    defaults = {"shapes": (((4, 6),), ((2, 0),)), "dtypes": MOVED, "error": 0.0}
    return Row(name, call, reference, keywords=keywords, **defaults | options)


MOVEMENT = [
    movement_row(
        "reshape", movement.reshape, numpy.reshape, ({"shape": (3, 8)}, {"shape": (2, -1, 4)}, {"shape": -1}),
        shapes=(((4, 6),), ((24,),)),
    ),
    movement_row("transpose", movement.transpose, numpy.transpose, ({}, {"axes": (0, 1)}, {"axes": (1, 0)})),
    movement_row(
        "transpose of three axes", movement.transpose, numpy.transpose,
        tuple({"axes": axes} for axes in ((1, 2, 0), (2, 0, 1), (0, 2, 1), (-1, 0, 1))),
        shapes=(((3, 4, 5),), ((3, 0, 5),)), covers=("transpose",),
    ),
    movement_row(
        "broadcast_to", movement.broadcast_to, numpy.broadcast_to, ({"shape": (5, 4, 6)}, {"shape": (1, 4, 6)}),
        shapes=(((4, 6),), ((4, 1),), ((),), ((6,),)),
    ),
    movement_row(
        "sum_to", lambda x, shape: movement.sum_to(x, shape=shape), _sum_to, ({"shape": (1, 6)}, {"shape": (6,)}),
        shapes=(((4, 6),), ((5, 4, 6),), ((0, 6),)), error=8, dtypes=FLOATS, absolute=8,
    ),
    movement_row("expand_dims", movement.expand_dims, numpy.expand_dims, ({"axis": 0}, {"axis": -1}, {"axis": (0, 3)})),
    movement_row("squeeze", movement.squeeze, numpy.squeeze, ({}, {"axis": 1}, {"axis": (-1, 1)}), shapes=(((4, 1, 6, 1),), ((0, 1, 6, 1),))),
    movement_row("swapaxes", movement.swapaxes, numpy.swapaxes, ({"axis1": 0, "axis2": -1},), shapes=(((3, 4, 5),), ((3, 0, 5),))),
    movement_row(
        "moveaxis", movement.moveaxis, numpy.moveaxis,
        ({"source": 0, "destination": -1}, {"source": (0, 1), "destination": (2, 0)}), shapes=(((3, 4, 5),), ((3, 0, 5),)),
    ),
    movement_row("rollaxis", movement.rollaxis, numpy.rollaxis, ({"axis": 2}, {"axis": 0, "start": 3}), shapes=(((3, 4, 5),), ((3, 0, 5),))),
    movement_row("flip", movement.flip, numpy.flip, ({}, {"axis": 0}, {"axis": (0, -1)})),
    movement_row("rot90", movement.rot90, numpy.rot90, (*tuple({"k": k} for k in range(-1, 4)), {"axes": (1, 0)})),
    movement_row(
        "diagonal", movement.diagonal, numpy.diagonal, ({}, {"offset": 2}, {"offset": -1}, {"axis1": 1, "axis2": 0}),
        covers=("set_diagonal",),
    ),
    movement_row(
        "diagonal of three axes", movement.diagonal, numpy.diagonal, ({"axis1": 2, "axis2": 0, "offset": 1},),
        shapes=(((3, 4, 5),), ((3, 0, 5),)), covers=("diagonal",),
    ),
    movement_row(
        "concatenate", lambda *x, axis: joining.concatenate(x, axis),
        lambda *x, axis: numpy.concatenate(x, axis), ({"axis": 0}, {"axis": -1}, {"axis": None}),
        shapes=(((4, 6), (4, 6), (4, 6)), ((0, 6), (0, 6), (0, 6))),
    ),
    movement_row(
        "concatenate of different lengths", lambda *x, axis: joining.concatenate(x, axis),
        lambda *x, axis: numpy.concatenate(x, axis), ({"axis": 1},), shapes=(((2, 3), (2, 0), (2, 40)),),
        covers=("concatenate",),
    ),
    movement_row(
        "stack", lambda *x, axis: joining.stack(x, axis), lambda *x, axis: numpy.stack(x, axis),
        ({"axis": 0}, {"axis": -1}), shapes=(((4, 6), (4, 6)), ((), ()), ((0, 6), (0, 6))),
    ),
    movement_row(
        "split", lambda x, at, **k: joining.split(x, **k)[at], lambda x, at, sections, axis=0, equal=True: numpy.array_split(x, sections, axis)[at],
        ({"sections": 2, "at": 1}, {"sections": (1, 4), "axis": 1, "at": 1}, {"sections": 4, "axis": 1, "equal": False, "at": 3}),
    ),
    movement_row("roll", joining.roll, numpy.roll, ({"shift": 3}, {"shift": -2, "axis": 1}, {"shift": (1, 2), "axis": (0, 1)})),
    movement_row("tile", joining.tile, lambda x, reps: numpy.tile(x, reps), ({"reps": 3}, {"reps": (2, 1, 2)}, {"reps": (0, 1)})),
    movement_row(
        "repeat", joining.repeat, numpy.repeat, ({"repeats": 2}, {"repeats": 3, "axis": 0}, {"repeats": [0, 2, 1, 5], "axis": 0}),
        shapes=(((4, 6),), ((0, 6),)),
    ),
]  # fmt: skip

_WIDTHS = ((1, 9), (5, 0))
PADDING = [
    Row("pad", padding.pad, _pad, shapes=(((4, 6),),), dtypes=NUMBERS, domain=(0, 20), error=8, distinct=True,
        keywords=tuple({"pad_width": _WIDTHS, "mode": mode} | options for mode, options in (
            ("constant", {}), ("constant", {"constant_values": ((1, 2), (3, 4))}), ("edge", {}), ("reflect", {}),
            ("symmetric", {}), ("wrap", {}), ("linear_ramp", {"end_values": 3}), ("maximum", {}),
            ("minimum", {"stat_length": 2}), ("mean", {}), ("median", {}),
        ))),
    Row("pad with odd reflections", padding.pad, _pad, shapes=(((4, 6),),), dtypes=NUMBERS, domain=(0, 20), error=8, absolute=60,
        keywords=tuple({"pad_width": _WIDTHS, "mode": mode, "reflect_type": "odd"} for mode in ("reflect", "symmetric"))),
]  # fmt: skip

AXES = ({"axis": 1}, {"axis": 0}, {}, {"axis": (0, 1), "keepdims": True})
EMPTY = ((0, 5),)
SUMS = (((5, 37),), ((3, 4, 5),), ((2, 3000),), EMPTY)
SUMMED = (*FLOATS, *map(numpy.dtype, ("int32", "uint8", "bool")))


def reducing(name: str, call: Any, reference: Any, **options: Any) -> Row:
    """A reduction over axes."""
    return Row(name, call, reference, **{"shapes": SUMS, "keywords": AXES, "error": 2, "absolute": 8} | options)


REDUCTION = [
    reducing("sum", reduction.sum, numpy.sum, dtypes=SUMMED, result="sum", absolute=40, every_layout=True),
    reducing("mean", reduction.mean, numpy.mean, dtypes=SUMMED, result="float", absolute=16, shapes=(SUMS[0], EMPTY)),
    reducing("max", reduction.max, numpy.max, dtypes=SUMMED, distinct=True),
    reducing("min", reduction.min, numpy.min, dtypes=SUMMED, distinct=True, shapes=(SUMS[0], EMPTY)),
    reducing("prod", reduction.prod, numpy.prod, dtypes=SUMMED, domain=(0.8, 1.2), result="sum", error=40,
             shapes=(((5, 9),), ((3, 4, 5),))),
    reducing("any", reduction.any, numpy.any, dtypes=SUMMED, result="bool", gradient=False, shapes=(SUMS[0], EMPTY)),
    reducing("all", reduction.all, numpy.all, dtypes=SUMMED, result="bool", gradient=False, shapes=(SUMS[0], EMPTY)),
    reducing("var", reduction.var, numpy.var, dtypes=SUMMED[:4], result="float", error=16, absolute=16),
    reducing("var with ddof", reduction.var, numpy.var, keywords=({"axis": 1, "ddof": 1},), shapes=(((5, 37),),), error=16,
             covers=("var",)),
    reducing("std", reduction.std, numpy.std, dtypes=SUMMED[:4], result="float", shapes=(SUMS[0], EMPTY), error=16, absolute=16,
             covers=("standard_deviation",)),
    reducing("argmax", reduction.argmax, numpy.argmax, dtypes=SUMMED, keywords=({"axis": 0}, {"axis": 1}, {}, {"axis": 1, "keepdims": True}),
             shapes=SUMS[:-1], result="int64", gradient=False),
    reducing("argmin", reduction.argmin, numpy.argmin, dtypes=SUMMED, keywords=({"axis": 1},), shapes=(SUMS[0], EMPTY),
             result="int64", gradient=False),
    reducing("cumsum", scan.cumsum, numpy.cumsum, dtypes=SUMMED, keywords=({"axis": 0}, {"axis": 1}, {}), result="sum", error=4,
             absolute=100),
    reducing("cumprod", scan.cumprod, numpy.cumprod, dtypes=SUMMED[:4], keywords=({"axis": 0}, {"axis": 1}, {}), result="sum",
             domain=(0.8, 1.2), shapes=(((5, 9),), ((3, 4, 5),), ((2, 300),)), error=100),
]  # fmt: skip


def _batch_dot(a: Any, b: Any, transpose_a: bool = False, transpose_b: bool = False) -> Any:
    return (a.swapaxes(1, 2) if transpose_a else a) @ (b.swapaxes(1, 2) if transpose_b else b)


def product(name: str, call: Any, reference: Any, **options: Any) -> Row:
    """Sums of products; the second shapes have vectors, batches and no elements at all."""
    return Row(name, call, reference, **{"error": 8, "absolute": 60} | options)


def _limits(dtype: Any) -> tuple[float, float]:
    """The range of an integer dtype, as far as floats that end in whole numbers reach; of booleans anything."""
    if dtype.kind == "b":
        return 0, 1
    bounds = numpy.iinfo(dtype)
    return bounds.min, min(bounds.max - 1, 2**62)


LINALG = [
    product("matmul", linalg.matmul, numpy.matmul, shapes=(
        ((9, 37), (37, 18)), ((7,), (7, 5)), ((5, 7), (7,)), ((3, 4, 6), (6, 5)), ((3, 4, 6), (3, 6, 5)), ((40,), (40,)),
        ((2, 1, 4, 6), (3, 6, 5)), ((1, 6), (6, 1)), ((3, 0), (0, 4)), ((0, 3), (3, 4)),
    )),
    # From end to end of each dtype: products and sums wrap. Long enough that k is cut into parts.
    *(
        product(f"matmul of {dtype}", linalg.matmul, numpy.matmul, shapes=(
            ((9, 3), (3, 35)), ((1, 3), (3, 35)), ((9, 3), (3, 1)), ((3, 4, 2), (3, 2, 5)), ((4, 1100), (1100, 3)),
        ), dtypes=(dtype,), domain=_limits(dtype), gradient=False, covers=("matmul",))
        for dtype in map(numpy.dtype, ("int8", "uint16", "int32", "uint64", "bool"))
    ),
    product("dot", linalg.dot, numpy.dot, shapes=(
        ((5, 37), (37, 4)), ((30,), (30,)), ((), (3, 4)), ((2, 3, 4), (5, 4, 6)), ((2, 3, 4), (4,)), ((0, 3), (3, 4)),
    )),
    product("inner", linalg.inner, numpy.inner, shapes=(((5, 8), (4, 8)), ((8,), (8,)), ((2, 0), (3, 0)))),
    product("outer", linalg.outer, numpy.outer, shapes=(((5,), (4,)), ((2, 3), (4,)), ((0,), (4,)))),
    product("vdot", linalg.vdot, numpy.vdot, shapes=(((5, 8), (5, 8)), ((0, 8), (0, 8)))),
    product("tensordot", linalg.tensordot, numpy.tensordot, keywords=({"axes": 1}, {"axes": ((1,), (0,))}, {"axes": ([0, 1], [1, 0])}),
            shapes=(((5, 5), (5, 5)),)),
    product("tensordot of three axes", linalg.tensordot, numpy.tensordot, keywords=({"axes": ((2, 0), (0, 1))},),
            shapes=(((2, 3, 4), (4, 2, 5)),)),
    product("vecdot", linalg.vecdot, lambda a, b, axis=-1: (a * b).sum(axis), shapes=(((4, 6), (4, 6)),), keywords=({}, {"axis": 0})),
    product("vecdot of booleans", linalg.vecdot, lambda a, b: (a & b).any(-1), shapes=(((4, 6), (6,)), ((5, 1, 6), (4, 6))), dtypes=BITS[-1:], gradient=False),
    product("matvec", linalg.matvec, lambda a, b: numpy.einsum("...ij,...j->...i", a, b), shapes=(((3, 4, 6), (6,)), ((4, 6), (3, 6)))),
    product("vecmat", linalg.vecmat, lambda a, b: numpy.einsum("...i,...ij->...j", a, b), shapes=(((4,), (3, 4, 6)), ((3, 4), (4, 6)))),
    product("batch_dot", linalg.batch_dot, _batch_dot, keywords=({"transpose_a": True}, {"transpose_b": True}),
            shapes=(((3, 5, 5), (3, 5, 5)), ((0, 5, 5), (0, 5, 5)))),
    product("fully_connected", linalg.fully_connected, lambda x, w, b: x.reshape(len(x), w.shape[1]) @ w.T + b,
            shapes=(((4, 9), (5, 9), (5,)), ((4, 3, 3), (5, 9), (5,)), ((0, 9), (5, 9), (5,)))),
    product("trace", linalg.trace, numpy.trace, keywords=({}, {"offset": 1}), shapes=(((4, 6),), ((3, 4, 5),), ((0, 6),))),
    *(
        product(f"norm of order {order}", linalg.norm, numpy.linalg.norm, keywords=({"ord": order, "axis": axis},),
                shapes=(((4, 6),),), distinct=True, domain=(-2, 2.7), covers=("norm",), gradient=order != 0)
        for axis, orders in ((1, (None, 0, 1, 2, 3, math.inf, -math.inf)), ((0, 1), ("fro", 1, -1, math.inf, -math.inf)))
        for order in orders
    ),
    product("norm", linalg.norm, numpy.linalg.norm, keywords=({}, {"axis": 0, "keepdims": True}), shapes=(((4, 6),), ((2, 3, 4),), ((0, 6),))),
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


def _numbers_below(limit: int, *shape: int, low: int = 0) -> Any:
    return numpy.random.default_rng(3).integers(low, limit, shape)


_KEYS: tuple[Any, ...] = (
    1, -2, (slice(None, None, -2), 3), (Ellipsis, 0), (None, slice(1, 3), None, -1), (slice(4, 0, -1), slice(1, 7, 3)), (),
    numpy.array([[0, -1], [2, 2]]), (slice(None), numpy.array([3, 0, 3])), (numpy.array([0, 1, 0]), numpy.array([2, 5, 2])),
    (numpy.array([[0], [2]]), None, numpy.array([1, 6])), (numpy.array([1, 3]), 2), _numbers_below(2, 4, 7) > 0,
    (slice(None), _numbers_below(2, 7) > 0), ([0, 2], slice(None, None, 3)), (slice(0, 0),), True,
)  # fmt: skip


def _setitem(x: Any, value: Any, key: Any) -> Any:
    return indexing.setitem(x, key, value)


def _set(x: Any, value: Any, key: Any) -> Any:
    x = x.copy()
    x[key] = value
    return x


def _add_at(x: Any, value: Any, key: Any) -> Any:
    x = x.copy()
    numpy.add.at(x, key, value)
    return x


_LABELS = _numbers_below(9, 5)


def _take_axis(x: Any, at: Any, axis: int) -> Any:
    return numpy.take_along_axis(x, numpy.expand_dims(at, axis), axis).squeeze(axis)


INDEXING = [
    Row("getitem", indexing.getitem, lambda x, key: x[key], keywords=tuple({"key": key} for key in _KEYS), shapes=(((4, 7),),),
        dtypes=EVERYTHING, error=0, covers=("slice", "gather")),
    Row("setitem", _setitem, _set, keywords=tuple({"key": key} for key in _KEYS), shapes=(((4, 7), ()),), dtypes=EVERYTHING,
        error=0, covers=("slice_update", "scatter_set")),
    Row("setitem of rows", _setitem, _set, shapes=(((4, 7), (3, 7)), ((4, 7), (1, 7))), error=0, covers=("scatter_set",),
        keywords=({"key": numpy.array([2, 0, 2])}, {"key": slice(3, 0, -1)})),
    Row("add_at", lambda x, value, key: indexing.add_at(x, key, value), _add_at, keywords=tuple({"key": key} for key in _KEYS), shapes=(((4, 7), ()),), error=4,
        covers=("scatter_add",), dtypes=FLOATS),
    Row("take", indexing.take, numpy.take, shapes=(((4, 7),),), fixed=(_numbers_below(4, 2, 3, low=-4),), dtypes=EVERYTHING, error=0,
        keywords=({"axis": 0}, {"axis": 1}, {"axis": None})),
    Row("take, clipped", indexing.take, numpy.take, shapes=(((4, 7),),), fixed=(_numbers_below(9, 2, 3, low=-9),), error=0,
        keywords=({"axis": 0, "mode": "clip"}, {"axis": 1, "mode": "wrap"})),
    Row("take many", indexing.take, numpy.take, shapes=(((50, 3),), ((3, 40),)), fixed=(_numbers_below(3, 900),), error=0,
        keywords=({"axis": 0}, {"axis": 1}), dtypes=SINGLE),
    Row("take_along_axis", indexing.take_along_axis, numpy.take_along_axis, shapes=(((4, 7),),), keywords=({"axis": 0},), error=0,
        fixed=(_numbers_below(4, 2, 7),)),
    Row("max_at", lambda x, **options: indexing.max_with_positions(x, **options)[0], numpy.max, shapes=(((5, 9),),), dtypes=SUMMED,
        keywords=({"axis": 0}, {"axis": 1}, {"axis": 1, "keepdims": True}), distinct=True, error=0),
    Row("positions of max", lambda x, **options: indexing.max_with_positions(x, **options)[1], numpy.argmax, shapes=(((5, 9),),),
        keywords=({"axis": 0}, {"axis": 1, "keepdims": True}), gradient=False, result="int64"),
    Row("pick", indexing.pick, _take_axis, shapes=(((5, 9),),), fixed=(_LABELS,), keywords=({"axis": -1},), error=0),
    Row("embedding", lambda weight, at: indexing.embedding(at, weight), lambda weight, at: weight[at], shapes=(((7, 33),), ((9, 1),)),
        fixed=(_numbers_below(7, 3, 4, low=-7),), dtypes=FLOATS, error=0),
    Row("one_hot", lambda x, at: indexing.one_hot(at, 9), lambda x, at: numpy.eye(9, dtype="float32")[at], shapes=(((2,),),),
        fixed=(_LABELS,), gradient=False, result="float32"),
]  # fmt: skip

SORTED = (((5, 37),), ((3, 4, 5),), ((0, 3),), ((2, 700),))
LARGEST = ({"k": 3}, {"k": 2, "axis": 0}, {"k": 4, "axis": None}, {"k": 1, "ascending": True}, {"k": 0})


def _topk(x: Any, k: int, axis: int | None = -1, ascending: bool = False) -> Any:
    x, axis = (x.ravel(), 0) if axis is None else (x, axis)
    order = numpy.argsort(x if ascending else -x, axis, stable=True)
    return numpy.take_along_axis(x, order, axis).take(range(k or x.shape[axis]), axis)


SORTING = [
    Row("sort", sorting.sort, numpy.sort, shapes=SORTED, dtypes=EVERYTHING, special=True, distinct=True, error=0,
        keywords=({}, {"axis": 0}, {"axis": None}), covers=("put",), every_layout=True),
    Row("argsort", sorting.argsort, lambda x, axis=-1: numpy.argsort(x, axis, stable=True), shapes=SORTED, dtypes=EVERYTHING,
        special=True, keywords=({}, {"axis": 0}, {"axis": None}), gradient=False, result="int64"),
    Row("topk", lambda x, **options: sorting.topk(x, **options)[0], _topk, shapes=SORTED[:2], dtypes=FLOATS, distinct=True,
        error=0, keywords=LARGEST, covers=("sort",)),
    Row("unique", lambda x: sorting.unique(x).values, numpy.unique, shapes=SORTED, dtypes=EVERYTHING, distinct=True, error=0,
        special=True),
]  # fmt: skip


def _softmax(x: Any, axis: int = -1) -> Any:
    powers_of_e = numpy.exp(x - x.max(axis, keepdims=True))
    return powers_of_e / powers_of_e.sum(axis, keepdims=True)


def _logsumexp(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    return numpy.log(numpy.exp(x).sum(axis, keepdims=keepdims))


def _cross_entropy(x: Any, labels: Any) -> Any:
    return -numpy.log(_take_axis(_softmax(x), labels, -1))


def _layer_norm(x: Any, gamma: Any, beta: Any, axis: int = -1) -> Any:
    shape = [1] * x.ndim
    shape[axis] = -1
    centred = x - x.mean(axis, keepdims=True)
    normal = centred / numpy.sqrt((centred**2).mean(axis, keepdims=True) + 1e-5)
    return normal * gamma.reshape(shape) + beta.reshape(shape)


ROWS_SHAPES = (((5, 37),), ((3, 4, 5),), ((2, 1),), ((2, 1000),), EMPTY)
NEURAL = [
    unary("relu", neural.relu, lambda x: numpy.maximum(x, 0), covers=("is_positive",), dtypes=NUMBERS),
    unary("softplus", neural.softplus, lambda x: numpy.logaddexp(x, 0)),
    unary("log_sigmoid", neural.log_sigmoid, lambda x: -numpy.logaddexp(-x, 0)),
    unary("softsign", neural.softsign, lambda x: x / (1 + abs(x)), error=2),
    unary("silu", neural.silu, lambda x: x / (1 + numpy.exp(-x))),
    unary("mish", neural.mish, lambda x: x * numpy.tanh(numpy.logaddexp(x, 0)), error=8),
    unary("leaky_relu", neural.leaky_relu, lambda x: numpy.where(x > 0, x, 0.25 * x)),
    unary("elu", neural.elu, lambda x: numpy.where(x > 0, x, numpy.expm1(x))),
    unary("selu", neural.selu, lambda x: 1.0507009873554805 * numpy.where(x > 0, x, 1.6732632423543772 * numpy.expm1(x))),
    unary("gelu", neural.gelu, lambda x: 0.5 * x * (1 + _ERF(x * math.sqrt(0.5))), absolute=4),
    unary("gelu with tanh", lambda x: neural.gelu(x, "tanh"), absolute=4, covers=("gelu",),
          reference=lambda x: 0.5 * x * (1 + numpy.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))),
    Row("softmax", neural.softmax, _softmax, shapes=ROWS_SHAPES, keywords=({"axis": -1}, {"axis": 0}), error=16),
    Row("softmax with temperature", neural.softmax, lambda x, temperature: _softmax(x / temperature), shapes=ROWS_SHAPES[:1],
        keywords=({"temperature": 2.5},), error=16, covers=("softmax",)),
    Row("log_softmax", neural.log_softmax, lambda x, axis: numpy.log(_softmax(x, axis)), shapes=ROWS_SHAPES,
        keywords=({"axis": -1}, {"axis": 0}), error=8, absolute=4),
    Row("masked_softmax", neural.masked_softmax, lambda x, mask: _softmax(numpy.where(mask, x, -1e30)), shapes=(((5, 9),),),
        fixed=(_numbers_below(3, 5, 9) > 0,), error=16, covers=("softmax",)),
    Row("softmax with lengths", lambda x, length: neural.softmax(x, length=length), shapes=(((5, 9),),), error=16, covers=("softmax",),
        reference=lambda x, length: _softmax(numpy.where(numpy.arange(9) < length[:, None], x, -1e30)),
        fixed=(_numbers_below(9, 5, low=1),)),
    Row("logsumexp", neural.logsumexp, _logsumexp, shapes=ROWS_SHAPES, covers=("zero_if_infinite",), error=8, absolute=4,
        keywords=({"axis": -1}, {"axis": 0, "keepdims": True}, {"axis": (0, 1)})),
    Row("softmax_cross_entropy", neural.softmax_cross_entropy, _cross_entropy, shapes=(((5, 9),),), fixed=(_LABELS,), error=8, absolute=8),
    Row("softmax_cross_entropy with probabilities", lambda x, p: neural.softmax_cross_entropy(x, p, sparse=False),
        lambda x, p: -(numpy.log(_softmax(x)) * p).sum(-1), shapes=(((5, 9), (5, 9)),), error=16, absolute=16,
        covers=("softmax_cross_entropy",)),
    Row("layer_norm", neural.layer_norm, _layer_norm, shapes=(((5, 37), (37,), (37,)), ((3, 4, 5), (5,), (5,)), ((0, 5), (5,), (5,))), error=16,
        absolute=32, covers=("standardize",)),
]  # fmt: skip

_BOOLEANS = _numbers_below(2, 5, 37) > 0
CHOICE = [
    Row("where", lambda x, y, c: choice.where(c, x, y), lambda x, y, c: numpy.where(c, x, y), fixed=(_BOOLEANS,), error=0,
        shapes=(((5, 37), (5, 37)), ((37,), (5, 1)), ((), ())), dtypes=EVERYTHING, special=True),
    unary("clip", choice.clip, numpy.clip, dtypes=NUMBERS, keywords=({"a_min": 0, "a_max": 1},), covers=("inside", "below", "above")),
    unary("clip from below", choice.clip, lambda x, a_min: numpy.maximum(x, a_min), dtypes=NUMBERS, keywords=({"a_min": 1},),
          covers=("clip_below",)),
    unary("clip from above", choice.clip, lambda x, a_max: numpy.minimum(x, a_max), dtypes=NUMBERS, keywords=({"a_max": 1},),
          covers=("clip_above",)),
    Row("clip between arrays", choice.clip, numpy.clip, shapes=(((5, 37), (37,), (5, 1)), ((0, 3), (3,), ()), ((), (), ())),
        dtypes=NUMBERS, covers=("clip",)),
    unary("nan_to_num", choice.nan_to_num, numpy.nan_to_num, keywords=({"nan": 2.0, "posinf": 3.0, "neginf": -4.0},)),
    *(
        unary(f"cast to {target.name}", lambda x, target=target: arithmetic.cast(x, dtype=target),
              lambda x, target=target: x.astype(target) if target.kind != "f" else x, dtypes=EVERYTHING, domain=(0, 99),
              special=target.kind not in "iu", result=target.name, error=0.5, covers=("cast",), gradient=target == numpy.dtype("float64"))
        for target in EVERYTHING
    ),
]  # fmt: skip

ROWS = [
    *ARITHMETIC, *COMPARISON, *PARTS, *BITWISE, *SPECIAL_FUNCTIONS, *TRANSCENDENTAL, *CHOICE, *MOVEMENT, *PADDING, *REDUCTION, *LINALG, *INDEXING, *SORTING, *NEURAL,
]  # fmt: skip

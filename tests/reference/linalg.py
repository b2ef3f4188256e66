"""Rows of clgrad/ops/linalg.py."""

from __future__ import annotations

import math
from typing import Any

import numpy

from clgrad.ops import linalg
from tests.reference.row import BITS, Row


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


ROWS = [
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
]  # fmt: skip

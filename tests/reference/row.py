"""What a row is: an op beside NumPy. Also the dtypes, shapes and inputs that several families of rows use."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy

from clgrad import dtypes
from clgrad.dtypes import DType
from clgrad.ops.operation import Value

Array = numpy.ndarray[Any, Any]
Shape = tuple[int, ...]
Shapes = tuple[Shape, ...]

SINGLE = (dtypes.float32,)
FLOATS = (dtypes.float32, dtypes.float64, dtypes.float16)
INTEGERS = (dtypes.int32, dtypes.uint8, dtypes.int64, dtypes.int8, dtypes.uint64)
NUMBERS = FLOATS + INTEGERS
EVERYTHING = (*NUMBERS, dtypes.int16, dtypes.uint16, dtypes.uint32, dtypes.bool_)
ANY = (*NUMBERS, dtypes.bool_)
BITS = (*INTEGERS, dtypes.bool_)

SUMMED = (*FLOATS, dtypes.int32, dtypes.uint8, dtypes.bool_)

SPECIAL = (0.0, -0.0, 1.0, -1.0, 0.5, -2.0, numpy.nan, numpy.inf, -numpy.inf, 1e-40, -3e38)


@dataclass(frozen=True)
class Row:
    """An op beside NumPy.

    `call` takes values and `keywords`, `reference` the same as NumPy arrays (floats always as float64). `shapes`
    holds groups of input shapes; the first goes through all layouts, dtypes and keywords. `domain` bounds random
    inputs. `result` is the dtype: that of the inputs ('same'), their float ('float'), or a dtype. `fixed` are
    inputs that stay as they are: indices, masks. `error` counts roundings of the result's dtype, to which
    `absolute` times that rounding of 1 is added. `gradient` tells which inputs have one. `elementwise` rows are
    pointwise: their cases can share kernels, and their gradients are compared element by element. `every_layout` rows
    have each dtype in each memory layout.
    """

    name: str
    call: Callable[..., Value]
    reference: Callable[..., Any]
    shapes: tuple[Shapes, ...] = (((5, 37),),)
    dtypes: tuple[DType, ...] = FLOATS
    domain: tuple[float, float] = (-2.0, 2.0)
    keywords: tuple[dict[str, Any], ...] = ({},)
    fixed: tuple[Any, ...] = ()
    result: str = "same"
    error: float = 4.0
    absolute: float = 0.0
    special: bool = False
    gradient: bool | tuple[bool, ...] = True
    covers: tuple[str, ...] = ()
    distinct: bool = False
    elementwise: bool = False
    every_layout: bool = False


ONE = (((5, 37),), ((),), ((0, 5),), ((1,),), ((257,),))
TWO = (((5, 37), (5, 37)), ((5, 1), (37,)), ((), (5,)), ((0, 5), (1, 5)), ((4, 1, 3), (5, 1)))
EMPTY = ((0, 5),)


def unary(name: str, call: Any, reference: Any, **options: Any) -> Row:
    """An op of one array, element by element."""
    return Row(name, call, reference, **{"shapes": ONE, "special": True, "elementwise": True} | options)


def binary(name: str, call: Any, reference: Any, **options: Any) -> Row:
    """An op of two arrays, element by element."""
    return Row(name, call, reference, **{"shapes": TWO, "special": True, "elementwise": True} | options)


def numbers_below(limit: int, *shape: int, low: int = 0) -> Any:
    """The same random integers in every run."""
    return numpy.random.default_rng(3).integers(low, limit, shape)

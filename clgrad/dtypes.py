"""The supported dtypes, their names in OpenCL C, and the rules of promotion."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy

from clgrad.errors import DTypeError

DType = numpy.dtype[Any]

float16 = numpy.dtype("float16")
float32 = numpy.dtype("float32")
float64 = numpy.dtype("float64")
int8 = numpy.dtype("int8")
int16 = numpy.dtype("int16")
int32 = numpy.dtype("int32")
int64 = numpy.dtype("int64")
uint8 = numpy.dtype("uint8")
uint16 = numpy.dtype("uint16")
uint32 = numpy.dtype("uint32")
uint64 = numpy.dtype("uint64")
bool_ = numpy.dtype("bool")

FLOATING = (float16, float32, float64)
INTEGERS = (int8, int16, int32, int64, uint8, uint16, uint32, uint64)
ALL = (*FLOATING, *INTEGERS, bool_)

# The type of an element in memory, and the type it is computed in. bool is stored as uchar 0 or 1. float16 is computed
# in float and rounded to half after each op. For + - * / sqrt this gives the same result as computing in half: the 24
# bits of float are enough, because double rounding is harmless from 2 * 11 + 2 bits on (half has 11).
STORAGE_NAME = {
    float16: "half", float32: "float", float64: "double",
    int8: "char", int16: "short", int32: "int", int64: "long",
    uint8: "uchar", uint16: "ushort", uint32: "uint", uint64: "ulong", bool_: "bool",
}  # fmt: skip
COMPUTE_NAME = STORAGE_NAME | {float16: "float", bool_: "uchar"}


class Defaults:
    """The default float, the dtype of floats for which no dtype is given: float64 after `npx.set_np(dtype=True)`."""

    floating: DType = float32


DEFAULTS = Defaults()


def is_floating(dtype: DType) -> bool:
    """Whether it is float16, float32 or float64."""
    return dtype.kind == "f"


def is_integer(dtype: DType) -> bool:
    """Whether it is a signed or an unsigned integer; bool is not."""
    return dtype.kind in "iu"


@cache
def bounds(dtype: DType) -> tuple[int, int]:
    """The smallest and the largest number of an integer dtype.

    >>> bounds(int8)
    (-128, 127)
    """
    limits = numpy.iinfo(dtype)
    return int(limits.min), int(limits.max)


@cache
def _checked(dtype: DType) -> DType:
    dtype = dtype.newbyteorder("=")
    if dtype not in STORAGE_NAME:
        names = ", ".join(known.name for known in ALL)
        raise DTypeError(f"dtype {dtype.name!r} is not supported on OpenCL devices; use one of {names}")
    native: DType = numpy.dtype(dtype.name)
    return native


def as_dtype(dtype: Any) -> DType:
    """The dtype, in native byte order, that a name, a type or a NumPy dtype stands for.

    >>> as_dtype("float32")
    dtype('float32')
    """
    try:
        return _checked(numpy.dtype(dtype))
    except TypeError as problem:
        if isinstance(problem, DTypeError):
            raise
        raise DTypeError(f"{dtype!r} is not a dtype; give a name such as 'float32'") from problem


@cache
def promote(first: DType, second: DType) -> DType:
    """The dtype of `first op second`: a float and another dtype give the float, all other pairs NumPy's dtype.

    uint64 and a signed integer give float64, as in NumPy: no integer dtype holds both.

    >>> promote(int64, float16)
    dtype('float16')
    >>> promote(uint8, int8), promote(uint64, int8)
    (dtype('int16'), dtype('float64'))
    """
    if first == second:
        return first
    if is_floating(first) and not is_floating(second):
        return first
    if is_floating(second) and not is_floating(first):
        return second
    return numpy.promote_types(first, second)


def promote_scalar(dtype: DType, kind: type, floating: DType) -> DType:
    """The dtype of `array op Python number`, where `floating` is the default float.

    The number changes the dtype only if its kind is higher, in the order bool, integer, float.

    >>> promote_scalar(float16, float, float32), promote_scalar(int32, float, float32)
    (dtype('float16'), dtype('float32'))
    """
    if kind is bool or is_floating(dtype):
        return dtype
    if kind is int:
        return int64 if dtype == bool_ else dtype
    return floating


def to_floating(dtype: DType) -> DType:
    """The dtype of results of `exp`, `mean` and so on: floats stay, integers and bool give the default float."""
    return dtype if is_floating(dtype) else DEFAULTS.floating


def to_exact(dtype: DType) -> DType:
    """The dtype to compute floats of `dtype` in if there are several steps: float32 for float16, to round only once.

    >>> to_exact(float16), to_exact(float64)
    (dtype('float32'), dtype('float64'))
    """
    return float32 if dtype == float16 else to_floating(dtype)

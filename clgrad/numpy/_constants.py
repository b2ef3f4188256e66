"""Constants, dtypes, groups of dtypes, and questions about dtypes."""

from __future__ import annotations

import builtins
from typing import Any

import numpy

from clgrad import dtypes

pi = numpy.pi
e = numpy.e
inf = numpy.inf
nan = numpy.nan
newaxis = None

# Older names of the same constants.
NaN = NAN = nan
PINF = inf
NINF = -inf
PZERO = 0.0
NZERO = -0.0

# NumPy's scalar types: they compare equal to dtypes and convert numbers.
float16 = numpy.float16
float32 = numpy.float32
float64 = numpy.float64
int8 = numpy.int8
int16 = numpy.int16
int32 = numpy.int32
int64 = numpy.int64
uint8 = numpy.uint8
uint16 = numpy.uint16
uint32 = numpy.uint32
uint64 = numpy.uint64
bool_ = numpy.bool_
bool = numpy.bool_
dtype = numpy.dtype

floating_dtypes = list(dtypes.FLOATING)
integer_dtypes = list(dtypes.INTEGERS)
numeric_dtypes = [*integer_dtypes, *floating_dtypes]
boolean_dtypes = [dtypes.bool_]

finfo = numpy.finfo
iinfo = numpy.iinfo
set_printoptions = numpy.set_printoptions


def result_type(*arrays_and_dtypes: Any) -> dtypes.DType:
    """The dtype of an op on these arrays, dtypes and numbers.

    >>> from clgrad import np
    >>> np.result_type(np.int32, np.float16), np.result_type(np.zeros(2, dtype=int), 1.5)
    (dtype('float16'), dtype('float32'))
    """
    given = [one for one in arrays_and_dtypes if not _is_python_number(one)]
    result = _dtype_of(given[0]) if given else dtypes.DEFAULTS.floating
    for one in given[1:]:
        result = dtypes.promote(result, _dtype_of(one))
    for one in arrays_and_dtypes:
        if _is_python_number(one):
            kind: Any = type(one)
            result = dtypes.promote_scalar(result, kind, dtypes.DEFAULTS.floating)
    return result


def promote_types(type1: Any, type2: Any) -> dtypes.DType:
    """The dtype of an op on arrays of these two dtypes.

    uint64 and a signed integer give float64, as in NumPy: no integer dtype holds both.

    >>> promote_types("int64", "float16"), promote_types("uint64", "int8")
    (dtype('float16'), dtype('float64'))
    """
    return dtypes.promote(dtypes.as_dtype(type1), dtypes.as_dtype(type2))


def can_cast(from_: Any, to: Any, casting: Any = "safe") -> Any:
    """Whether NumPy's rule `casting` allows the conversion; 'safe' allows those that keep every value.

    >>> can_cast("int32", "float64"), can_cast("int64", "int32")
    (True, False)
    """
    return numpy.can_cast(_dtype_of(from_), dtypes.as_dtype(to), casting)


def _is_python_number(one: Any) -> Any:
    return isinstance(one, (builtins.bool, int, float)) and not isinstance(one, numpy.generic)


def _dtype_of(one: Any) -> dtypes.DType:
    return dtypes.as_dtype(getattr(one, "dtype", one) if not isinstance(one, type) else one)

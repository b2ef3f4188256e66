"""Arrays without inputs: constants, ranges, indices, identity and triangular matrices.

They take no memory: a kernel that reads them computes their elements.
"""

from __future__ import annotations

import math
from typing import Any

from clgrad import dtypes
from clgrad.dtypes import DType
from clgrad.errors import ArgumentError, DTypeError
from clgrad.graph.node import Scalar
from clgrad.ops.arithmetic import cast, floor
from clgrad.ops.choice import where
from clgrad.ops.comparison import equal, greater_equal
from clgrad.ops.movement import reshape
from clgrad.ops.operation import Value, checked_scalar, fill, iota
from clgrad.primitives import Pointwise
from clgrad.runtime.device import Device
from clgrad.shapes import Shape


def check_dtype(name: str, dtype: DType, device: Device) -> DType:
    """`dtype`, if the device supports it; else a DTypeError."""
    if dtype == dtypes.float64 and not device.capabilities.fp64:
        raise DTypeError(f"{name}: {device} ({device.name}) does not support float64; use dtype='float32'")
    return dtype


def full(shape: Shape, value: bool | int | float, dtype: DType, device: Device) -> Value:
    """An array filled with one number."""
    return fill(value, shape, check_dtype("full", dtype, device), device, "full")


def zeros(shape: Shape, dtype: DType, device: Device) -> Value:
    """An array of zeros."""
    return full(shape, 0, dtype, device)


def ones(shape: Shape, dtype: DType, device: Device) -> Value:
    """An array of ones."""
    return full(shape, 1, dtype, device)


# Index times step, in the dtype of the result. float32 holds indices exactly up to 2 ** 24, so an element has two
# rounding errors. Computing in float64, as NumPy does, is not possible on all devices.
_ramp = Pointwise("ramp", "y + x * z", typed_by=None, cost=2)


def arange(start: float, stop: float | None, step: float, dtype: DType, device: Device) -> Value:
    """The numbers start, start + step, ... below stop, as in NumPy."""
    if stop is None:
        start, stop = 0, start
    if step == 0:
        raise ArgumentError("arange: step is 0")
    length = max(0, math.ceil((stop - start) / step))
    return ramp(length, start, step, check_dtype("arange", dtype, device), device)


def ramp(length: int, start: float, step: float, dtype: DType, device: Device) -> Value:
    """start + step * i for i below length."""
    position = iota((length,), device)
    if dtype == dtypes.bool_:
        return cast(ramp(length, start, step, dtypes.int64, device), dtype=dtype)
    if dtype == dtypes.float16:
        return cast(ramp(length, start, step, dtypes.to_exact(dtype), device), dtype=dtype)
    if dtypes.is_integer(dtype):
        start, step = int(start), int(step)
        for number in (start, start + step * max(0, length - 1)):
            checked_scalar("arange", number, dtype)
        # Unsigned integers wrap around, so a negative step is added as its value modulo 2 ** bits.
        step = step % (dtypes.bounds(dtype)[1] + 1) if dtype.kind == "u" else step
    if (start, step) == (0, 1):
        return cast(position, dtype=dtype)
    values = (cast(position, dtype=dtype), Scalar(start), Scalar(step))
    return Value(_ramp, values, dtype, position.shape, dtype, device)


def linspace(start: Any, stop: Any, num: int, endpoint: bool, dtype: DType, device: Device) -> Value:
    """`num` evenly spaced numbers from start to stop; for arrays along a new first axis."""
    if num < 0:
        raise ArgumentError(f"linspace: num must not be negative, got {num}")
    intervals = max(1, num - 1 if endpoint else num)
    compute = dtypes.to_exact(check_dtype("linspace", dtype, device))
    if dtypes.is_integer(dtype) and device.capabilities.fp64:
        # A number may miss an integer by a rounding error. Computed in float64, `floor` gives NumPy's result.
        compute = dtypes.float64
    start, stop = (cast(one, dtype=compute) if isinstance(one, Value) else float(one) for one in (start, stop))
    step = (stop - start) / intervals
    if isinstance(step, Value):
        values = start + step * reshape(ramp(num, 0, 1, compute, device), (num, *(1 for _ in step.shape)))
    else:
        values = ramp(num, start, step, compute, device)
    if endpoint and num > 1:
        values = where(equal(axis_index(values.shape, 0, device), num - 1), stop, values)
    return cast(floor(values) if dtypes.is_integer(dtype) else values, dtype=dtype)


def axis_index(shape: Shape, axis: int, device: Device) -> Value:
    """The index along `axis` as int64. The other axes have length one, so it broadcasts to `shape`."""
    lengths = tuple(n if at == axis else 1 for at, n in enumerate(shape))
    return reshape(iota((shape[axis],), device), lengths)


def position_along(indices: Value, axis: int, within: Shape, shape: Shape) -> Value:
    """The flat position, in an array of shape `within`, of each index along `axis`; elsewhere the index is its own.

    `indices` broadcasts to `shape`, and so does the result. Along rows of 4 elements, [[2], [0]] gives [[2], [4]].
    """
    position, step = indices * 0, 1
    for at in reversed(range(len(shape))):
        position = position + (indices if at == axis else axis_index(shape, at, indices.device)) * step
        step *= within[at]
    return position


def eye(shape: Shape, k: int, dtype: DType, device: Device) -> Value:
    """Ones on the k-th diagonal, zeros elsewhere."""
    check_dtype("eye", dtype, device)
    return cast(equal(axis_index(shape, 0, device) + k, axis_index(shape, 1, device)), dtype=dtype)


def tri(shape: Shape, k: int, dtype: DType, device: Device) -> Value:
    """Ones on and below the k-th diagonal."""
    return cast(lower_mask(shape, k, device), dtype=check_dtype("tri", dtype, device))


def lower_mask(shape: Shape, k: int, device: Device) -> Value:
    """A mask of the elements on or below the k-th diagonal of the last two axes."""
    return greater_equal(axis_index(shape[-2:], 0, device) + k, axis_index(shape[-2:], 1, device))


def tril(x: Value, k: int = 0) -> Value:
    """x with zeros above the k-th diagonal of the last two axes. A vector becomes all rows of a square matrix."""
    return where(lower_mask(_matrix("tril", x), k, x.device), x, 0)


def triu(x: Value, k: int = 0) -> Value:
    """x with zeros below the k-th diagonal of the last two axes. A vector becomes all rows of a square matrix."""
    return where(lower_mask(_matrix("triu", x), k - 1, x.device), 0, x)


def _matrix(name: str, x: Value) -> Any:
    if not x.shape:
        raise ArgumentError(f"{name}: needs an array of one or more dimensions, got shape ()")
    return (*x.shape, x.shape[0]) if len(x.shape) == 1 else x.shape

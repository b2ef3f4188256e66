"""From anything that users pass as an array to a value: arrays, NumPy arrays, nested lists, numbers."""

from __future__ import annotations

from typing import Any

import numpy

from clgrad import dtypes
from clgrad.array.device import Place, current_device, located
from clgrad.array.handle import Handle
from clgrad.dtypes import DType
from clgrad.errors import DTypeError
from clgrad.graph.execute import upload
from clgrad.ops.arithmetic import cast
from clgrad.ops.creation import check_dtype
from clgrad.ops.operation import Value, fill
from clgrad.ops.transfer import to_device
from clgrad.runtime.device import Device

NUMBERS = (bool, int, float, numpy.number, numpy.bool_)


class Defaults:
    """The dtype of arrays made from Python numbers; NumPy's own after `npx.set_np(dtype=True)`."""

    numpy_dtypes: bool = False

    @property
    def floating(self) -> DType:
        """The dtype of arrays that are made without naming one."""
        return dtypes.float64 if self.numpy_dtypes else dtypes.float32


DEFAULTS = Defaults()


def chosen_device(device: Place = None, ctx: Place = None) -> Device:
    """The device that a `device` argument, or `ctx`, its older name, asks for; else the current one."""
    return located(ctx if device is None else device)


def chosen_dtype(dtype: Any) -> DType:
    """The dtype of a `dtype` argument; the default where it is None."""
    return DEFAULTS.floating if dtype is None else dtypes.as_dtype(dtype)


def from_host(array: numpy.ndarray[Any, Any], device: Device, dtype: DType | None = None) -> Value:
    """A NumPy array copied to the device. Without `dtype` float64 becomes the default and others stay."""
    if array.dtype.kind not in "biuf":
        raise DTypeError(
            f"array: elements of dtype {array.dtype} cannot live on a device; they must be numbers or "
            "booleans. Usual cause: nested lists of unequal lengths, strings, None or complex numbers"
        )
    if dtype is None:
        dtype = DEFAULTS.floating if array.dtype == dtypes.float64 else dtypes.as_dtype(array.dtype)
    check_dtype("array", dtype, device)
    contents = numpy.ascontiguousarray(array, dtype=dtype).reshape(array.shape)
    return Value(None, (), None, array.shape, dtype, device, upload(contents, device))


def from_object(source: Any, device: Device, dtype: DType | None = None) -> Value:
    """A value of whatever describes an array; Python numbers and lists have the default dtype."""
    if isinstance(source, Handle):
        value = to_device(source._value, device=device)
        return value if dtype is None else cast(value, dtype=dtype)
    kind = type(source)
    if kind is float or kind is int or kind is bool:
        return _from_number(source, device, dtype)
    if dtype is None and not hasattr(source, "dtype") and not DEFAULTS.numpy_dtypes:
        dtype = dtypes.float32
    return from_host(_on_host(source), device, dtype)


def _on_host(source: Any) -> numpy.ndarray[Any, Any]:
    try:
        return numpy.asarray(source)
    except ValueError as problem:
        raise DTypeError(f"array: {type(source).__name__} does not describe an array: {problem}") from problem


def _from_number(number: bool | int | float, device: Device, dtype: DType | None) -> Value:
    if dtype is None:
        dtype = numpy.dtype(type(number)) if DEFAULTS.numpy_dtypes else dtypes.float32
    # NumPy checks that the number fits.
    return fill(dtype.type(number).item(), (), check_dtype("array", dtype, device), device)


def as_value(source: Any, device: Device | None = None) -> Value:
    """The value of an array, or a new one on `device` (the current one where that is None)."""
    if isinstance(source, Handle):
        return source._value
    return from_object(source, current_device() if device is None else device)


def operand(source: Any, beside: Handle) -> Any:
    """An operand beside an array: its value, a number as it is, NotImplemented where it is neither."""
    if isinstance(source, Handle):
        return source._value
    if isinstance(source, NUMBERS):
        return source
    if isinstance(source, (numpy.ndarray, list, tuple)):
        return from_natural(source, beside._value.device)
    return NotImplemented


def from_natural(source: Any, device: Device) -> Value:
    """What is written into an array or combined with one: whole numbers in lists stay whole numbers."""
    if isinstance(source, Handle):
        return source._value
    return from_host(_on_host(source), device)


def device_of(sources: tuple[Any, ...]) -> Device | None:
    """The device of the first array among `sources`, also inside lists."""
    for source in sources:
        if isinstance(source, Handle):
            return source._value.device
        if isinstance(source, (list, tuple)):
            found = device_of(tuple(source))
            if found is not None:
                return found
    return None

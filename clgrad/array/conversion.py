"""From anything that users pass as an array to a value: arrays, NumPy arrays, nested lists, numbers.

What stands alone becomes an array as `np.array` makes it (`from_object`). What meets an array, in an op or a write,
keeps the dtype that NumPy gives it (`from_natural`); float64 does so beside float64 and else becomes the default.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy

from clgrad import dtypes
from clgrad.array.device import Place, current_device, located
from clgrad.array.handle import Handle
from clgrad.dtypes import DEFAULTS, DType
from clgrad.errors import ArgumentError, DTypeError
from clgrad.graph.execute import flush, read, upload
from clgrad.ops.arithmetic import cast
from clgrad.ops.creation import check_dtype
from clgrad.ops.joining import stack
from clgrad.ops.operation import Value, common, fill
from clgrad.ops.transfer import to_device
from clgrad.runtime.device import Device
from clgrad.tape import STATE

NUMBERS = (bool, int, float, numpy.integer, numpy.floating, numpy.bool_)


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
        own = dtypes.as_dtype(array.dtype)
        dtype = DEFAULTS.floating if own == dtypes.float64 else own
    check_dtype("array", dtype, device)
    contents = numpy.ascontiguousarray(array, dtype=dtype).reshape(array.shape)
    return Value(None, (), None, array.shape, dtype, device, upload(contents, device))


def from_object(source: Any, device: Device, dtype: DType | None = None) -> Value:
    """A value of whatever describes an array; Python numbers and lists have the default dtype.

    Lists that hold arrays are stacks of them, with their joint dtype, through which gradients pass.
    """
    kind = type(source)
    if kind is float or kind is int or kind is bool:
        return _from_number(source, device, dtype)
    if isinstance(source, Handle) or _holds_arrays(source):
        value = to_device(_stacked(source), device=device)
        return value if dtype is None else cast(value, dtype=dtype)
    listed = not hasattr(source, "dtype")
    if dtype is None and listed:
        dtype = DEFAULTS.floating
    array = _on_host(source)
    if listed and dtype is not None and dtypes.is_integer(dtype) and array.dtype.kind in "iuf":
        # NumPy checks that the numbers fit.
        array = _on_host(source, dtype)
    return from_host(array, device, dtype)


def _stacked(source: Any) -> Value:
    """An array, or a list that holds arrays as one; on the tape where they have a history."""
    if isinstance(source, Handle):
        return source._value
    values, device = common("array", tuple(values_of(source)))
    if STATE.recording and any(value.entry is not None for value in values):
        return stack(values)
    # Many small arrays are read faster than a plan is made that joins them.
    flush(values)
    return from_host(_on_host([read(value) for value in values]), device, values[0].dtype)


def _on_host(source: Any, dtype: DType | None = None) -> numpy.ndarray[Any, Any]:
    try:
        return numpy.asarray(source, dtype)
    except ValueError as problem:
        raise DTypeError(f"array: {type(source).__name__} does not describe an array: {problem}") from problem
    except OverflowError as problem:
        raise OverflowError(f"array: {problem}") from problem


def _from_number(number: bool | int | float, device: Device, dtype: DType | None) -> Value:
    dtype = DEFAULTS.floating if dtype is None else dtype
    return fill(number, (), check_dtype("array", dtype, device), device, "array")


def as_value(source: Any, device: Device | None = None) -> Value:
    """The value of an array, or a new one on `device`; else where the arrays in a list lie, or on the current one."""
    if isinstance(source, Handle):
        return source._value
    return from_object(source, device or device_of((source,)) or current_device())


def from_natural(source: Any, beside: Value | None) -> Value:
    """What meets an array: numbers and lists in NumPy's dtypes. It stands alone where `beside` is None."""
    if beside is None:
        return as_value(source)
    if isinstance(source, Handle) or _holds_arrays(source):
        return _stacked(source)
    array = _on_host(source)
    keeps = array.dtype == beside.dtype == dtypes.float64
    return from_host(array, beside.device, dtypes.float64 if keeps else None)


def written(name: str, source: Any, target: Value) -> Value:
    """What op `name` writes into an array: on its device; numbers and lists in its dtype, which must hold them."""
    if isinstance(source, NUMBERS):
        return fill(source, (), target.dtype, target.device, name)
    if isinstance(source, (list, tuple)) and not _holds_arrays(source):
        return from_object(source, target.device, target.dtype)
    return to_device(from_natural(source, target), device=target.device)


def operand(source: Any, beside: Handle) -> Any:
    """An operand beside an array: its value, a number as it is, NotImplemented where it is neither."""
    if isinstance(source, Handle):
        return source._value
    if isinstance(source, NUMBERS):
        return source
    if isinstance(source, (numpy.ndarray, list, tuple)):
        return from_natural(source, beside._value)
    return NotImplemented


def values_of(sources: Iterable[Any]) -> list[Value]:
    """The values of sources that meet in an op."""
    sources = tuple(sources)
    values = [source._value for source in sources if isinstance(source, Handle)]
    if len(values) < len(sources):
        beside = _neighbour(sources)
        values = [from_natural(source, beside) for source in sources]
    return values


def value_beside(source: Any, *others: Any) -> Value:
    """The value of one source that meets others in an op."""
    return from_natural(source, _neighbour((source, *others)))


def operands_of(sources: Iterable[Any], *others: Any) -> list[Any]:
    """Like `values_of`, but numbers and None pass through; `others` meet the sources in the op as well."""
    sources = tuple(sources)
    beside = _neighbour((*sources, *others))
    return [
        source if source is None or isinstance(source, NUMBERS) else from_natural(source, beside) for source in sources
    ]


def start_and_mask(array: Value, initial: Any, where: Any) -> tuple[Any, Value | None]:
    """What a reduction of an array starts from, one number or None, and the mask of the elements that count."""
    if initial is not None and not isinstance(initial, NUMBERS):
        initial = from_natural(initial, array)
        if initial.shape:
            raise ArgumentError(f"initial must be one number, got an array of shape {initial.shape}")
    return initial, None if where is None or where is True else from_natural(where, array)


def parameters_of(given: tuple[Any, ...], dtype: DType, device: Place, ctx: Place) -> tuple[list[Any], Device]:
    """Parameters of a new array, and its device: numbers as they are, what is no array yet in `dtype`."""
    place = device_of(given)
    if place is None or device is not None or ctx is not None:
        place = chosen_device(device, ctx)
    return [_parameter(one, place, dtype) for one in given], place


def _parameter(given: Any, device: Device, dtype: DType) -> Any:
    if isinstance(given, Handle):
        return given._value
    return given if isinstance(given, NUMBERS) else from_object(given, device, dtype)


def _neighbour(sources: tuple[Any, ...]) -> Value | None:
    """The array that decides about the sources beside it: the first of float64, or the first of all."""
    arrays = list(_arrays_in(sources))
    return next((one for one in arrays if one.dtype == dtypes.float64), arrays[0] if arrays else None)


def device_of(sources: tuple[Any, ...]) -> Device | None:
    """The device of the first array among `sources`, also inside lists."""
    first = next(_arrays_in(sources), None)
    return None if first is None else first.device


def _holds_arrays(source: Any) -> bool:
    return isinstance(source, (list, tuple)) and any(True for _ in _arrays_in(source))


def _arrays_in(sources: list[Any] | tuple[Any, ...]) -> Iterator[Value]:
    # Long lists of numbers are passed over without looking at each.
    if any(issubclass(kind, (Handle, list, tuple)) for kind in set(map(type, sources))):
        for source in sources:
            if isinstance(source, Handle):
                yield source._value
            elif isinstance(source, (list, tuple)):
                yield from _arrays_in(source)

"""Converts arrays, NumPy arrays, nested lists and numbers into values.

`as_value` converts a source on its own, by the rules of `np.array`: lists and NumPy's float64 get the default dtype.
`as_operand`, `as_operands` and `operands_or_numbers` convert the inputs of an op together. They keep NumPy's dtypes;
float64 becomes the default float unless another input is a float64 array.
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
from clgrad.graph.capture import Deferred, current
from clgrad.graph.execute import flush, read, upload
from clgrad.ops.arithmetic import cast
from clgrad.ops.creation import check_dtype
from clgrad.ops.joining import stack
from clgrad.ops.operation import Value, common, fill
from clgrad.ops.transfer import to_device
from clgrad.runtime.device import Device
from clgrad.tape import STATE

# Numbers stay weak: an op takes them as they are, and they do not raise an array's precision.
NUMBERS = (bool, int, float, numpy.integer, numpy.floating, numpy.bool_, Deferred)


def chosen_device(device: Place = None, ctx: Place = None) -> Device:
    """The device of a `device` argument, or of `ctx`, its older name; the current device if both are None."""
    return located(ctx if device is None else device)


def chosen_dtype(dtype: Any) -> DType:
    """The dtype of a `dtype` argument; the default float if it is None."""
    return DEFAULTS.floating if dtype is None else dtypes.as_dtype(dtype)


def from_host(array: numpy.ndarray[Any, Any], device: Device, dtype: DType | None = None) -> Value:
    """A NumPy array copied to the device. Without `dtype`, float64 becomes the default float; other dtypes stay."""
    if array.dtype.kind not in "biuf":
        raise DTypeError(
            f"array: elements of dtype {array.dtype} are not supported; use real numbers or booleans. "
            "Usual cause: nested lists of unequal lengths, strings, None or complex numbers"
        )
    if dtype is None:
        own = dtypes.as_dtype(array.dtype)
        dtype = DEFAULTS.floating if own == dtypes.float64 else own
    check_dtype("array", dtype, device)
    contents = numpy.ascontiguousarray(array, dtype=dtype).reshape(array.shape)
    return Value(None, (), None, array.shape, dtype, device, upload(contents, device))


def from_object(source: Any, device: Device, dtype: DType | None = None) -> Value:
    """The value that `np.array` makes of a source; Python numbers and lists get the default float.

    A list that holds arrays is their stack: it has their common dtype, and gradients pass through it.
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
        # NumPy raises for numbers that the integer dtype cannot hold.
        array = _on_host(source, dtype)
    return from_host(array, device, dtype)


def _stacked(source: Any) -> Value:
    """The value of an array, or of a list that holds arrays; recorded if one of them needs gradients."""
    if isinstance(source, Handle):
        return source._value
    values, device = common("array", tuple(as_operands(source)))
    if current() is not None or (STATE.recording and any(value.entry is not None for value in values)):
        return stack(values)
    # Reading many small arrays takes less time than planning a kernel that stacks them.
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
    """The value of a source on its own, as `np.array` would make it.

    It is made on `device`; without one on the device of the arrays in a list, or else on the current device.
    """
    if isinstance(source, Handle):
        return source._value
    return from_object(source, device or device_of((source,)) or current_device())


def as_operand(source: Any, *others: Any) -> Value:
    """The value of one input of an op whose other inputs are `others`.

    >>> import numpy
    >>> from clgrad import np
    >>> as_operand([1, 2]).dtype, as_operand([1, 2], np.ones(2)).dtype
    (dtype('float32'), dtype('int64'))
    >>> x = numpy.ones(2)
    >>> as_operand(x, np.ones(2)).dtype, as_operand(x, np.ones(2).astype('float64')).dtype
    (dtype('float32'), dtype('float64'))
    """
    return source._value if isinstance(source, Handle) else _beside(source, _neighbour((source, *others)))


def as_operands(sources: Iterable[Any]) -> list[Value]:
    """The values of all inputs of an op."""
    sources = tuple(sources)
    values = [source._node or source._value for source in sources if isinstance(source, Handle)]
    if len(values) == len(sources):
        return values
    neighbour = _neighbour(sources)
    return [_beside(source, neighbour) for source in sources]


def operands_or_numbers(sources: Iterable[Any], *others: Any) -> list[Any]:
    """The values of inputs of an op that has the inputs `others` too; numbers and None stay as they are."""
    sources = tuple(sources)
    neighbour = _neighbour((*sources, *others))
    return [
        source if source is None or isinstance(source, NUMBERS) else _beside(source, neighbour) for source in sources
    ]


def _beside(source: Any, neighbour: Value | None) -> Value:
    """A source in NumPy's dtype, on the device of the array that it meets; on its own if it meets none."""
    if neighbour is None:
        return as_value(source)
    if isinstance(source, Handle) or _holds_arrays(source):
        return _stacked(source)
    array = _on_host(source)
    stays_float64 = array.dtype == neighbour.dtype == dtypes.float64
    return from_host(array, neighbour.device, dtypes.float64 if stays_float64 else None)


def value_to_write(name: str, source: Any, target: Value) -> Value:
    """The value that op `name` writes into the array `target`, on its device.

    Numbers and lists get the array's dtype, and an error if it cannot hold them.
    """
    if isinstance(source, NUMBERS):
        return fill(source, (), target.dtype, target.device, name)
    if isinstance(source, (list, tuple)) and not _holds_arrays(source):
        return from_object(source, target.device, target.dtype)
    return to_device(as_operand(source, target), device=target.device)


def start_and_mask(array: Value, initial: Any, where: Any) -> tuple[Any, Value | None]:
    """The `initial` and `where` of a reduction of an array: a number, an array of shape () or None; a mask or None."""
    if initial is not None and not isinstance(initial, NUMBERS):
        initial = as_operand(initial, array)
        if initial.shape:
            raise ArgumentError(f"initial must be one number, got an array of shape {initial.shape}")
    return initial, None if where is None or where is True else as_operand(where, array)


def parameters_of(given: tuple[Any, ...], dtype: DType, device: Place, ctx: Place) -> tuple[list[Any], Device]:
    """The parameters of a new array, and its device. Numbers stay as they are; lists become arrays of `dtype`."""
    place = device_of(given)
    if place is None or device is not None or ctx is not None:
        place = chosen_device(device, ctx)
    return [_parameter(one, place, dtype) for one in given], place


def _parameter(given: Any, device: Device, dtype: DType) -> Any:
    if isinstance(given, Handle):
        return given._value
    return given if isinstance(given, NUMBERS) else from_object(given, device, dtype)


def _neighbour(sources: tuple[Any, ...]) -> Value | None:
    """The array that decides dtype and device of inputs that are not arrays: the first float64 array, or the first."""
    arrays = list(_arrays_in(sources))
    return next((one for one in arrays if one.dtype == dtypes.float64), arrays[0] if arrays else None)


def device_of(sources: tuple[Any, ...]) -> Device | None:
    """The device of the first array among `sources`, also inside lists."""
    first = next(_arrays_in(sources), None)
    return None if first is None else first.device


def _holds_arrays(source: Any) -> bool:
    return isinstance(source, (list, tuple)) and any(True for _ in _arrays_in(source))


def _arrays_in(sources: list[Any] | tuple[Any, ...]) -> Iterator[Value]:
    # A long list of numbers has few types: it is skipped without testing each number.
    if any(issubclass(kind, (Handle, Value, list, tuple)) for kind in set(map(type, sources))):
        for source in sources:
            if isinstance(source, Handle):
                yield source._value
            elif isinstance(source, Value):
                yield source
            elif isinstance(source, (list, tuple)):
                yield from _arrays_in(source)

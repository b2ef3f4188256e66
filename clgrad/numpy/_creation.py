"""New arrays: from data, constants, ranges, grids, identity and triangular matrices, copies."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy

from clgrad.array import finish, ndarray
from clgrad.array.arguments import as_shape, check_order
from clgrad.array.conversion import (
    NUMBERS,
    as_value,
    chosen_device,
    chosen_dtype,
    device_of,
    from_host,
    from_object,
    parameters_of,
)
from clgrad.array.device import Place
from clgrad.dtypes import DEFAULTS, DType, as_dtype, float64, to_exact
from clgrad.errors import ArgumentError
from clgrad.ops import arithmetic, creation, movement, powers
from clgrad.ops.operation import Value
from clgrad.runtime.device import Device
from clgrad.shapes import integer


def array(
    object: Any, dtype: Any = None, device: Place = None, ctx: Place = None, *, copy: bool | None = True,
    order: str = "K", subok: bool = False, ndmin: int = 0,
) -> ndarray:  # fmt: skip
    """An array from numbers, nested lists, NumPy arrays or arrays; always a copy unless `copy` is None or False.

    It gets new axes of length one in front if it has fewer than `ndmin`.

    Python numbers and lists give float32 unless `dtype` is given. NumPy arrays keep their dtype, except that float64
    gives float32; after `npx.set_np(dtype=True)` both give float64. A list that holds arrays gets their dtype, and
    gradients pass through it.

    >>> from clgrad import np
    >>> np.array([[1, 2], [3, 4]])
    array([[1., 2.],
           [3., 4.]])
    >>> np.array([1, 2], dtype='int32')
    array([1, 2], dtype=int32)
    """
    check_order("array", order)
    place = ctx if device is None else device
    result = _copied(object, dtype, place) if copy else asarray(object, dtype, place, copy)
    missing = ndmin - result.ndim
    return result if missing <= 0 else result.reshape((1,) * missing + result.shape)


def _copied(object: Any, dtype: Any, device: Place) -> ndarray:
    wanted = None if dtype is None else as_dtype(dtype)
    here = device_of((object,)) if device is None else None
    value = from_object(object, here or chosen_device(device), wanted)
    return ndarray(arithmetic.identity(value) if isinstance(object, ndarray) and value is object._value else value)


def asarray(obj: Any, dtype: Any = None, device: Place = None, copy: bool | None = None) -> ndarray:
    """An array from numbers, nested lists, NumPy arrays or arrays; an array with this dtype and device is returned.

    >>> from clgrad import np
    >>> x = np.ones(2)
    >>> np.asarray(x) is x
    True
    """
    if isinstance(obj, ndarray) and not copy:
        right_dtype = dtype is None or obj.dtype == as_dtype(dtype)
        if right_dtype and (device is None or chosen_device(device) is obj._value.device):
            return obj
    if copy is False:
        raise ArgumentError("asarray: this needs a copy, and copy=False forbids it")
    return _copied(obj, dtype, device)


def zeros(shape: Any, dtype: Any = None, order: str = "C", device: Place = None, ctx: Place = None) -> ndarray:
    """An array of zeros.

    >>> zeros((2, 2))
    array([[0., 0.],
           [0., 0.]])
    """
    return _constant("zeros", shape, 0, chosen_dtype(dtype), order, chosen_device(device, ctx))


def ones(shape: Any, dtype: Any = None, order: str = "C", device: Place = None, ctx: Place = None) -> ndarray:
    """An array of ones.

    >>> ones(3)
    array([1., 1., 1.])
    """
    return _constant("ones", shape, 1, chosen_dtype(dtype), order, chosen_device(device, ctx))


def empty(shape: Any, dtype: Any = None, order: str = "C", device: Place = None, ctx: Place = None) -> ndarray:
    """An array that the caller will fill; here its elements are zeros.

    >>> empty((2, 3)).shape
    (2, 3)
    """
    return _constant("empty", shape, 0, chosen_dtype(dtype), order, chosen_device(device, ctx))


def full(
    shape: Any, fill_value: Any, dtype: Any = None, order: str = "C", device: Place = None, out: Any = None,
    ctx: Place = None,
) -> ndarray:  # fmt: skip
    """An array filled with one number, or with an array that is broadcast to the shape.

    >>> full((2,), 1.5)
    array([1.5, 1.5])
    >>> full((2,), 7)
    array([7, 7], dtype=int64)
    """
    lengths = as_shape("full", shape)
    check_order("full", order)
    place = chosen_device(device, ctx)
    if isinstance(fill_value, (bool, int, float)):
        wanted = _number_dtype(fill_value) if dtype is None else as_dtype(dtype)
        return finish(creation.full(lengths, fill_value, wanted, place), out)
    value = from_object(fill_value, place, None if dtype is None else as_dtype(dtype))
    return finish(movement.broadcast_to(value, lengths), out)


def _number_dtype(number: bool | int | float) -> DType:
    return DEFAULTS.floating if isinstance(number, float) else numpy.dtype(type(number))


def _constant(name: str, shape: Any, number: int, dtype: DType, order: str, device: Device) -> ndarray:
    check_order(name, order)
    return ndarray(creation.full(as_shape(name, shape), number, dtype, device))


def _like(a: Any, number: Any, dtype: Any, order: str, device: Place, out: Any, shape: Any = None) -> ndarray:
    check_order("like", order)
    model = as_value(a)
    lengths = model.shape if shape is None else as_shape("like", shape)
    return finish(creation.full(lengths, number, _dtype_like(model, dtype), _place_like(model, device)), out)


def _dtype_like(model: Value, dtype: Any) -> DType:
    return model.dtype if dtype is None else as_dtype(dtype)


def _place_like(model: Value, device: Place) -> Device:
    return model.device if device is None else chosen_device(device)


def zeros_like(
    a: Any, dtype: Any = None, order: str = "C", device: Place = None, out: Any = None, ctx: Place = None, *,
    subok: bool = True, shape: Any = None,
) -> ndarray:  # fmt: skip
    """Zeros with the shape, dtype and device of another array.

    >>> zeros_like(ones(2, dtype='int32'))
    array([0, 0], dtype=int32)
    """
    return _like(a, 0, dtype, order, device or ctx, out, shape)


def ones_like(
    a: Any, dtype: Any = None, order: str = "C", device: Place = None, out: Any = None, ctx: Place = None, *,
    subok: bool = True, shape: Any = None,
) -> ndarray:  # fmt: skip
    """Ones with the shape, dtype and device of another array.

    >>> ones_like(zeros(2))
    array([1., 1.])
    """
    return _like(a, 1, dtype, order, device or ctx, out, shape)


def full_like(
    a: Any, fill_value: Any, dtype: Any = None, order: str = "C", device: Place = None, out: Any = None,
    ctx: Place = None, *, subok: bool = True, shape: Any = None,
) -> ndarray:  # fmt: skip
    """An array filled with one number, with the shape, dtype and device of another array.

    >>> full_like(zeros(2), 3)
    array([3., 3.])
    """
    if isinstance(fill_value, NUMBERS):
        return _like(a, fill_value, dtype, order, device or ctx, out, shape)
    check_order("like", order)
    model = as_value(a)
    value = from_object(fill_value, _place_like(model, device or ctx), _dtype_like(model, dtype))
    lengths = model.shape if shape is None else as_shape("like", shape)
    return finish(movement.broadcast_to(value, lengths), out)


def empty_like(
    prototype: Any,
    dtype: Any = None,
    device: Place = None,
    order: str = "C",
    subok: bool = False,
    shape: Any = None,
) -> ndarray:
    """An array with the shape, dtype and device of another, for the caller to fill; here its elements are zeros.

    >>> empty_like(zeros((2, 3))).shape
    (2, 3)
    """
    return _like(prototype, 0, dtype, order, device, None, shape)


def arange(
    start: float, stop: float | None = None, step: float | None = 1, dtype: Any = None, device: Place = None,
    ctx: Place = None,
) -> ndarray:  # fmt: skip
    """The numbers start, start + step, ... below stop. With a single argument they are 0, 1, ... below it.

    >>> arange(4)
    array([0., 1., 2., 3.])
    >>> arange(1, 2, 0.25)
    array([1.  , 1.25, 1.5 , 1.75])
    """
    numbers = _number(start), _number(stop), 1 if step is None else _number(step)
    wanted = chosen_dtype(dtype)
    if dtype is None and wanted == float64 and not any(isinstance(number, float) for number in numbers):
        wanted = numpy.dtype("int64")
    return ndarray(creation.arange(*numbers, wanted, chosen_device(device, ctx)))


def _number(one: Any) -> Any:
    return one.item() if hasattr(one, "item") else one


def linspace(
    start: Any, stop: Any, num: int = 50, endpoint: bool = True, retstep: bool = False, dtype: Any = None,
    axis: int = 0, device: Place = None, ctx: Place = None,
) -> Any:  # fmt: skip
    """`num` evenly spaced numbers from start to stop. Arrays as start and stop give them along a new axis.

    >>> linspace(0, 1, 5)
    array([0.  , 0.25, 0.5 , 0.75, 1.  ])
    """
    wanted, num = chosen_dtype(dtype), integer("linspace: num", num)
    (start, stop), place = parameters_of((start, stop), to_exact(wanted), device, ctx)
    value = creation.linspace(start, stop, num, endpoint, wanted, place)
    result = finish(movement.moveaxis(value, 0, axis) if axis else value)
    if not retstep:
        return result
    step = (stop - start) / max(1, num - 1 if endpoint else num)
    return result, finish(step) if isinstance(step, Value) else step


def logspace(
    start: Any, stop: Any, num: int = 50, endpoint: bool = True, base: float = 10.0, dtype: Any = None,
    axis: int = 0, device: Place = None, ctx: Place = None,
) -> ndarray:  # fmt: skip
    """`num` numbers from base ** start to base ** stop, evenly spaced on a logarithmic scale.

    >>> logspace(0, 3, 4, base=2)
    array([1., 2., 4., 8.])
    """
    wanted, num = chosen_dtype(dtype), integer("logspace: num", num)
    exponents = linspace(start, stop, num, endpoint, False, to_exact(wanted), axis, device, ctx)
    return finish(arithmetic.cast(powers.power(base, exponents._value), dtype=wanted))


def eye(
    N: int,  # noqa: N803
    M: int | None = None,  # noqa: N803
    k: int = 0,
    dtype: Any = None,
    device: Place = None,
    ctx: Place = None,
) -> ndarray:
    """Ones on the k-th diagonal, zeros elsewhere.

    >>> eye(2)
    array([[1., 0.],
           [0., 1.]])
    """
    shape = as_shape("eye", (N, N if M is None else M))
    return ndarray(creation.eye(shape, k, chosen_dtype(dtype), chosen_device(device, ctx)))


def identity(n: int, dtype: Any = None, device: Place = None, ctx: Place = None) -> ndarray:
    """The n x n identity matrix.

    >>> identity(2).tolist()
    [[1.0, 0.0], [0.0, 1.0]]
    """
    return eye(n, None, 0, dtype, device, ctx)


def tri(
    N: int,  # noqa: N803
    M: int | None = None,  # noqa: N803
    k: int = 0,
    dtype: Any = None,
    device: Place = None,
    ctx: Place = None,
) -> ndarray:
    """Ones on and below the k-th diagonal.

    >>> tri(2)
    array([[1., 0.],
           [1., 1.]])
    """
    shape = as_shape("tri", (N, N if M is None else M))
    return ndarray(creation.tri(shape, k, chosen_dtype(dtype), chosen_device(device, ctx)))


def tril(m: Any, k: int = 0) -> ndarray:
    """The array with zeros above the k-th diagonal.

    >>> tril(ones((2, 2)))
    array([[1., 0.],
           [1., 1.]])
    """
    return finish(creation.tril(as_value(m), k))


def triu(m: Any, k: int = 0) -> ndarray:
    """The array with zeros below the k-th diagonal.

    >>> triu(ones((2, 2)))
    array([[1., 1.],
           [0., 1.]])
    """
    return finish(creation.triu(as_value(m), k))


def copy(a: Any, out: Any = None) -> ndarray:
    """A copy, which later writes do not change; differentiable under record.

    >>> x = ones(2)
    >>> y = copy(x)
    >>> x[:] = 5
    >>> y
    array([1., 1.])
    """
    return finish(arithmetic.identity(as_value(a)), out)


def meshgrid(*xi: Any, indexing: str = "xy", sparse: bool = False, copy: bool = True) -> list[ndarray]:
    """Coordinate matrices from coordinate vectors.

    >>> [grid.tolist() for grid in meshgrid(arange(2), arange(2))]
    [[[0.0, 1.0], [0.0, 1.0]], [[0.0, 0.0], [1.0, 1.0]]]
    """
    if indexing not in ("xy", "ij"):
        raise ArgumentError(f"meshgrid: indexing must be 'xy' or 'ij', got {indexing!r}")
    values = [as_value(one) for one in xi]
    order = [1, 0, *range(2, len(values))] if indexing == "xy" and len(values) > 1 else list(range(len(values)))
    lengths = [0] * len(values)
    for position, value in zip(order, values):
        lengths[position] = movement.reshape(value, -1).shape[0]
    grids = [_along(value, position, len(values)) for position, value in zip(order, values)]
    return [finish(grid if sparse else movement.broadcast_to(grid, lengths)) for grid in grids]


def _along(value: Value, axis: int, ndim: int) -> Value:
    return movement.reshape(value, tuple(-1 if at == axis else 1 for at in range(ndim)))


def indices(
    dimensions: Sequence[int], dtype: Any = None, device: Place = None, ctx: Place = None, *, sparse: bool = False
) -> Any:
    """The index of each element along each axis, stacked. With `sparse` a tuple of arrays that broadcast to that.

    >>> indices((2, 2))[1]
    array([[0, 1],
           [0, 1]], dtype=int64)
    """
    wanted, place = as_dtype("int64" if dtype is None else dtype), chosen_device(device, ctx)
    if sparse:
        grids = numpy.indices(tuple(dimensions), dtype=wanted, sparse=True)
        return tuple(ndarray(from_host(grid, place, wanted)) for grid in grids)
    return ndarray(from_host(numpy.indices(tuple(dimensions), dtype=wanted), place, wanted))

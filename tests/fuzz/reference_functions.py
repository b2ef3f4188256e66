"""`np`, `npx` and `autograd` over the arrays of `reference`, as far as random programs use them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from types import SimpleNamespace
from typing import Any

import numpy

from tests.fuzz.reference import Array, Machine, Numbers, Unsuitable, parts_of

# How near to a kink or a jump a float32 may be on the other side.
MARGIN = 1e-3


def namespace(machine: Machine) -> dict[str, Any]:
    """The names that a program finds."""

    def array(source: Any, dtype: str) -> Array:
        return machine.array(numpy.array(parts_of(source)[0], dtype=dtype))

    autograd = SimpleNamespace(
        record=lambda: machine.flags(True),
        pause=lambda: machine.flags(False),
        backward=lambda heads, weights, retain_graph=False: machine.backward(heads, weights, retain_graph),
    )
    np = SimpleNamespace(array=array, **NUMPY)
    return {"numpy": numpy, "np": np, "npx": SimpleNamespace(**EXTENSION), "autograd": autograd}


# -- elementwise -------------------------------------------------------------------------------------------


def _numbers(x: Any) -> Numbers:
    return parts_of(x)[0]


def _slopes(x: Any) -> Numbers:
    """Slopes that broadcast as the numbers do; those of a plain number are zero."""
    return x.slopes if isinstance(x, Array) else 0.0


def _column(numbers: Numbers) -> Numbers:
    return numpy.asarray(numbers)[..., None]


def _machine(*inputs: Any) -> Machine:
    return next(one.machine for one in inputs if isinstance(one, Array))


def unary(function: Callable[[Numbers], Numbers], slope: Callable[[Numbers, Numbers], Numbers]) -> Any:
    """An op of one array; `slope` takes the numbers and the result."""

    def op(x: Array) -> Array:
        out = function(x.numbers)
        return x.machine.result(out, lambda: _column(slope(x.numbers, out)) * x.slopes, x)

    return op


def binary(function: Callable[[Numbers, Numbers], Numbers], slopes: Callable[..., Numbers]) -> Any:
    """An op of two arrays or numbers; `slopes` takes numbers and slopes of both."""

    def op(x: Any, y: Any) -> Array:
        a, b = _numbers(x), _numbers(y)
        return _machine(x, y).result(
            function(a, b), lambda: slopes(_column(a), _column(b), _slopes(x), _slopes(y)), x, y
        )

    return op


def compared(function: Callable[[Numbers, Numbers], Numbers]) -> Any:
    """A comparison, which jumps."""

    def op(x: Any, y: Any) -> Array:
        a, b = _numbers(x), _numbers(y)
        machine = _machine(x, y)
        if machine.wide and numpy.result_type(a, b).kind == "f":
            _refuse(numpy.abs(a - b) < MARGIN)
        return machine.array(function(a, b))

    return op


def _refuse(bad: Numbers) -> None:
    if numpy.any(bad):
        raise Unsuitable("too near to a kink")


def where(condition: Any, x: Any, y: Any) -> Array:
    c, a, b = _numbers(condition), _numbers(x), _numbers(y)
    slopes = lambda: numpy.where(_column(c), _slopes(x), _slopes(y))  # noqa: E731
    return _machine(condition, x, y).result(numpy.where(c, a, b), slopes, x, y)


def chosen(better: Callable[[Numbers, Numbers], Numbers]) -> Any:
    """maximum or minimum: one of two, which must not tie."""

    def op(x: Any, y: Any) -> Array:
        a, b = _numbers(x), _numbers(y)
        machine = _machine(x, y)
        first = better(a, b)

        def slopes() -> Numbers:
            _refuse((numpy.abs(a - b) < MARGIN)[..., None] & (_slopes(x) != _slopes(y)))
            return numpy.where(_column(first), _slopes(x), _slopes(y))

        return machine.result(numpy.where(first, a, b), slopes, x, y)

    return op


maximum, minimum = chosen(numpy.greater_equal), chosen(numpy.less_equal)

add = binary(numpy.add, lambda a, b, da, db: da + db)
subtract = binary(numpy.subtract, lambda a, b, da, db: da - db)
multiply = binary(numpy.multiply, lambda a, b, da, db: a * db + b * da)
divide = binary(numpy.divide, lambda a, b, da, db: (da - a / b * db) / b)
negative = unary(numpy.negative, lambda x, out: numpy.full_like(x, -1))
tanh = unary(numpy.tanh, lambda x, out: 1 - out * out)
sigmoid = unary(lambda x: 1 / (1 + numpy.exp(-x)), lambda x, out: out * (1 - out))


def clip(x: Array, low: float, high: float) -> Array:
    return minimum(maximum(x, low), high)


# -- reductions and scans ------------------------------------------------------------------------------------


def _axes(axis: Any, ndim: int) -> tuple[int, ...]:
    if axis is None:
        return tuple(range(ndim))
    return tuple(_axis(one, ndim) for one in (axis if isinstance(axis, tuple) else (axis,)))


def _axis(axis: int, ndim: int) -> int:
    if not -ndim <= axis < ndim:
        raise ValueError(f"axis {axis} of {ndim} dimensions")
    return axis % ndim


def total(x: Array, axis: Any = None, keepdims: bool = False) -> Array:
    axes = _axes(axis, x.numbers.ndim)
    return x.machine.result(x.numbers.sum(axes, keepdims=keepdims), lambda: x.slopes.sum(axes, keepdims=keepdims), x)


def mean(x: Array, axis: Any = None, keepdims: bool = False) -> Array:
    axes = _axes(axis, x.numbers.ndim)
    if not x.numbers.size:
        raise Unsuitable("the mean of nothing")
    return x.machine.result(x.numbers.mean(axes, keepdims=keepdims), lambda: x.slopes.mean(axes, keepdims=keepdims), x)


def extreme(sign: int) -> Any:
    """max or min over axes; elements that tie must have the same slopes."""

    def op(x: Array, axis: Any = None, keepdims: bool = False) -> Array:
        axes = _axes(axis, x.numbers.ndim)
        kept = [at for at in range(x.numbers.ndim) if at not in axes]
        shape = tuple(x.shape[at] for at in kept)
        rows = x.numbers.transpose(*kept, *axes).reshape(*shape, -1)
        if not rows.shape[-1]:
            raise ValueError("an extreme of nothing")
        best = numpy.argmax(rows if sign > 0 else -rows.astype("float64"), -1)[..., None]
        numbers = numpy.take_along_axis(rows, best, -1)[..., 0]

        def slopes() -> Numbers:
            order = (*kept, *axes, x.numbers.ndim)
            behind = x.slopes.transpose(order).reshape(*rows.shape, -1)
            taken = numpy.take_along_axis(behind, best[..., None], -2)
            _refuse((numpy.abs(rows - numbers[..., None]) < MARGIN)[..., None] & (behind != taken))
            return taken[..., 0, :].reshape(*out_shape, -1)

        out_shape = tuple(1 if at in axes else n for at, n in enumerate(x.shape)) if keepdims else shape
        return x.machine.result(numbers.reshape(out_shape), slopes, x)

    return op


def cumsum(x: Array, axis: int) -> Array:
    axis = _axis(axis, x.numbers.ndim)
    return x.machine.result(numpy.cumsum(x.numbers, axis), lambda: numpy.cumsum(x.slopes, axis), x)


def sort(x: Array, axis: int) -> Array:
    """Elements that tie must have the same slopes."""
    axis = _axis(axis, x.numbers.ndim)
    order = numpy.argsort(x.numbers, axis, stable=True)
    numbers = numpy.take_along_axis(x.numbers, order, axis)

    def slopes() -> Numbers:
        taken = numpy.take_along_axis(x.slopes, order[..., None], axis)
        _refuse((numpy.diff(numbers, axis=axis) < MARGIN)[..., None] & (numpy.diff(taken, axis=axis) != 0))
        return taken

    return x.machine.result(numbers, slopes, x)


def softmax(x: Array, axis: int = -1) -> Array:
    axis = _axis(axis, x.numbers.ndim)
    raised = numpy.exp(x.numbers - x.numbers.max(axis, keepdims=True))
    out = raised / raised.sum(axis, keepdims=True)
    weighted = lambda: _column(out) * x.slopes  # noqa: E731
    return x.machine.result(out, lambda: weighted() - _column(out) * weighted().sum(axis, keepdims=True), x)


def log_softmax(x: Array, axis: int = -1) -> Array:
    axis = _axis(axis, x.numbers.ndim)
    centred = x.numbers - x.numbers.max(axis, keepdims=True)
    out = centred - numpy.log(numpy.exp(centred).sum(axis, keepdims=True))
    return x.machine.result(out, lambda: x.slopes - (_column(numpy.exp(out)) * x.slopes).sum(axis, keepdims=True), x)


def matmul(x: Array, y: Array) -> Array:
    """Matrices, or stacks of as many axes."""
    if x.numbers.ndim != y.numbers.ndim or x.numbers.ndim < 2:
        raise Unsuitable("shapes of matmul")
    front = lambda one: numpy.moveaxis(one.slopes, -1, 0)  # noqa: E731
    slopes = lambda: numpy.moveaxis(front(x) @ y.numbers + x.numbers @ front(y), 0, -1)  # noqa: E731
    return x.machine.result(x.numbers @ y.numbers, slopes, x, y)


# -- movements: whatever only picks elements -------------------------------------------------------------------


def moved(function: Callable[..., Numbers]) -> Any:
    """An op that picks elements of one array: what it does to their positions says which."""

    def op(x: Array, *rest: Any, **options: Any) -> Array:
        places = numpy.arange(x.numbers.size).reshape(x.shape)
        places = numpy.asarray(function(places, *map(_numbers, rest), **options))
        flat = x.slopes.reshape(x.numbers.size, x.machine.columns)
        return x.machine.result(x.numbers.reshape(-1)[places], lambda: flat[places], x)

    return op


def joined(function: Callable[..., Numbers]) -> Any:
    """concatenate or stack."""

    def op(arrays: Sequence[Array], axis: int) -> Array:
        numbers = function([one.numbers for one in arrays], axis=axis)
        axis = _axis(axis, numbers.ndim)
        return _machine(*arrays).result(numbers, lambda: function([one.slopes for one in arrays], axis=axis), *arrays)

    return op


def _pick(places: Numbers, index: Numbers, axis: int = -1, mode: str = "clip", keepdims: bool = False) -> Numbers:
    length = places.shape[axis]
    inside = numpy.clip(index, 0, length - 1) if mode == "clip" else index % length
    found = numpy.take_along_axis(places, numpy.expand_dims(inside, axis), axis)
    return found if keepdims else found.squeeze(axis)


def index_update(a: Array, ind: Any, val: Any) -> Array:
    out = copy(a)
    out[tuple(_numbers(ind))] = val
    return out


def index_add(a: Array, ind: Any, val: Any) -> Array:
    rows = tuple(_numbers(ind))
    numbers = a.numbers.copy()
    numpy.add.at(numbers, rows, _numbers(val))

    def slopes() -> Numbers:
        out = a.slopes.copy()
        if isinstance(val, Array):
            numpy.add.at(out, rows, val.slopes)
        return out

    return a.machine.result(numbers, slopes, a, val)


def one_hot(x: Array, depth: int) -> Array:
    return x.machine.array((x.numbers[..., None] == numpy.arange(depth)).astype("float32"))


def astype(x: Array, dtype: str) -> Array:
    if x.machine.wide and x.dtype.kind == "f" and numpy.dtype(dtype).kind != "f":
        raise Unsuitable("casts jump")
    return x.machine.result(x.numbers.astype(dtype), lambda: x.slopes, x)


copy = moved(lambda places: places)
take = moved(lambda places, indices, axis=None, mode="raise": numpy.take(places, indices, axis, mode=mode))

NUMPY: dict[str, Any] = {
    "tanh": tanh,
    "sin": unary(numpy.sin, lambda x, out: numpy.cos(x)),
    "cos": unary(numpy.cos, lambda x, out: -numpy.sin(x)),
    "exp": unary(numpy.exp, lambda x, out: out),
    "square": unary(numpy.square, lambda x, out: 2 * x),
    "sqrt": unary(numpy.sqrt, lambda x, out: 0.5 / out),
    "log1p": unary(numpy.log1p, lambda x, out: 1 / (1 + x)),
    "abs": lambda x: maximum(x, negative(x)),
    "maximum": maximum,
    "minimum": minimum,
    "clip": clip,
    "where": where,
    "sum": total,
    "mean": mean,
    "max": extreme(1),
    "min": extreme(-1),
    "cumsum": cumsum,
    "sort": sort,
    "matmul": matmul,
    "transpose": moved(lambda places, axes=None: numpy.transpose(places, axes)),
    "reshape": moved(lambda places, shape: numpy.reshape(places, shape)),
    "broadcast_to": moved(lambda places, shape: numpy.broadcast_to(places, shape)),
    "expand_dims": moved(lambda places, axis: numpy.expand_dims(places, axis)),
    "squeeze": moved(lambda places, axis=None: numpy.squeeze(places, axis)),
    "flip": moved(lambda places, axis=None: numpy.flip(places, axis)),
    "roll": moved(lambda places, shift, axis=None: numpy.roll(places, shift, axis)),
    "repeat": moved(lambda places, repeats, axis=None: numpy.repeat(places, repeats, axis)),
    "take": take,
    "take_along_axis": moved(lambda places, indices, axis: numpy.take_along_axis(places, indices, axis)),
    "compress": lambda condition, x, axis: take(x, numpy.flatnonzero(condition), axis),
    "concatenate": joined(numpy.concatenate),
    "stack": joined(numpy.stack),
}

EXTENSION: dict[str, Any] = {
    "relu": lambda x: maximum(x, 0.0),
    "sigmoid": sigmoid,
    "softmax": softmax,
    "log_softmax": log_softmax,
    "pick": moved(_pick),
    "gather_nd": moved(lambda places, indices: places[tuple(indices)]),
    "index_update": index_update,
    "index_add": index_add,
    "one_hot": one_hot,
}


def _reflected(op: Any) -> Any:
    return lambda x, y: op(y, x)


def _in_place(op: Any) -> Any:
    return lambda x, y: x.assign(op(x, y))


class Operand(Array):
    """An array with Python's operators."""

    __add__ = add
    __sub__ = subtract
    __mul__ = multiply
    __truediv__ = divide
    __radd__ = _reflected(add)
    __rsub__ = _reflected(subtract)
    __rmul__ = _reflected(multiply)
    __rtruediv__ = _reflected(divide)
    __iadd__ = _in_place(add)
    __isub__ = _in_place(subtract)
    __imul__ = _in_place(multiply)
    __itruediv__ = _in_place(divide)
    __neg__ = negative
    __lt__ = compared(numpy.less)
    __le__ = compared(numpy.less_equal)
    __gt__ = compared(numpy.greater)
    __ge__ = compared(numpy.greater_equal)
    __eq__ = compared(numpy.equal)
    __ne__ = compared(numpy.not_equal)
    __and__ = compared(numpy.bitwise_and)
    __hash__ = object.__hash__
    copy = copy
    astype = astype
    sum = total
    max = NUMPY["max"]

    def __invert__(self) -> Array:
        return self.machine.array(~self.numbers)

    @property
    def T(self) -> Array:  # noqa: N802 - NumPy's name
        return NUMPY["transpose"](self)


class Calculator(Machine):
    """A machine whose arrays have operators."""

    array_type = Operand

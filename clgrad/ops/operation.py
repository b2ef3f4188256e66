"""What an op is: a primitive or a composition, a check of its inputs, and a gradient rule.

A gradient rule is a function `(g, out, *inputs, **attributes)` that returns one cotangent per input. If these share no
work, the rule may be a tuple with one such function per input instead. None, for a cotangent or a function, means zero.
Rules are written with these same ops, so an op can be differentiated any number of times.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import cache
from typing import Any

import numpy

from clgrad import dtypes
from clgrad.dtypes import DType
from clgrad.errors import DeviceError, DTypeError
from clgrad.graph.capture import Deferred
from clgrad.graph.node import Node, Scalar
from clgrad.primitives import IOTA, Pointwise, Primitive
from clgrad.runtime.device import Device
from clgrad.shapes import Shape, broadcast_shapes
from clgrad.tape import NO_ATTRIBUTES, STATE, record

# A rule that gives all cotangents, or one rule per input. Rules of inputs that need no gradient are not called.
Gradient = Callable[..., Sequence[Any]] | tuple[Callable[..., Any] | None, ...]
OPERATIONS: dict[str, Operation] = {}


class Value(Node):
    """The input and result type of ops: a node with Python's operators, for gradient rules."""

    __slots__ = ()

    def __add__(self, other: Any) -> Value:
        return OPERATIONS["add"](self, other)

    def __radd__(self, other: Any) -> Value:
        return OPERATIONS["add"](self, other)

    def __sub__(self, other: Any) -> Value:
        return OPERATIONS["subtract"](self, other)

    def __rsub__(self, other: Any) -> Value:
        return OPERATIONS["subtract"](other, self)

    def __mul__(self, other: Any) -> Value:
        return OPERATIONS["multiply"](self, other)

    def __rmul__(self, other: Any) -> Value:
        return OPERATIONS["multiply"](self, other)

    def __truediv__(self, other: Any) -> Value:
        return OPERATIONS["divide"](self, other)

    def __rtruediv__(self, other: Any) -> Value:
        return OPERATIONS["divide"](other, self)

    def __pow__(self, other: Any) -> Value:
        return OPERATIONS["power"](self, other)

    def __neg__(self) -> Value:
        return OPERATIONS["negative"](self)


class Operation:
    """A named op with a gradient rule. An op without a rule is not recorded."""

    def __init__(self, name: str, gradient: Gradient | None) -> None:
        self.name = name
        self.gradient = gradient
        OPERATIONS[name] = self

    def __repr__(self) -> str:
        return f"<op {self.name}>"

    def __call__(self, *inputs: Any, **attributes: Any) -> Value:
        raise TypeError(f"{self.name} has no forward computation")

    def vjp(self, g: Value, out: Value, inputs: Sequence[Any], attributes: dict[str, Any]) -> Sequence[Any]:
        """Cotangents of the inputs. If an input was broadcast, its cotangent is summed to the input's shape."""
        if self.gradient is None:
            return (None,) * len(inputs)
        plain = inputs
        if Scalar in map(type, inputs):
            plain = [one.value if type(one) is Scalar else one for one in inputs]
        rules = self.gradient
        if isinstance(rules, tuple):
            found = [
                None if rule is None or one.entry is None else rule(g, out, *plain, **attributes)
                for rule, one in zip(rules, inputs)
            ]
        else:
            found = [*rules(g, out, *plain, **attributes)]
        for position, (cotangent, one) in enumerate(zip(found, inputs)):
            if cotangent is None or one.entry is None:
                found[position] = None
            elif cotangent.shape != one.shape or cotangent.dtype is not one.dtype:
                found[position] = fit(cotangent, one)
        return found


def fit(cotangent: Value, target: Value) -> Value:
    """`cotangent` summed to the shape of `target`, in its dtype."""
    if cotangent.shape != target.shape:
        cotangent = OPERATIONS["sum_to"](cotangent, shape=target.shape)
    if cotangent.dtype is not target.dtype:
        cotangent = OPERATIONS["cast"](cotangent, dtype=target.dtype)
    return cotangent


class Composite(Operation):
    """An op that is computed by other ops, but has its own gradient rule.

    `forward(*inputs, **attributes)` gets values or Python numbers and returns a value.
    """

    def __init__(self, name: str, forward: Callable[..., Value], gradient: Gradient | None) -> None:
        super().__init__(name, gradient)
        self.forward = forward

    def __call__(self, *inputs: Any, **attributes: Any) -> Value:
        if len(inputs) > 1:
            check_one_device(self.name, inputs)
        if not STATE.recording:
            return self.forward(*inputs, **attributes)
        STATE.recording = False
        try:
            out = self.forward(*inputs, **attributes)
        finally:
            STATE.recording = True
        recorded = inputs
        for one in inputs:
            if out is one:
                out = alias(out)
            elif type(one) is not Value:
                recorded = tuple([one if isinstance(one, Node) else Scalar(one) for one in inputs])
        if self.gradient is not None:
            record(out, self, recorded, attributes)
        return out


def alias(value: Value) -> Value:
    """A new value with the same elements and without history."""
    strides, offset = value.layout()
    out = value.view(value.shape, strides, offset)
    assert isinstance(out, Value)
    return out


_BOOL = dtypes.bool_
_FLOATING = frozenset(dtypes.FLOATING)
_NUMERIC = _FLOATING | frozenset(dtypes.INTEGERS)
# For each `accepts` of an op, the dtypes that need no conversion.
_DIRECT = {
    "any": frozenset(dtypes.ALL),
    "number": _NUMERIC,
    "count": _NUMERIC,
    "float": frozenset(dtypes.FLOATING),
    "integer": frozenset((*dtypes.INTEGERS, dtypes.bool_)),
}


class Elementwise(Operation):
    """A C expression for each element; inputs broadcast.

    `accepts`: 'any', 'number' (not bool), 'count' (bool is computed as int8), 'float' (other dtypes are converted to
    floats), 'integer' (also bool).
    `result`: 'same' for the common dtype of the inputs, or 'bool'. `boolean`: another expression for booleans, for
    ops such as add whose expression would give values other than 0 and 1.
    """

    def __init__(
        self, name: str, expression: str, gradient: Gradient | None = None,
        accepts: str = "any", result: str = "same", cost: int = 1, boolean: str | None = None,
    ) -> None:  # fmt: skip
        super().__init__(name, gradient)
        self.primitive = Pointwise(name, expression, cost=cost)
        self.boolean = self.primitive if boolean is None else Pointwise(name, boolean)
        self.accepts = accepts
        self._always = _BOOL if result == "bool" else None
        self._direct = _DIRECT[accepts]
        self._direct_to_number = self._direct & _FLOATING

    def __call__(self, *inputs: Any, **attributes: Any) -> Value:
        first, last = inputs[0], inputs[-1]
        if (
            type(first) is Value is type(last)
            and first.dtype is last.dtype
            and first.device is last.device
            and first.dtype in self._direct
            and len(inputs) <= 2
        ):
            # Most calls: one array, or two arrays that need no conversion.
            values, shape = inputs, first.shape
            if shape != last.shape:
                shape = broadcast_shapes(self.name, shape, last.shape)
        else:
            values, first, shape = self._operands(inputs)
        kind = first.dtype
        primitive = self.boolean if kind is _BOOL else self.primitive
        out = Value(primitive, values, kind, shape, self._always or kind, first.device)
        if STATE.recording and self.gradient is not None:
            record(out, self, values, NO_ATTRIBUTES)
        return out

    def _operands(self, inputs: tuple[Any, ...]) -> tuple[tuple[Any, ...], Value, Shape]:
        """The inputs in their common dtype, the first array among them, and the shape of the result."""
        if len(inputs) == 2:
            # A float array and a number need no conversion.
            first, last = inputs
            if type(first) is not Value:
                if type(last) is Value and last.dtype in self._direct_to_number and _is_plain_number(first):
                    return (Scalar(first), last), last, last.shape
            elif type(last) is not Value and first.dtype in self._direct_to_number and _is_plain_number(last):
                return (first, Scalar(last)), first, first.shape
        values, _ = common(self.name, inputs, self.accepts)
        return values, next(one for one in values if type(one) is not Scalar), joint_shape(self.name, values)


def _is_plain_number(value: Any) -> bool:
    """Whether it is a Python number that every float dtype accepts, so that no check is needed."""
    return type(value) is float or (type(value) is int and -_HUGE < value < _HUGE)


# Below this, Python integers can become floats.
_HUGE = 2**1023


def joint_shape(name: str, values: tuple[Any, ...]) -> Shape:
    shapes: list[Shape] = [one.shape for one in values if type(one) is not Scalar]
    first = shapes[0]
    for shape in shapes:
        if shape != first:
            return broadcast_shapes(name, *shapes)
    return first


def common(name: str, inputs: tuple[Any, ...], accepts: str = "any") -> tuple[tuple[Any, ...], Device]:
    """The inputs in their common dtype, with Python numbers as Scalars, and their device. Raises if devices differ."""
    first, last = inputs[0], inputs[-1]
    alike = type(first) is Value is type(last) and first.dtype is last.dtype and first.device is last.device
    if alike and accepts == "any" and len(inputs) <= 2:
        return inputs, first.device
    dtype: DType | None = None
    device: Device | None = None
    kinds: list[type] = []
    uniform = True
    for one in inputs:
        if isinstance(one, Node):
            if dtype is None:
                dtype, device = one.dtype, one.device
            else:
                if one.device is not device:
                    raise_device_mismatch(name, device, one.device)
                if one.dtype is not dtype:
                    dtype = dtypes.promote(dtype, one.dtype)
                    uniform = False
        else:
            kinds.append(scalar_kind(name, one))
    if dtype is None or device is None:
        raise TypeError(f"{name}: needs an array among its inputs, got {inputs!r}")
    if not uniform and dtype == dtypes.float64 and not device.capabilities.fp64:
        raise DTypeError(
            f"{name}: uint64 with signed integers gives float64, which {device} ({device.name}) does not support; "
            "convert one of them: x.astype('int64')"
        )
    wanted = accepted(name, dtype, tuple(kinds), accepts, dtypes.DEFAULTS.floating)
    if uniform and wanted == dtype and not kinds:
        return inputs, device
    cast = OPERATIONS["cast"]
    return tuple(
        (one if one.dtype == wanted else cast(one, dtype=wanted))
        if isinstance(one, Node)
        else checked_scalar(name, one, wanted)
        for one in inputs
    ), device


def scalar_kind(name: str, value: Any) -> type:
    """The Python type, bool, int or float, of a Python or NumPy number."""
    for kind, types in (
        (bool, (bool, numpy.bool_)),
        (int, (int, numpy.integer)),
        (float, (float, numpy.floating)),
    ):
        if isinstance(value, types):
            return kind
    if isinstance(value, Deferred):
        return value.kind
    raise TypeError(f"{name}: {type(value).__name__} is not an array or a number")


def checked_scalar(name: str, value: Any, dtype: DType) -> Scalar:
    """A number as a `dtype` holds it: as a bool, as an integer without fraction, or as it is. Raises if too large."""
    if type(value) not in (int, float, bool):
        value = value.item()
    kind = dtype.kind
    if kind == "f":
        if type(value) is int and not -_HUGE < value < _HUGE:
            raise OverflowError(f"{name}: an integer of {value.bit_length()} bits does not fit {dtype.name}")
        return Scalar(value)
    if kind == "b":
        return Scalar(bool(value))
    low, high = dtypes.bounds(dtype)
    if not low - 1 < value < high + 1:
        raise OverflowError(f"{name}: {value} does not fit {dtype.name} ({low} to {high})")
    return Scalar(value if type(value) is int else int(value))


@cache
def accepted(name: str, dtype: DType, kinds: tuple[type, ...], accepts: str, floating: DType) -> DType:
    """The dtype that op `name` computes in, for arrays of `dtype` and Python numbers of the types `kinds`."""
    for kind in kinds:
        dtype = dtypes.promote_scalar(dtype, kind, floating)
    if accepts == "float":
        return dtype if dtypes.is_floating(dtype) else floating
    if accepts == "integer" and dtype.kind == "f":
        raise DTypeError(f"{name}: takes integers or booleans, got {dtype.name}; convert with astype first")
    if accepts == "number" and dtype == dtypes.bool_:
        raise DTypeError(f"{name}: is not defined for booleans; convert with astype, or use a logical op")
    return dtypes.int8 if accepts == "count" and dtype == dtypes.bool_ else dtype


def check_one_device(name: str, inputs: Iterable[Any]) -> None:
    """Raise unless all arrays among the inputs of op `name` are on the same device."""
    device: Device | None = None
    for one in inputs:
        if isinstance(one, Node) and one.device is not device:
            if device is not None:
                raise_device_mismatch(name, device, one.device)
            device = one.device


def raise_device_mismatch(name: str, first: Any, second: Any) -> None:
    raise DeviceError(
        f"{name}: inputs are on {first} and {second}, and an op needs all inputs on one device. "
        f"Copy one of them: x.to_device({str(first)!r})"
    )


_FILL = Pointwise("fill", "x", typed_by=None, cost=0)


def fill(value: Any, shape: Shape, dtype: DType, device: Device, name: str = "fill") -> Value:
    """An array filled with one number, which must fit the dtype; op `name` is for the error. Takes no memory itself."""
    return Value(_FILL, (checked_scalar(name, value, dtype),), dtype, shape, dtype, device)


def filled_with(value: Value) -> bool | int | float | None:
    """The number of an array that `fill` made; None for other arrays."""
    number: bool | int | float | None = value.inputs[0].value if value.primitive is _FILL else None
    return number


def iota(shape: Shape, device: Device) -> Value:
    """The row-major index of each element, as int64. Takes no memory itself."""
    return Value(IOTA, (), None, shape, dtypes.int64, device)


def unary(
    name: str,
    expression: str,
    gradient: Callable[..., Any] | None = None,
    accepts: str = "float",
    **options: Any,
) -> Elementwise:
    """An elementwise op of one array. Its gradient rule `(g, out, x)` returns a cotangent, not a tuple."""
    return Elementwise(name, expression, None if gradient is None else (gradient,), accepts, **options)


__all__ = [
    "OPERATIONS", "Composite", "Elementwise", "Gradient", "Operation", "Primitive", "Value", "alias",
    "check_one_device", "checked_scalar", "common", "fill", "filled_with", "fit", "iota", "scalar_kind", "unary",
]  # fmt: skip

"""What a row of tests/reference.py is, and how it becomes cases: dtypes, shapes, memory layouts, special values.

Everything a row asks of one device is computed in one flush, so that it is built as one program.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from zlib import crc32

import numpy

from clgrad import dtypes, tape
from clgrad.dtypes import DType
from clgrad.graph.execute import flush, read
from clgrad.ops.arithmetic import cast, identity
from clgrad.ops.movement import broadcast_to, flip, slice_axes, transpose
from clgrad.ops.operation import Value, alias, fill
from clgrad.ops.reduction import sum as total
from clgrad.ops.selection import constant
from clgrad.runtime.device import Device

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


@dataclass
class Case:
    """One call: the value, what it must be, and words that say which case it is."""

    label: str
    value: Value
    wanted: Array
    dtype: DType


LAYOUTS = ("contiguous", "transposed", "sliced", "flipped", "pending", "broadcast")


def lay(array: Array, layout: str, device: Device) -> Value:
    """The array as a value that lies, or is still to be computed, in the given way."""
    if layout == "transposed":
        return transpose(constant(array.T.copy(), device))
    if layout == "sliced":
        wide = numpy.full([2 * n + 3 for n in array.shape], 1, array.dtype)
        inside = tuple(slice(2, 2 * n + 2, 2) for n in array.shape)
        wide[inside] = array
        ones = (1,) * array.ndim
        return slice_axes(
            constant(wide, device), start=tuple(2 * n for n in ones), count=array.shape, step=tuple(2 * n for n in ones)
        )
    if layout == "flipped":
        return flip(constant(numpy.flip(array).copy(), device))
    if layout == "pending":
        return identity(constant(array, device))
    if layout == "broadcast" and array.ndim:
        return broadcast_to(constant(array[:1], device), array.shape)
    return constant(array, device)


def sample(generator: numpy.random.Generator, shape: Shape, dtype: DType, row: Row) -> Array:
    """Random elements within the row's domain."""
    low, high = row.domain
    if dtype == dtypes.bool_:
        return generator.random(shape) < 0.5
    if dtypes.is_integer(dtype):
        low = max(low, 0) if dtype.kind == "u" else low
        return generator.integers(int(numpy.ceil(low)), max(int(high), 1) + 1, shape).astype(dtype)
    if row.distinct:
        size = int(numpy.prod(shape))
        steps = generator.permutation(size).reshape(shape)
        return (low + (high - low) * (steps + 0.5) / max(size, 1)).astype(dtype)
    return generator.uniform(low, high, shape).astype(dtype)


def supported(row: Row, device: Device) -> list[DType]:
    return [dtype for dtype in row.dtypes if dtype != dtypes.float64 or device.capabilities.fp64]


def variants(row: Row, kinds: Sequence[DType]) -> Iterator[tuple[DType, str, dict[str, Any]]]:
    """Dtypes, layouts and keywords, each of them at least once; all pairs of the first two where the row asks for it.

    Other rows begin with another layout each, so that every dtype meets every layout in many of them.
    """
    first = crc32(row.name.encode())
    count = len(LAYOUTS) * len(kinds) if row.every_layout else max(len(kinds), len(LAYOUTS))
    for number in range(count):
        turn = number // len(kinds) if row.every_layout else number
        yield kinds[number % len(kinds)], LAYOUTS[(first + turn) % len(LAYOUTS)], row.keywords[0]
    for number, keywords in enumerate(row.keywords[1:]):
        yield kinds[0], LAYOUTS[number % 2], keywords


def cases(row: Row, device: Device) -> Iterator[Case]:
    """Every case of a row: dtypes, layouts and keywords for the first shapes, then other shapes, special values."""
    generator = numpy.random.default_rng(7)
    kinds = supported(row, device)
    for dtype, layout, keywords in variants(row, kinds):
        arrays = [sample(generator, shape, dtype, row) for shape in row.shapes[0]]
        if row.special and dtypes.is_floating(dtype):
            add_special_values(arrays)
        if layout == "broadcast":
            arrays = [numpy.broadcast_to(one[:1], one.shape) if one.ndim else one for one in arrays]
        yield _case(row, device, arrays, keywords, layout, f"{dtype.name} {layout} {keywords}")
    for shapes in row.shapes[1:]:
        arrays = [sample(generator, shape, kinds[0], row) for shape in shapes]
        yield _case(row, device, arrays, row.keywords[0], "contiguous", f"shapes {shapes}")


def add_special_values(arrays: list[Array]) -> None:
    """Put every combination of special values where the inputs meet element by element."""
    with numpy.errstate(all="ignore"):
        values = numpy.array(SPECIAL).astype(arrays[0].dtype)
    for array, special in zip(arrays, numpy.meshgrid(*[values] * len(arrays))):
        array.reshape(-1)[: special.size] = special.reshape(-1)


def _case(row: Row, device: Device, arrays: list[Array], keywords: dict[str, Any], layout: str, label: str) -> Case:
    fixed = [one(arrays) if callable(one) else one for one in row.fixed]
    values = [lay(one, layout, device) for one in arrays]
    value = identity(row.call(*values, *(on_device(one, device) for one in fixed), **keywords))
    wide = [one.astype("float64") if dtypes.is_floating(one.dtype) else one for one in arrays]
    with numpy.errstate(all="ignore"):
        wanted = numpy.asarray(row.reference(*wide, *fixed, **keywords))
    return Case(label, value, wanted, result_dtype(row, arrays))


def on_device(argument: Any, device: Device) -> Any:
    return constant(argument, device) if isinstance(argument, numpy.ndarray) else argument


def result_dtype(row: Row, arrays: Sequence[Array]) -> DType:
    given = arrays[0].dtype
    if row.result == "same":
        return given
    if row.result == "float":
        return dtypes.to_floating(given)
    if row.result == "sum":
        return given if dtypes.is_floating(given) else dtypes.as_dtype("uint64" if given.kind == "u" else "int64")
    return dtypes.as_dtype(row.result)


def check_forward(rows: Sequence[Row], device: Device) -> list[str]:
    """What differs from NumPy in the cases of some rows, which are computed, and built, together."""
    found = [(row, list(cases(row, device))) for row in rows]
    compute([case.value for _, group in found for case in group])
    problems = []
    for row, group in found:
        wrong = [problem for case in group if (problem := difference(row, case))]
        if wrong:
            problems.append(f"{row.name}: {len(wrong)} of {len(group)} cases differ:\n  " + "\n  ".join(wrong[:3]))
    return problems


# The outputs that one kernel gets.
IN_ONE_KERNEL = 12


def compute(values: Sequence[Value]) -> None:
    """Compute values in few kernels: those of one shape, unless it is one of few, are tied together by a sum."""
    by_shape: dict[Shape, list[Value]] = {}
    for value in values:
        by_shape.setdefault(value.shape, []).append(value)
    ties = [
        _sum_of(some[start : start + IN_ONE_KERNEL])
        for shape, some in by_shape.items()
        if len(shape) > 1
        for start in range(0, len(some), IN_ONE_KERNEL)
    ]
    flush([*values, *ties])


def _sum_of(values: Sequence[Value]) -> Value:
    result = cast(values[0], dtype=dtypes.float32)
    for value in values[1:]:
        result = result + cast(value, dtype=dtypes.float32)
    return result


def difference(row: Row, case: Case) -> str:
    """What is wrong with a case, or nothing."""
    got = read(case.value)
    if got.shape != case.wanted.shape or got.dtype != case.dtype:
        return f"{case.label}: got {got.dtype} {got.shape}, wanted {case.dtype} {case.wanted.shape}"
    bad = ~close(got, case.wanted, row)
    if not bad.any():
        return ""
    where = tuple(int(one) for one in numpy.argwhere(bad)[0]) if got.ndim else ()
    return (
        f"{case.label}: {int(bad.sum())} of {got.size} elements, e.g. at {where} "
        f"got {got[where]!r}, wanted {case.wanted[where]!r}"
    )


def close(got: Array, wanted: Array, row: Row) -> Array:
    """Where `got` is `wanted`, given in float64, within the row's roundings of the dtype of `got`."""
    if not dtypes.is_floating(got.dtype):
        return got == wanted
    with numpy.errstate(all="ignore"):
        rounded = wanted.astype(got.dtype)
        spacing = numpy.spacing(numpy.abs(rounded)).astype("float64")
        allowed = row.error * spacing + row.absolute * numpy.finfo(got.dtype).eps
        near = numpy.abs(got.astype("float64") - wanted) <= allowed
        return near | (got == rounded) | (numpy.isnan(got) & numpy.isnan(rounded))


# -- gradients ---------------------------------------------------------------------------------------------

# How far derivatives may be from differences, relative to the size of what was subtracted there.
TOLERANCE = {dtypes.float64: 2e-5, dtypes.float32: 1e-4}


@dataclass
class Check:
    """A computed derivative beside differences of NumPy's results, and the size of what was subtracted there."""

    label: str
    value: Value
    wanted: Array
    scale: Array


def check_gradient(rows: Sequence[Row], device: Device) -> list[str]:
    """What is wrong with gradients along a random direction, and with their gradients along another.

    They are compared with differences of NumPy's results in float64.
    """
    inputs = Inputs(device)
    found = [check for row in rows for check in _checks_of_row(row, inputs)]
    compute([check.value for check in found])
    problems = []
    for check in found:
        got = read(check.value)
        near = numpy.abs(got - check.wanted) <= TOLERANCE[got.dtype] * check.scale
        bad = ~near & (check.scale < numpy.finfo(got.dtype).max)
        if bad.any():
            problems.append(f"{check.label}: got {got[bad][0]}, differences give {check.wanted[bad][0]}")
    return problems


class Inputs:
    """Arrays on a device. Equal ones are there only once: kernels that read the same array become one."""

    def __init__(self, device: Device) -> None:
        self.device = device
        self._known: dict[Any, Value] = {}

    def constant(self, array: Array, layout: str = "contiguous") -> Value:
        """The array in one of the LAYOUTS."""
        key = array.tobytes(), array.dtype, array.shape, layout
        if key not in self._known:
            self._known[key] = lay(array, layout, self.device)
        return alias(self._known[key])


def _checks_of_row(row: Row, inputs: Inputs) -> Iterator[Check]:
    """All shapes and keywords in float64; once more in float32, from inputs that do not lie densely.

    Gradient rules do not know the kernel shape, so each has half of the pairs that broadcast and half of the rows in
    float32.
    """
    wide = dtypes.float64 if inputs.device.capabilities.fp64 else dtypes.float32
    turn = crc32(row.name.encode()) + (inputs.device.capabilities.kernel_shape == "gpu")
    shapes = [some for some in row.shapes if 0 not in [n for shape in some for n in shape]]
    if row.elementwise:
        broadcast = [some for some in shapes if len(set(some)) > 1]
        shapes = shapes[:1] + broadcast[turn % 2 :: 2]
    for keywords in row.keywords:
        for some in shapes:
            yield from _checks(Point(row, wide, some, keywords), inputs, ("contiguous",) * len(some))
    if shapes and dtypes.float32 in row.dtypes and turn % 2:
        layouts = [("transposed", "sliced")[(turn // 2 + at) % 2] for at in range(len(shapes[0]))]
        yield from _checks(Point(row, dtypes.float32, shapes[0], row.keywords[0]), inputs, layouts)


class Point:
    """Random inputs of a row, two directions to move them in, and a weight for each element of the result."""

    def __init__(self, row: Row, dtype: DType, shapes: Shapes, keywords: dict[str, Any]) -> None:
        generator = numpy.random.default_rng(11)
        self.row = row
        self.keywords = keywords
        self.label = f"of {row.name} in {dtype.name}, shapes {list(shapes)} {keywords}"
        self.flags = row.gradient if isinstance(row.gradient, tuple) else (True,) * len(shapes)
        self.arrays = [sample(generator, shape, dtype, row) for shape in shapes]
        self.fixed = [one(self.arrays) if callable(one) else one for one in row.fixed]
        self.wide = [one.astype("float64") for one in self.arrays]
        self.weight = generator.standard_normal(numpy.shape(row.reference(*self.wide, *self.fixed, **keywords)))
        self.directions = [[generator.standard_normal(shape) for shape in shapes] for _ in range(2)]
        # Whether each element of the result comes from one element of each input, and has derivatives of its own.
        self.elementwise = row.elementwise and len(set(shapes)) == 1

    def moved(self, *steps: float) -> Array:
        """NumPy's weighted result, or its sum, after steps in the directions."""
        inputs = self.wide
        for step, direction in zip(steps, self.directions):
            inputs = [x + step * d * flag for x, d, flag in zip(inputs, direction, self.flags)]
        terms = self.weight * self.row.reference(*inputs, *self.fixed, **self.keywords)
        return numpy.asarray(terms if self.elementwise else terms.sum())

    def derivatives(self, inputs: Inputs, layouts: Sequence[str]) -> tuple[Value, Value]:
        """The gradient along the first direction, and the gradient of that along the second one."""
        leaves = [inputs.constant(array, layout) for array, layout in zip(self.arrays, layouts)]
        for leaf, flag in zip(leaves, self.flags):
            leaf.entry = tape.Leaf(None, "write") if flag else None
        with tape.scope(recording=True):
            fixed = [inputs.constant(one) if isinstance(one, numpy.ndarray) else one for one in self.fixed]
            out = self.row.call(*leaves, *fixed, **self.keywords)
            assert out.entry is not None, f"{self.row.name} was not recorded"
            slope = self._along(0, out, inputs.constant(self.weight.astype(out.dtype)), leaves, inputs)
        ones = fill(1, slope.shape, slope.dtype, slope.device)
        return slope, self._along(1, slope, ones, leaves, inputs)

    def _along(self, number: int, head: Value, weight: Value, leaves: Sequence[Value], inputs: Inputs) -> Value:
        """The gradient of the head times a direction: per element, or in all."""
        found = tape.walk([head], [weight], retain_graph=number == 0).leaves
        result = fill(0, head.shape if self.elementwise else (), head.dtype, head.device)
        for leaf, direction in zip(leaves, self.directions[number]):
            gradient = found.get(leaf.entry)
            if gradient is not None:
                term = gradient * inputs.constant(direction.astype(gradient.dtype))
                result = result + (term if self.elementwise else total(term))
        return result


def _checks(point: Point, inputs: Inputs, layouts: Sequence[str]) -> Iterator[Check]:
    slope, bend = differences(point.moved)
    first, second = point.derivatives(inputs, layouts)
    size = numpy.abs(point.moved(0, 0)) + numpy.abs(slope) + 1
    yield Check(f"gradient {point.label}", first, slope, size)
    yield Check(f"second gradient {point.label}", second, bend, 50 * (size + numpy.abs(bend)))


def differences(moved: Callable[[float, float], Array]) -> tuple[Array, Array]:
    """First and mixed second derivative at 0, 0 of a function of two steps, by central differences."""
    h = 1e-6
    slope = (moved(h, 0) - moved(-h, 0)) / (2 * h)
    h = 1e-4
    bend = (moved(h, h) - moved(h, -h) - moved(-h, h) + moved(-h, -h)) / (4 * h * h)
    return slope, bend

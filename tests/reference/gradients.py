"""First and second gradients of rows beside differences of NumPy's results."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from zlib import crc32

import numpy

from clgrad import dtypes, tape
from clgrad.dtypes import DType
from clgrad.graph.execute import read
from clgrad.ops.operation import Value, alias, fill
from clgrad.ops.reduction import sum as total
from clgrad.runtime.device import Device
from tests.reference.cases import compute, lay, sample
from tests.reference.row import Array, Row, Shapes

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

"""For people who add ops: checks of gradients by central differences, and comparisons within a dtype's tolerance.

>>> from clgrad import np, testing
>>> testing.check_gradients(lambda x, y: np.sin(x) * y, [0.5, 1.0], [2.0, 3.0])
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy

from clgrad import autograd, dtypes
from clgrad import numpy as np
from clgrad.array import ndarray
from clgrad.array.device import Place, located
from clgrad.dtypes import DType
from clgrad.runtime.device import Device
from clgrad.shapes import Shape

HostArray = numpy.ndarray[Any, Any]
Function = Callable[..., Any]

# The relative error that results may have, by dtype.
TOLERANCES: dict[DType, float] = {dtypes.float16: 2e-3, dtypes.float32: 2e-6, dtypes.float64: 1e-13}

# By dtype: the step of central differences, and the relative error that they may then have.
_STEPS: dict[DType, tuple[float, float]] = {dtypes.float64: (1e-5, 1e-5), dtypes.float32: (1e-2, 2e-2)}


def assert_close(actual: Any, expected: Any, rtol: float | None = None, atol: float | None = None) -> None:
    """Raise AssertionError unless the shapes are equal and the elements agree within a tolerance.

    NaN equals NaN. The default `rtol` is the tolerance of the dtype; the default `atol` is `rtol` times the largest
    expected element.

    >>> from clgrad import np
    >>> assert_close(np.sqrt(np.array([2])), [1.4142135])
    """
    found, wanted = numpy.asarray(actual), numpy.asarray(expected)
    if rtol is None:
        rtol = tolerance(found.dtype)
    if atol is None:
        finite = numpy.abs(wanted[numpy.isfinite(wanted)], dtype="float64") if wanted.size else wanted
        atol = rtol * float(finite.max(initial=0.0))
    assert found.shape == wanted.shape, f"shape {found.shape} is not {wanted.shape}"
    numpy.testing.assert_allclose(found.astype("float64"), wanted.astype("float64"), rtol, atol)


def tolerance(dtype: Any) -> float:
    """The relative error that results of a dtype may have; 0 for integers and booleans.

    >>> tolerance('float64'), tolerance('int32')
    (1e-13, 0.0)
    """
    return TOLERANCES.get(dtypes.as_dtype(dtype), 0.0)


def check_gradients(
    function: Function,
    *inputs: Any,
    order: int = 2,
    rtol: float | None = None,
    step: float | None = None,
    seed: int = 0,
    device: Place = None,
) -> None:
    """Raise AssertionError unless the gradients of `function` agree with central differences, up to `order`.

    `function` takes arrays and returns an array or a list of arrays. The check compares the derivative along one random
    direction, to which every element of the gradient contributes; each higher order differentiates it again. Floats are
    computed in float64 if the device supports it. Inputs of integers and booleans are constants.

    >>> from clgrad import np
    >>> check_gradients(np.exp, [[0.1, -0.2]], order=3)
    """
    place = located(device)
    dtype = dtypes.float64 if place.capabilities.fp64 else dtypes.float32
    generator = numpy.random.default_rng(seed)
    points = [_point(one, dtype) for one in inputs]
    default_step, default_rtol = _STEPS[dtype]
    for current in range(1, order + 1):
        check = _Check(function, points, generator, place, default_step if step is None else step)
        check.compare(current, default_rtol if rtol is None else rtol)
        function = check.slope


def _point(source: Any, dtype: DType) -> HostArray:
    numbers: HostArray = numpy.asarray(source.asnumpy() if isinstance(source, ndarray) else source)
    return numbers.astype(dtype) if dtypes.is_floating(numbers.dtype) else numbers


class _Check:
    """One order: a function, a point, a direction there, and weights that make its outputs one number."""

    def __init__(
        self,
        function: Function,
        points: list[HostArray],
        generator: numpy.random.Generator,
        device: Device,
        step: float,
    ) -> None:
        self.function = function
        self.points = points
        self.generator = generator
        self.device = device
        self.step = step
        self.moving = [dtypes.is_floating(point.dtype) for point in points]
        self.directions = [self._random(point.shape, point.dtype) for point in points]
        self.weights: list[HostArray] = []

    def _random(self, shape: Shape, dtype: DType) -> HostArray:
        return numpy.asarray(self.generator.standard_normal(shape)).astype(dtype)

    def total(self, *arrays: ndarray) -> Any:
        """The outputs, each with random weights, summed to one number."""
        outputs = self.function(*arrays)
        listed = list(outputs) if isinstance(outputs, (list, tuple)) else [outputs]
        if not self.weights:
            self.weights = [self._random(one.shape, one.dtype) for one in listed]
        return sum((one * self._array(weight)).sum() for one, weight in zip(listed, self.weights))

    def slope(self, *arrays: ndarray) -> Any:
        """The derivative of `total` along the direction, from its gradient; differentiable."""
        variables = [one for one, moves in zip(arrays, self.moving) if moves]
        with autograd.record():
            aliases = [one if one._value.entry is not None else _attached(one) for one in variables]
            remaining = iter(aliases)
            total = self.total(*(next(remaining) if moves else one for one, moves in zip(arrays, self.moving)))
            if total._value.entry is None:
                # No input that moves was recorded, so the derivative is zero. If not, `compare` finds the difference.
                return np.zeros((), device=self.device)
            gradients = autograd.grad(total, aliases, create_graph=True, allow_unused=True)
            moving = [one for one, moves in zip(self.directions, self.moving) if moves]
            return sum((gradient * self._array(one)).sum() for gradient, one in zip(gradients, moving))

    def compare(self, order: int, rtol: float) -> None:
        """Raise unless the gradient and the difference agree."""
        exact = float(self.slope(*map(self._array, self.points)))
        distance = 2 * self.step
        estimate = (self._at(self.step) - self._at(-self.step)) / distance
        error, size = abs(exact - estimate), max(1.0, abs(exact), abs(estimate))
        if not error <= rtol * size:
            raise AssertionError(
                f"gradient of order {order}: {exact!r} along a random direction, and {estimate!r} by differences "
                f"(relative error {error / size:.2e}, allowed {rtol:.0e})"
            )

    def _at(self, offset: float) -> float:
        moved = [
            self._array(point + point.dtype.type(offset) * direction if moves else point)
            for point, direction, moves in zip(self.points, self.directions, self.moving)
        ]
        return float(self.total(*moved))

    def _array(self, numbers: HostArray) -> ndarray:
        return np.array(numbers, dtype=numbers.dtype, device=self.device)


def _attached(array: ndarray) -> ndarray:
    array.attach_grad()
    return array


def random_array(
    shape: Sequence[int], dtype: Any = "float32", low: float = -2.0, high: float = 2.0, seed: int = 0
) -> HostArray:
    """A NumPy array of uniformly distributed numbers from low to high, for tests.

    >>> random_array((2, 3)).shape
    (2, 3)
    """
    numbers = numpy.random.default_rng(seed).uniform(low, high, tuple(shape))
    result: HostArray = numpy.asarray(numbers).astype(dtype)
    return result

"""Counter-based random numbers: the same seed gives the same numbers on every device.

Each call takes the next stream of the current seed. Element i of a result depends only on seed, stream and i. Seed
and stream are arguments of the fused kernel, so random numbers take no memory, and new ones need no compilation.
See cl_kernels/functions/random.cl.
"""

from __future__ import annotations

from itertools import count
from operator import index
from os import urandom
from typing import Any

import numpy

from clgrad import dtypes
from clgrad.dtypes import DType
from clgrad.errors import ArgumentError, DTypeError
from clgrad.graph.capture import current, refuse_to_look
from clgrad.graph.node import Node, Scalar
from clgrad.ops.arithmetic import cast
from clgrad.ops.checks import refuse
from clgrad.ops.choice import minimum
from clgrad.ops.comparison import greater_equal, less, less_equal, logical_and, logical_not
from clgrad.ops.creation import check_dtype
from clgrad.ops.operation import Value, iota, joint_shape
from clgrad.ops.selection import constant
from clgrad.primitives import Pointwise
from clgrad.runtime.device import Device
from clgrad.shapes import Shape


class Generator:
    """A seed and the number of the next stream."""

    def __init__(self, seed: int) -> None:
        self.seed = seed % 2**64
        self.streams = count()


_generator = Generator(int.from_bytes(urandom(8), "little"))


def seed(value: int) -> None:
    """Restart the random numbers: the following ones depend only on the seed and on the order of calls."""
    global _generator
    _generator = Generator(index(value))


def next_stream() -> tuple[int, int]:
    """The seed, as a signed number, and the next stream."""
    generator = _generator
    return _signed(generator.seed), next(generator.streams)


def _signed(number: int) -> int:
    """The same 64 bits as a signed number."""
    return number - 2**64 if number >= 2**63 else number


# The C arguments (element, stream, seed). The dtype of these ops is int64, so that seed and stream keep all their bits.
_ARGUMENTS = "as_ulong_v(x), (ulong)FIRST_LANE(y), (ulong)FIRST_LANE(z)"
_UNIFORM = Pointwise("uniform", f"uniform_float({_ARGUMENTS})", cost=60)
_UNIFORM_DOUBLE = Pointwise("uniform", f"uniform_double({_ARGUMENTS})", cost=60)
_NORMAL = Pointwise("normal", f"normal_float({_ARGUMENTS})", cost=90)
_NORMAL_DOUBLE = Pointwise("normal", f"normal_double({_ARGUMENTS})", cost=120)
_BELOW = Pointwise("randint", f"random_integer({_ARGUMENTS}, 0, (ulong)FIRST_LANE(w))", cost=60)


def _sample(primitive: Pointwise, shape: Shape, dtype: DType, device: Device, *numbers: Scalar) -> Value:
    """One number per element from the next stream."""
    capture = current()
    key, stream = next_stream() if capture is None else capture.draw()
    inputs = (iota(shape, device), Scalar(stream), Scalar(key), *numbers)
    return Value(primitive, inputs, dtypes.int64, shape, dtype, device)


def _floating(name: str, dtype: DType, device: Device) -> DType:
    if not dtypes.is_floating(dtype):
        raise DTypeError(f"{name}: makes floating point numbers, not {dtype.name}; use randint, or convert with astype")
    return check_dtype(name, dtype, device)


def _drawn_shape(name: str, parameters: tuple[Any, ...], shape: Shape | None) -> Shape:
    """The given shape, or if it is None the broadcast shape of the parameters."""
    arrays = tuple(one for one in parameters if isinstance(one, Node))
    if shape is None:
        return joint_shape(name, arrays) if arrays else ()
    return tuple(shape)


def uniform(low: Any, high: Any, shape: Shape | None, dtype: DType, device: Device) -> Value:
    """Uniformly distributed numbers from low (included) to high (excluded). These may be arrays and get gradients."""
    dtype = _floating("uniform", dtype, device)
    primitive = _UNIFORM_DOUBLE if dtype == dtypes.float64 else _UNIFORM
    unit = _sample(primitive, _drawn_shape("uniform", (low, high), shape), dtype, device)
    drawn: Value = unit * (high - low) + low
    if isinstance(low, Node) or isinstance(high, Node) or low >= high:
        return drawn
    if (low, high) == (0, 1) and dtype != dtypes.float16:
        return drawn
    # Rounding may have given `high` itself, which must not occur.
    with numpy.errstate(over="ignore"):
        largest = numpy.nextafter(dtype.type(high), dtype.type(low))
    return minimum(drawn, float(largest))


def normal(loc: Any, scale: Any, shape: Shape | None, dtype: DType, device: Device) -> Value:
    """Normally distributed numbers. The mean and the standard deviation may be arrays and get gradients."""
    dtype = _floating("normal", dtype, device)
    if not isinstance(scale, Node) and scale < 0:
        raise ArgumentError(f"normal: the standard deviation must not be negative, got {scale}")
    primitive = _NORMAL_DOUBLE if dtype == dtypes.float64 else _NORMAL
    unit = _sample(primitive, _drawn_shape("normal", (loc, scale), shape), dtype, device)
    drawn: Value = unit * scale + loc
    return drawn


def probability(prob: Any) -> Any:
    """A probability for `bernoulli`, checked: a number at once, an array when a result is read."""
    if isinstance(prob, Value):
        inside = logical_and(greater_equal(prob, 0), less_equal(prob, 1))
        return refuse(prob, logical_not(inside), "bernoulli: a probability is not from 0 to 1")
    if not 0 <= prob <= 1:
        raise ArgumentError(f"bernoulli: the probability must be from 0 to 1, got {prob}")
    return prob


def bernoulli(prob: Any, shape: Shape | None, dtype: DType, device: Device) -> Value:
    """1 with probability `prob`, else 0."""
    shape = _drawn_shape("bernoulli", (prob,), shape)
    if not isinstance(prob, Node):
        return cast(keep_mask(prob, shape, device), dtype=check_dtype("bernoulli", dtype, device))
    unit = _sample(_UNIFORM, shape, dtypes.float32, device)
    return cast(less(unit, prob), dtype=check_dtype("bernoulli", dtype, device))


def keep_mask(probability: float, shape: Shape, device: Device) -> Value:
    """Booleans that are true with the given probability."""
    return less(_sample(_UNIFORM, shape, dtypes.float32, device), float(probability))


def randint(low: int, high: int | None, shape: Shape, dtype: DType, device: Device) -> Value:
    """Integers from low (included) to high (excluded), or from 0 to low if high is None."""
    if high is None:
        low, high = 0, low
    low, high = index(low), index(high)
    if low >= high:
        raise ArgumentError(f"randint: low must be below high, got {low} and {high}")
    if not dtypes.is_integer(dtype) and not dtypes.is_floating(dtype):
        raise DTypeError(f"randint: makes numbers, not {dtype.name}")
    bounds = numpy.iinfo(dtype if dtypes.is_integer(dtype) else dtypes.int64)
    if low < bounds.min or high - 1 > bounds.max:
        raise ArgumentError(f"randint: {low} .. {high - 1} does not fit {dtype.name}")
    below = _sample(_BELOW, shape, dtypes.int64, device, Scalar(_signed(high - low)))
    return cast(below + _signed(low), dtype=check_dtype("randint", dtype, device))


def permutation(length: int, device: Device) -> Value:
    """The integers below `length` in random order, as int64. Made on the host, since it is not elementwise."""
    refuse_to_look()
    key, stream = next_stream()
    bits = numpy.random.Philox(key=key % 2**64, counter=[0, 0, 0, stream])
    return constant(numpy.random.Generator(bits).permutation(length), device)

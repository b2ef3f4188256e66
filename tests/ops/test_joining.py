"""Repeated elements, and the gradients of pieces."""

from __future__ import annotations

import numpy
import pytest

from clgrad import autograd, dtypes, np
from clgrad.errors import AxisError
from clgrad.graph.execute import read
from clgrad.ops import joining
from clgrad.ops.operation import fill
from clgrad.runtime.device import Device


@pytest.mark.parametrize("axis", [None, 0, -1])
def test_a_single_number_is_repeated_along_axis_0(device: Device, axis: int | None) -> None:
    x = fill(5.0, (), dtypes.float32, device)
    assert read(joining.repeat(x, 2, axis)).tolist() == numpy.repeat(5.0, 2, axis).tolist()
    with pytest.raises(AxisError):
        joining.repeat(x, 2, 1)


def test_the_gradient_of_pieces_is_joined() -> None:
    """Each element of the gradient is written once, although three pieces of x are read."""
    x = np.arange(24).reshape(2, 12)
    x.attach_grad()
    with autograd.record():
        first, middle, _last = np.split(x, [4, 8], axis=1)
        y = (first * middle * middle).sum()
    y.backward()
    a, b = x.asnumpy()[:, :4], x.asnumpy()[:, 4:8]
    assert x.grad.asnumpy().tolist() == numpy.concatenate([b * b, 2 * a * b, 0 * a], 1).tolist()


def test_the_gradient_of_a_gradient_passes_pieces() -> None:
    x = np.arange(1, 7)
    x.attach_grad()
    with autograd.record():
        first, last = np.split(x, 2)
        (gradient,) = autograd.grad((first**3 * last).sum(), [x], create_graph=True)
        y = (gradient * gradient).sum()
    y.backward()
    a, b = x.asnumpy()[:3], x.asnumpy()[3:]
    # gradient = (3 a^2 b, a^3), so y = sum of 9 a^4 b^2 + a^6
    wanted = numpy.concatenate([36 * a**3 * b**2 + 6 * a**5, 18 * a**4 * b])
    assert x.grad.asnumpy().tolist() == wanted.tolist()


def test_pieces_that_overlap_each_give_their_part_of_the_gradient() -> None:
    x = np.arange(5)
    x.attach_grad()
    with autograd.record():
        first, nothing, last = np.split(x, [3, 1])
        y = (first**2).sum() + (last**2).sum()
    y.backward()
    assert nothing.shape == (0,)
    assert x.grad.asnumpy().tolist() == [0, 4, 8, 6, 8]

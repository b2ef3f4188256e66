"""Gradients reach arrays wherever they are passed: within lists, as margins, as ends of ranges, as fill values."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy
import pytest

from clgrad import autograd, np, npx
from clgrad.errors import ShapeError
from clgrad.runtime.device import Device
from clgrad.testing import check_gradients

X = numpy.array([1.0, 2.5, -4.25])
A = numpy.array([3.0, -0.5])


def _written(x: Any) -> Any:
    y = np.zeros((2, 2), dtype=x.dtype)
    y[0] = [x[1], x[2] * x[2]]
    y[[1]] = [x[0], 1]
    return y * y


CALLS: dict[str, tuple[Callable[..., Any], tuple[Any, ...]]] = {
    "array of arrays": (lambda x: np.array([x[0], x[1] * x[2]]) ** 2, (X,)),
    "array of lists": (lambda x: np.array([[x[0], 1], [2.5, x[1] * x[2]]]) ** 2, (X,)),
    "array of rows": (lambda x, a: np.array([x * a[0], x * a[1], x]), (X, A)),
    "operator with a list": (lambda x: np.ones(3, dtype=x.dtype) * [x[0], x[1] * x[0], 2], (X,)),
    "function of a list": (lambda x: np.multiply([x[0], x[1], x[2]], x), (X,)),
    "writes of lists": (_written, (X,)),
    "pad": (lambda x, a: np.pad(x, 1, constant_values=a[0] * a[1]) ** 2, (X, A)),
    "pad with a pair": (lambda x, a: np.pad(x, (1, 2), constant_values=a) ** 2, (X, A)),
    "pad with a list": (lambda x, a: np.pad(x, 1, constant_values=(a[1], 0)) ** 2, (X, A)),
    "pad to a ramp": (lambda x, a: np.pad(x, 3, mode="linear_ramp", end_values=a) ** 2, (X, A)),
    "linspace to": (lambda a: np.linspace(0, a[0] * a[1], 3, dtype=a.dtype), (A,)),
    "linspace": (lambda x, a: np.linspace(x, a[0], 4, endpoint=False, axis=-1, dtype=x.dtype) ** 2, (X, A)),
    "logspace": (lambda a: np.logspace(a[1], a[0], 3, base=2, dtype=a.dtype), (A,)),
    "one_hot": (lambda a: npx.one_hot(np.array([0, 2]), 3, a[0] * a[1], a[1], dtype=a.dtype), (A,)),
    "sum from": (lambda x, a: np.sum(x * x, initial=a[0] * a[1]), (X, A)),
    "prod from": (lambda x, a: np.prod(x, initial=a[0] * a[1]), (X, A)),
    "sequence_mask": (lambda x, a: npx.sequence_mask(x, np.array([2]), True, a[0] * a[1]), (X.reshape(3, 1), A)),
    "full": (lambda a: np.full((2, 2), a) * a, (A,)),
    "full_like": (lambda x, a: np.full_like(x, a[0] * a[1]) * x, (X, A)),
    "nan_to_num": (lambda a: np.nan_to_num(a + numpy.array([numpy.inf, 1.0]), posinf=a[0] * a[1]), (A,)),
}


@pytest.mark.parametrize("call", CALLS)
def test_gradients(call: str) -> None:
    function, inputs = CALLS[call]
    check_gradients(function, *inputs)


def test_lists_of_arrays_have_their_joint_dtype() -> None:
    x, i = np.ones(2), np.ones(2, dtype="int32")
    assert np.array([x, i]).dtype == np.float32
    assert np.array([i, i]).dtype == np.int32
    assert np.array([i, i], dtype="int8").dtype == np.int8
    assert np.array([i[0], 2]).tolist() == [1, 2]


def test_lists_of_arrays_mean_the_same_with_and_without_a_record() -> None:
    x = np.array(X)
    plain = np.array([[x[0], x[1]], [x[2], 1]])
    x.attach_grad()
    with autograd.record():
        recorded = np.array([[x[0], x[1]], [x[2], 1]])
    assert recorded.tolist() == plain.tolist() == [[1, 2.5], [-4.25, 1]]
    assert recorded.dtype == plain.dtype


def test_lists_of_arrays_stay_on_their_device(devices: dict[str, Device]) -> None:
    for device in devices.values():
        x = np.ones(2, device=device)
        for joined in (np.array([x, x]), np.stack([[x, x]])[0], np.sum([x, x], axis=0)):
            assert joined._value.device is device


def test_ragged_lists_of_arrays_are_errors() -> None:
    x = np.ones(3)
    with pytest.raises(TypeError, match="does not describe an array"):
        np.array([x, x[:2]])
    x.attach_grad()
    with autograd.record(), pytest.raises(ShapeError, match="stack"):
        np.array([x, x[:2]])


def test_a_range_between_arrays_gives_its_step() -> None:
    numbers, step = np.linspace(np.array([0, 1]), np.array([4, 5]), 5, retstep=True)
    assert numbers.shape == (5, 2)
    assert step.tolist() == [1, 1]

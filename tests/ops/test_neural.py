"""Network functions where they are easily wrong: zero, large numbers, rows without elements, bad labels."""

from __future__ import annotations

import math

import numpy
import pytest

from clgrad import np, npx, tape
from clgrad.errors import ArgumentError, DTypeError, IndexOutOfRangeError
from clgrad.graph.execute import read
from clgrad.ops import indexing, neural, random
from clgrad.ops.selection import constant
from clgrad.runtime.device import Device
from tests.ops.calls import gradient, matrix, same


def test_relu_has_gradient_zero_at_zero(device: Device) -> None:
    same(gradient(neural.relu, device, [-1, 0, 1])[0], [0, 0, 1])


def test_softmax_of_large_numbers_and_of_rows_without_elements(device: Device) -> None:
    x = constant(numpy.array([[1e4, 0, -1e4]], "float32"), device)
    same(read(neural.softmax(x)), [[1, 0, 0]])
    same(read(neural.log_softmax(x)), [[0, -1e4, -2e4]])
    nothing = constant(numpy.zeros((1, 3), bool), device)
    same(read(neural.masked_softmax(x, nothing)), [[0, 0, 0]])
    same(gradient(lambda x: neural.masked_softmax(x, nothing), device, [[1, 2, 3]])[0], [[0, 0, 0]])
    infinite = constant(numpy.array([-math.inf, -math.inf], "float32"), device)
    assert read(neural.logsumexp(infinite)) == -math.inf


def test_dropout(device: Device) -> None:
    x = constant(numpy.ones((200, 50), "float32"), device)
    assert neural.dropout(x, 0.5) is x
    random.seed(0)
    with tape.scope(training=True):
        out = read(neural.dropout(x, 0.25))
        rows = read(neural.dropout(x, 0.5, axes=(1,)))
        assert not read(neural.dropout(x, 1)).any()
    assert set(numpy.unique(out)) == {numpy.float32(0), numpy.float32(1 / 0.75)}
    assert 0.72 < (out > 0).mean() < 0.78
    assert (rows == rows[:, :1]).all()


@pytest.mark.parametrize("label", [4, -5, math.nan])
def test_bad_data_is_an_error_at_the_read(device: Device, label: float) -> None:
    x, labels = matrix(device), constant(numpy.array([0, label, 1], "float32"), device)
    with pytest.raises(IndexOutOfRangeError, match=r"softmax_cross_entropy: a label is not an integer from 0 to 3"):
        read(neural.softmax_cross_entropy(x, labels))
    with pytest.raises(IndexOutOfRangeError, match="embedding: an index is not an integer"):
        read(indexing.embedding(constant(numpy.array([9]), device), x))
    same(read(x), numpy.arange(12).reshape(3, 4))


def test_arguments_that_do_not_fit_are_refused() -> None:
    weight = np.ones((3, 2))
    assert npx.embedding(np.array([1]), weight, 3, 2, "float32").shape == (1, 2)
    with pytest.raises(ArgumentError, match="input_dim=4 does not fit a weight of shape"):
        npx.embedding(np.array([1]), weight, 4, 2)
    with pytest.raises(DTypeError, match=r"dtype=float16 does not fit a weight of float32; .*astype\('float16'\)"):
        npx.embedding(np.array([1]), weight, dtype="float16")
    batch = np.ones((2, 3, 3))
    assert npx.batch_dot(batch, batch, forward_stype="default").shape == (2, 3, 3)
    with pytest.raises(ArgumentError, match="forward_stype='csr' is not supported"):
        npx.batch_dot(batch, batch, forward_stype="csr")

"""Reaches every kernel with tiny shapes, just larger than one vector or tile, forward and backward.

`.ci/run` runs this under Oclgrind in both kernel shapes: access out of bounds and races are errors there.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy
import pytest

import clgrad
from clgrad import autograd, np, npx
from clgrad.kernels import sorting

pytestmark = pytest.mark.oclgrind

Case = Callable[..., Any]


def numbers(*shape: int) -> numpy.ndarray[Any, Any]:
    """Distinct numbers between 0.1 and 2.1, in no order."""
    count = int(numpy.prod(shape))
    order = numpy.random.default_rng(count).permutation(count)
    return (0.1 + 2 * order / max(1, count)).reshape(shape).astype("float32")


VECTOR, ROW, COLUMN = (37,), (1, 37), (5, 1)
MATRIX, BATCH = (5, 37), (2, 3, 5)
# More than a run of a sort in either kernel shape.
LONG = sorting.CPU.run + 5

POINTWISE: dict[str, tuple[Case, tuple[tuple[int, ...], ...]]] = {
    "chain": (lambda np, x, y: (x * 2.5 + y) * x, (VECTOR, VECTOR)),
    "broadcast row and column": (lambda np, x, y: x + y, (ROW, COLUMN)),
    "transposed": (lambda np, x, y: x.T * y, (MATRIX, (37, 5))),
    "sliced": (lambda np, x: x[1:4, 3::2] * 2, (MATRIX,)),
    "reversed": (lambda np, x: x[::-1, ::-2] + 1, (MATRIX,)),
    "where": (lambda np, x, y: np.where(x > 1, x, y), (MATRIX, MATRIX)),
    "exp, log, tanh": (lambda np, x: np.tanh(np.exp(x) + np.log(x)), (MATRIX,)),
    "power": (lambda np, x, y: x**y, (VECTOR, VECTOR)),
    "empty": (lambda np, x: x + 1, ((0, 3),)),
    "one number": (lambda np, x: x * x, ((),)),
}

REDUCTIONS: dict[str, tuple[Case, tuple[tuple[int, ...], ...]]] = {
    "sum of all": (lambda np, x: (x * x).sum(), (MATRIX,)),
    "sum of rows": (lambda np, x: x.sum(axis=1), (MATRIX,)),
    "sum of columns": (lambda np, x: x.sum(axis=0), (MATRIX,)),
    "sum of the middle": (lambda np, x: x.sum(axis=1), (BATCH,)),
    "sum of the outer axes": (lambda np, x: x.sum(axis=(0, 2)), (BATCH,)),
    "sum of transposed rows": (lambda np, x: x.T.sum(axis=1), (MATRIX,)),
    "sum across a broadcast": (lambda np, x, y: (x * y).sum(), (MATRIX, ROW)),
    "sum across a transposition": (lambda np, x, y: (x.T * y).sum(), (MATRIX, (37, 5))),
    "sum with an epilogue": (lambda np, x: np.exp(-x.mean(axis=1, keepdims=True)) * x, (MATRIX,)),
    "max of rows": (lambda np, x: x.max(axis=1), (MATRIX,)),
    "min of columns": (lambda np, x: x.min(axis=0), (MATRIX,)),
    "prod": (lambda np, x: x.prod(axis=1), (BATCH,)),
    "variance": (lambda np, x: x.var(axis=1), (MATRIX,)),
    "cumulative sum": (lambda np, x: np.cumsum(x, axis=1), (MATRIX,)),
    "cumulative sum down": (lambda np, x: np.cumsum(x, axis=0), (MATRIX,)),
}

MATMUL: dict[str, tuple[Case, tuple[tuple[int, ...], ...]]] = {
    "square": (lambda np, a, b: a @ b, ((9, 9), (9, 9))),
    "edges": (lambda np, a, b: a @ b, ((9, 37), (37, 35))),
    "first transposed": (lambda np, a, b: a.T @ b, ((37, 9), (37, 35))),
    "second transposed": (lambda np, a, b: a @ b.T, ((9, 37), (35, 37))),
    "both transposed": (lambda np, a, b: a.T @ b.T, ((37, 9), (35, 37))),
    "one row": (lambda np, a, b: a @ b, ((1, 37), (37, 35))),
    "one column": (lambda np, a, b: a @ b, ((9, 37), (37, 1))),
    "vectors": (lambda np, a, b: np.dot(a, b), (VECTOR, VECTOR)),
    "matrix and vector": (lambda np, a, b: np.dot(a, b), (MATRIX, VECTOR)),
    "batches": (lambda np, a, b: a @ b, ((2, 3, 5), (2, 5, 4))),
    "broadcast batches": (lambda np, a, b: a @ b, ((2, 1, 3, 5), (3, 5, 4))),
    "no inner axis": (lambda np, a, b: a @ b, ((3, 0), (0, 4))),
    "epilogue": (lambda np, a, b, c: np.maximum(a @ b + c, 1), ((9, 37), (37, 35), (35,))),
}

# Products of a kernel that computes its operands itself, because nobody else reads them.
COMPUTED: dict[str, tuple[Case, tuple[tuple[int, ...], ...]]] = {
    "tiles": (lambda np, a, b: (a * 2) @ (b * 3), ((9, 37), (37, 7))),
    "second transposed": (lambda np, a, b: (a * 2) @ (b * 3).T, ((9, 37), (7, 37))),
    "few rows": (lambda np, a, b: (a * 2) @ (b * 3), ((3, 37), (37, 35))),
    "few rows, second transposed": (lambda np, a, b: (a * 2) @ (b * 3).T, ((3, 37), (35, 37))),
    "one column": (lambda np, a, b: (a * 2) @ (b * 3), ((9, 37), (37, 1))),
    "batches": (lambda np, a, b: (a * 2) @ (b * 3), ((2, 9, 5), (2, 5, 4))),
    "epilogue": (lambda np, a, b, c: np.maximum((a * c) @ (b * 3), 1), ((9, 37), (37, 7), (37,))),
}

MOVEMENT: dict[str, tuple[Case, tuple[tuple[int, ...], ...]]] = {
    "concatenate": (lambda np, x, y: np.concatenate([x, y], axis=1), (MATRIX, (5, 3))),
    "stack": (lambda np, x, y: np.stack([x, y], axis=1), (MATRIX, MATRIX)),
    "tile": (lambda np, x: np.tile(x, (2, 3)), (MATRIX,)),
    "repeat": (lambda np, x: np.repeat(x, 3, axis=0), (MATRIX,)),
    "roll": (lambda np, x: np.roll(x, 3, axis=1), (MATRIX,)),
    "pad with zeros": (lambda np, x: np.pad(x, ((1, 2), (3, 0))), (MATRIX,)),
    "pad with reflection": (lambda np, x: np.pad(x, ((1, 2), (3, 0)), mode="reflect"), (MATRIX,)),
    "copied reshape": (lambda np, x: x.T.reshape(5, 37) * 2, (MATRIX,)),
    "take": (lambda np, x: np.take(x, np.array([4, 0, 4], dtype="int32"), axis=0), (MATRIX,)),
    "rows by index": (lambda np, x: x[np.array([1, 1, 3], dtype="int32")], (MATRIX,)),
    "points by index": (
        lambda np, x: x[np.array([1, 1, 3], dtype="int32"), np.array([36, 36, 0], dtype="int32")],
        (MATRIX,),
    ),
    "by condition": (lambda np, x: x[x > 1], (MATRIX,)),
    "sort": (lambda np, x: np.sort(x), (MATRIX,)),
    "sort down": (lambda np, x: np.sort(x, axis=0), (MATRIX,)),
    "sort in several passes": (lambda np, x: np.sort(x), ((LONG,),)),
    "unique": (lambda np, x: np.unique(x), (VECTOR,)),
    "modf": (lambda np, x: sum(np.modf(x)), (MATRIX,)),
}

NETWORK: dict[str, tuple[Case, tuple[tuple[int, ...], ...]]] = {
    "softmax": (lambda npx, x: npx.softmax(x), (MATRIX,)),
    "softmax down": (lambda npx, x: npx.softmax(x, axis=0), (MATRIX,)),
    "log softmax": (lambda npx, x: npx.log_softmax(x), (MATRIX,)),
    "cross entropy": (lambda npx, x: npx.pick(npx.log_softmax(x), np.array([0, 36, 2, 7, 36])), (MATRIX,)),
    "layer norm": (lambda npx, x, g, b: npx.layer_norm(x, g, b, axis=-1, eps=1e-5), (MATRIX, VECTOR, VECTOR)),
    "embedding": (lambda npx, w: npx.embedding(np.array([4, 0, 4]), w, 5, 37), (MATRIX,)),
    "one hot": (lambda npx, x: x * npx.one_hot(np.array([4, 0, 36]), 37), ((3, 37),)),
    "topk": (lambda npx, x: npx.topk(x, k=3, ret_typ="value"), (MATRIX,)),
    "topk in several passes": (lambda npx, x: npx.topk(x, k=3, axis=0, ret_typ="value"), ((LONG, 2),)),
    "dropout": (lambda npx, x: npx.dropout(x, 0.5), (MATRIX,)),
    "batch dot": (lambda npx, a, b: npx.batch_dot(a, b), ((2, 3, 5), (2, 5, 4))),
    "fully connected": (
        lambda npx, x, w, b: npx.fully_connected(x, w, b, num_hidden=9),
        (MATRIX, (9, 37), (9,)),
    ),
}


def named(cases: dict[str, Any]) -> Any:
    return pytest.mark.parametrize(("function", "shapes"), cases.values(), ids=cases.keys())


def values_after_backward(module: Any, function: Case, shapes: tuple[tuple[int, ...], ...]) -> Any:
    inputs = [np.array(numbers(*shape)) for shape in shapes]
    for array in inputs:
        array.attach_grad()
    with autograd.record():
        out = function(module, *inputs)
    out.backward()
    gradients = [array.grad.asnumpy() for array in inputs]
    assert all(numpy.isfinite(gradient).all() for gradient in gradients)
    return out.asnumpy()


@named({**POINTWISE, **REDUCTIONS, **MATMUL, **MOVEMENT})
def test_like_numpy(function: Case, shapes: tuple[tuple[int, ...], ...]) -> None:
    expected = function(numpy, *(numbers(*shape) for shape in shapes))
    numpy.testing.assert_allclose(values_after_backward(np, function, shapes), expected, rtol=2e-5, atol=1e-6)


@named(COMPUTED)
def test_product_of_computed_operands(function: Case, shapes: tuple[tuple[int, ...], ...]) -> None:
    inputs = [numbers(*shape) for shape in shapes]
    found = function(np, *map(np.array, inputs)).asnumpy()
    numpy.testing.assert_allclose(found, function(numpy, *inputs), rtol=2e-5, atol=1e-6)


@named(NETWORK)
def test_network_op(function: Case, shapes: tuple[tuple[int, ...], ...]) -> None:
    assert numpy.isfinite(values_after_backward(npx, function, shapes)).all()


@pytest.mark.parametrize("dtype", ["float16", "int8", "uint8", "int16", "int32", "int64", "bool"])
def test_dtype(dtype: str) -> None:
    x = numbers(*MATRIX).astype(dtype)
    y = np.array(x, dtype=dtype)
    numpy.testing.assert_array_equal((y + y).asnumpy(), x + x)
    numpy.testing.assert_array_equal(y.astype("float32").asnumpy(), x.astype("float32"))
    numpy.testing.assert_array_equal(y.T.copy().asnumpy(), x.T)


def test_powers_of_integers() -> None:
    x = numpy.arange(37) % 5
    y = np.array(x, dtype="int32")
    numpy.testing.assert_array_equal((y**y).asnumpy(), x**x)


@pytest.mark.parametrize("name", ["argmax", "argmin"])
@pytest.mark.parametrize("axis", [None, 0, 1])
def test_position(name: str, axis: int | None) -> None:
    x = numbers(*MATRIX)
    found = getattr(np.array(x), name)(axis=axis)
    numpy.testing.assert_array_equal(found.asnumpy(), getattr(x, name)(axis=axis))


@pytest.mark.parametrize("name", ["any", "all"])
def test_truth(name: str) -> None:
    x = numbers(*MATRIX) > 1
    numpy.testing.assert_array_equal(getattr(np.array(x), name)(axis=1).asnumpy(), getattr(x, name)(axis=1))


def test_small_loops_in_one_launch() -> None:
    arrays = [np.array(numbers(length)) for length in (37, 50, 5)]
    npx.waitall()
    before = clgrad.statistics()["launches"]
    results = [array * 2.5 for array in arrays]
    npx.waitall()
    assert clgrad.statistics()["launches"] == before + 1
    for result, length in zip(results, (37, 50, 5)):
        numpy.testing.assert_array_equal(result.asnumpy(), numbers(length) * numpy.float32(2.5))


def test_writing() -> None:
    x = numbers(*MATRIX)
    y = np.array(x)
    x[1:3, ::2], y[1:3, ::2] = 7, 7
    x[[0, 4]], y[np.array([0, 4], dtype="int32")] = x[[4, 0]], y[np.array([4, 0], dtype="int32")]
    x += 1
    y += 1
    numpy.testing.assert_allclose(y.asnumpy(), x)


def test_random() -> None:
    npx.random.seed(1)
    drawn = [np.random.uniform(size=(5, 7)), np.random.normal(size=37), np.random.randint(0, 9, size=37)]
    assert all(numpy.isfinite(array.asnumpy()).all() for array in drawn)
    assert sorted(np.random.permutation(19).asnumpy().tolist()) == list(range(19))

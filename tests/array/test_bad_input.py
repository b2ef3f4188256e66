"""Every mistake is a clear error at the call, or, for data on the device, at the read; nothing is lost after it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy
import pytest

import clgrad
from clgrad import autograd, np, npx
from clgrad.errors import ClgradError, DeviceNotFoundError, DTypeError, IndexOutOfRangeError
from clgrad.graph.execute import flush
from clgrad.runtime.device import Device
from tests.processes import output_of, run


@pytest.fixture
def x() -> np.ndarray:
    return np.arange(6).reshape(2, 3)


@pytest.fixture(autouse=True)
def _everything_still_works(x: np.ndarray) -> Iterator[None]:
    yield
    npx.waitall()
    assert x.sum().item() == 15


class Returns(autograd.Function):
    """Forward and backward return what is given."""

    def __init__(self, output: object, gradient: object) -> None:
        self.output = output
        self.gradient = gradient

    def forward(self, x: np.ndarray) -> object:
        return self.output

    def backward(self, dy: np.ndarray) -> object:
        return self.gradient


def gradient_of(function: autograd.Function, x: np.ndarray) -> None:
    x.attach_grad()
    with autograd.record():
        y = function(x)
    y.backward()


# What is done to x, of shape (2, 3); the builtin error that users would catch; what the message must say.
MISTAKES = {
    "shapes that do not broadcast": (lambda x: x + np.ones(2), ValueError, r"add: shapes \(2, 3\) and \(2,\)"),
    "shapes that do not multiply": (lambda x: x @ x, ValueError, r"matmul.*\(2, 3\)"),
    "a matrix and a longer vector": (lambda x: np.dot(x, np.ones(7)), ValueError, r"dot: shapes \(2, 3\) and \(7,\)"),
    "a longer vector and a matrix": (lambda x: np.ones(7) @ x, ValueError, r"matmul: shapes \(7,\) and \(2, 3\)"),
    "matvec of other lengths": (lambda x: np.matvec(x, np.ones(2)), ValueError, r"matvec: shapes \(2, 3\) and \(2,\)"),
    "vecmat of other lengths": (lambda x: np.vecmat(np.ones(3), x), ValueError, r"vecmat: shapes \(3,\) and \(2, 3\)"),
    "matvec of two vectors": (lambda x: np.matvec(x[0], x[0]), ValueError, "matvec.*at least 2 and 1 axes"),
    "a shape with other elements": (lambda x: x.reshape(4, 2), ValueError, r"reshape: 6 elements.*\(4, 2\)"),
    "two lengths to infer": (lambda x: x.reshape(-1, -1), ValueError, "one length may be -1"),
    "a negative shape": (lambda x: np.zeros((2, -3)), ValueError, r"zeros.*\(2, -3\)"),
    "arrays of other shapes": (lambda x: np.concatenate([x, x.T]), ValueError, r"concatenate.*\(3, 2\)"),
    "a stack of nothing": (lambda x: np.stack([]), ValueError, "stack"),
    "unequal parts": (lambda x: np.split(x, 2, axis=1), ValueError, "array_split"),
    "a write that does not fit": (lambda x: x.__setitem__(0, [1, 2]), ValueError, r"\(2,\)"),
    "a broadcast that does not fit": (lambda x: np.broadcast_to(x, (3, 2)), ValueError, "broadcast_to"),
    "an axis too many": (lambda x: x.sum(axis=2), ValueError, "sum: axis 2 is out of range.*2 dimensions"),
    "an axis twice": (lambda x: x.mean(axis=(0, -2)), ValueError, "mean: an axis appears twice"),
    "an axis that is no integer": (lambda x: np.max(x, axis=1.5), ValueError, "max: axis must be an integer"),
    "axes that are no permutation": (lambda x: x.transpose(0, 0), ValueError, "transpose.*permutation"),
    "a squeeze of a longer axis": (lambda x: np.squeeze(x, 1), ValueError, "squeeze: axis 1.*length 3"),
    "an extreme of nothing": (lambda x: np.max(x[:0]), ValueError, "max.*no element"),
    "an index too large": (lambda x: x[2], IndexError, r"index 2 is out of range.*length 2"),
    "an index too small": (lambda x: x[0, -4], IndexError, "index -4 is out of range.*length 3"),
    "too many indices": (lambda x: x[0, 0, 0], IndexError, r"3.*\(2, 3\)"),
    "an index list out of range": (lambda x: x[[0, 5]], IndexError, "index 5 is out of range"),
    "a float index": (lambda x: x[1.5], (IndexError, TypeError), "ind(ex|ices)"),
    "a mask of another shape": (lambda x: x[np.ones(3, dtype=bool)], (IndexError, ValueError), "mask|boolean|shape"),
    "an unknown dtype": (lambda x: x.astype("float33"), TypeError, "'float33'.*float32"),
    "a dtype that devices do not have": (lambda x: np.zeros(2, dtype="complex64"), TypeError, "complex64"),
    "strings": (lambda x: np.array(["a"]), TypeError, "numbers or booleans"),
    "ragged lists": (lambda x: np.array([[1], [1, 2]]), TypeError, "list does not describe an array"),
    "objects": (lambda x: np.array([None]), TypeError, "float32|numbers"),
    "bits of floats": (lambda x: x & 1, TypeError, "bitwise_and: takes integers or booleans, got float32"),
    "minus of booleans": (lambda x: -(x > 0), TypeError, "negative.*booleans"),
    "a number that does not fit": (lambda x: x.astype("uint8") + 300, OverflowError, "300 does not fit uint8"),
    "a result that does not fit": (lambda x: x.astype("int32").__itruediv__(2), TypeError, "float32.*int32"),
    "a number that integers do not hold": (lambda x: x.astype(int).__iadd__(1.5), TypeError, r"x = x \+ y rather than"),
    "an index of another shape": (lambda x: npx.pick(x, np.ones(3)), ValueError, r"pick: indices of shape \(3, 1\)"),
    "a product that does not fit": (lambda x: np.dot(x, x), ValueError, "^dot: shapes"),
    "an inner product that does not fit": (lambda x: np.inner(x, x.T), ValueError, "^inner: shapes"),
    "a bias that does not fit": (lambda x: npx.fully_connected(x, x, np.ones(3)), ValueError, "connected: the bias"),
    "positions in a number": (lambda x: np.nonzero(x.sum()), ValueError, "nonzero.*atleast_1d"),
    "a plan of no array": (lambda x: clgrad.explain(3), ValueError, "explain.*got int"),
    "a negative depth": (lambda x: npx.one_hot(x, -1), ValueError, "one_hot.*negative"),
    "a negative identity": (lambda x: np.eye(-1), ValueError, "eye.*negative"),
    "repeats that are no integers": (lambda x: np.repeat(x, np.ones(2), 0), TypeError, "repeat: needs an integer"),
    "a function that returns a number": (lambda x: Returns(5, x)(x), ValueError, "Returns.forward must.*int"),
    "a gradient that is a number": (lambda x: gradient_of(Returns(x * 1, 5), x), ValueError, "backward must.*int"),
    "an unknown device": (lambda x: np.zeros(1, device="tpu"), LookupError, "'tpu'"),
    "a device that is not there": (lambda x: np.ones(3, device=npx.cpu(99)), LookupError, "99"),
    "a move to an unknown device": (lambda x: x.to_device("nowhere"), LookupError, "'nowhere'"),
    "an unknown grad_req": (lambda x: x.attach_grad("sum"), ValueError, "'write', 'add', 'null', got 'sum'"),
    "a gradient of integers": (lambda x: x.astype(int).attach_grad(), TypeError, "only floats"),
    "backward of nothing": (lambda x: x.backward(), RuntimeError, "nothing was recorded"),
    "heads that are no arrays": (lambda x: autograd.backward([1.0]), ValueError, "heads must be an array"),
    "no heads": (lambda x: autograd.backward([]), ValueError, "heads is empty"),
    "a truth value of many": (lambda x: bool(x), ValueError, r"truth value.*\(2, 3\)"),
    "an unknown pad mode": (lambda x: np.pad(x, 1, mode="strange"), ValueError, "'strange'"),
    "an unknown activation": (lambda x: npx.activation(x, "step"), ValueError, "relu.*'step'"),
    "an impossible probability": (lambda x: npx.dropout(x, 1.5), ValueError, "dropout.*1.5"),
    "a negative deviation": (lambda x: np.random.normal(0, -1), ValueError, "negative, got -1"),
    "an empty range of integers": (lambda x: np.random.randint(3, 3), ValueError, "low must be below high"),
    "too many different elements": (lambda x: np.random.choice(2, 3, replace=False), ValueError, "choice"),
    "no condition": (lambda x: np.where(x > 1, x), ValueError, "both x and y"),
    "an unknown order": (lambda x: x.reshape(3, 2, order="Z"), ValueError, "order must be 'C'"),
    "a file that is not there": (lambda x: npx.load("/nowhere/x"), OSError, "/nowhere/x"),
    "something to save that is no array": (lambda x: npx.save("/dev/null", 3), ValueError, "got int"),
}  # fmt: skip


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_an_error_at_the_call(mistake: str, x: np.ndarray) -> None:
    call, error, message = MISTAKES[mistake]
    with pytest.raises(error, match=message) as caught:
        call(x)
    assert isinstance(caught.value, (ClgradError, TypeError, OSError, ValueError, OverflowError))
    assert len(str(caught.value)) > 20


def test_arrays_of_two_devices_do_not_meet(devices: dict[str, Device], x: np.ndarray) -> None:
    first, second = (np.ones(2, device=device) for device in devices.values())
    with pytest.raises(RuntimeError, match=r"add: inputs are on .* and .*to_device\('"):
        first + second


def test_float64_on_a_device_without_it_says_so(x: np.ndarray) -> None:
    if x.device.capabilities.fp64:
        assert np.zeros(1, dtype="float64").dtype == np.float64
    else:
        with pytest.raises(DTypeError, match="float64"):
            np.zeros(1, dtype="float64")


# -- bad data on the device --------------------------------------------------------------------------------


@pytest.mark.parametrize("label", [3, -4, -1, 1.5, numpy.nan, numpy.inf])
def test_a_bad_label_in_cross_entropy_raises_at_the_read(label: float, x: np.ndarray) -> None:
    labels = np.array([1, label])
    loss = npx.softmax_cross_entropy(x, labels)
    with pytest.raises(
        IndexOutOfRangeError, match=r"softmax_cross_entropy: a label is not an integer from 0 to 2"
    ):
        loss.asnumpy()
    assert npx.softmax_cross_entropy(x, np.array([1, 2])).shape == (2,)


@pytest.mark.parametrize("index", [2, -3, 0.5, numpy.nan, -numpy.inf, 1e30])
def test_a_bad_index_in_an_embedding_raises_at_the_read(index: float, x: np.ndarray) -> None:
    rows = npx.embedding(np.array([0, index]), x)
    with pytest.raises(IndexOutOfRangeError, match=r"embedding: an index is not an integer from -2 to 1"):
        rows.asnumpy()


@pytest.mark.parametrize(
    "use",
    [
        lambda x, i: x[i], lambda x, i: np.take(x, i, axis=0), lambda x, i: x[:, i],
        lambda x, i: np.take_along_axis(x, i.reshape(1, 1), axis=0), lambda x, i: npx.gather_nd(x, i.reshape(1, 1)),
    ],
)  # fmt: skip
@pytest.mark.parametrize("index", [numpy.int32(7), numpy.int8(-9), numpy.uint64(2**63), 0.5, numpy.float16("nan")])
def test_a_bad_index_on_the_device_raises_at_the_read(
    use: Callable[..., np.ndarray], index: Any, x: np.ndarray
) -> None:
    result = use(x, np.array([index], dtype=getattr(index, "dtype", "float32")))
    with pytest.raises(IndexError, match=r"length [23]"):
        result.asnumpy()


def test_a_bad_index_also_raises_under_record_and_nothing_is_lost(x: np.ndarray) -> None:
    x.attach_grad()
    with autograd.record():
        y = x[np.array([5], dtype="int32")].sum()
    with pytest.raises(IndexError):
        y.item()
    with autograd.record():
        y = (x * x).sum()
    y.backward()
    assert x.grad[1].tolist() == [6, 8, 10]


def test_a_bad_result_raises_at_every_read_and_others_do_not(x: np.ndarray) -> None:
    before, good, bad = np.arange(3) * 2, x[np.array([1])], x[np.array([5])]
    changed = bad + 1
    for _ in range(2):
        for one in (bad, changed, bad.sum(), np.concatenate([bad, good])):
            with pytest.raises(IndexOutOfRangeError, match="getitem: an index"):
                one.tolist()
        assert before.tolist() == [0, 2, 4]
        assert good.tolist() == [[3, 4, 5]]
        assert x.sum().item() == 15
    with pytest.raises(IndexOutOfRangeError):
        bad.wait_to_read()
    bad[:] = 1
    assert bad.tolist() == [[1, 1, 1]]


def test_gradients_of_bad_data_raise_and_those_of_good_data_in_the_same_plan_do_not(x: np.ndarray) -> None:
    w, v = np.ones((4, 2)), np.ones((3, 1))
    for one in (w, v):
        one.attach_grad()
    with autograd.record():
        bad = npx.embedding(np.array([1, 9]), w).sum()
        good = npx.embedding(np.array([2]), v).sum()
    autograd.backward([bad, good])
    w -= w.grad
    for _ in range(2):
        for one in (w.grad, bad, w):
            with pytest.raises(IndexOutOfRangeError, match="embedding"):
                one.asnumpy()
        assert v.grad.tolist() == [[0], [0], [1]]
        assert good.item() == 1


def test_many_runs_before_anybody_looks(x: np.ndarray) -> None:
    results = [x[np.array([number % 12 == 5 and 7.0])] + number for number in range(24)]
    for one in results:
        flush([one._value])
    for number, one in enumerate(results):
        if number == 5:
            with pytest.raises(IndexOutOfRangeError):
                one.asnumpy()
        elif number < 5:
            assert one[0, 0].item() == number
    with pytest.raises(IndexOutOfRangeError):
        results[17].asnumpy()


def test_waitall_raises_for_bad_data_that_nobody_read(x: np.ndarray) -> None:
    bad = x[np.array([5])]
    flush([bad._value])
    del bad
    with pytest.raises(IndexOutOfRangeError):
        npx.waitall()
    npx.waitall()


# -- files -------------------------------------------------------------------------------------------------


def test_damaged_files(tmp_path: Path, x: np.ndarray) -> None:
    path = tmp_path / "x"
    npx.save(path, [x])
    whole = path.read_bytes()
    for damaged in (b"", b"not an archive", whole[: len(whole) // 2], whole[:60] + b"????" + whole[64:]):
        path.write_bytes(damaged)
        with pytest.raises(ValueError, match="damaged or no file of arrays"):
            npx.load(path)


def test_files_with_pickles_are_refused(tmp_path: Path) -> None:
    numpy.savez(tmp_path / "x.npz", x=numpy.array([{}], dtype=object))
    with pytest.raises(ValueError, match="damaged or no file of arrays"):
        npx.load(tmp_path / "x.npz")


# -- drivers, memory, caches: processes of their own -------------------------------------------------------

GRADIENT = """
from clgrad import autograd, np
x = np.arange(3)
x.attach_grad()
with autograd.record():
    y = (x * x).sum()
y.backward()
print(x.grad.tolist())
"""
RESULT = "[0.0, 2.0, 4.0]"


def test_no_driver_and_a_broken_driver(tmp_path: Path) -> None:
    (tmp_path / "broken.icd").write_text("libclgrad-broken.so")
    for vendors in (tmp_path / "none", tmp_path / "broken.icd"):
        done = run("-c", GRADIENT, OCL_ICD_VENDORS=str(vendors))
        assert done.returncode == 1
        assert "DeviceNotFoundError" in done.stderr
        assert "pip install" in done.stderr


def test_an_unknown_name_in_the_variable() -> None:
    done = run("-c", GRADIENT, CLGRAD_DEVICE="quantum")
    assert "DeviceNotFoundError" in done.stderr
    assert "quantum" in done.stderr


def test_full_memory_loses_nothing() -> None:
    code = """
from clgrad import np
keep = np.arange(1000) * 2
kept = []
try:
    while True:
        kept.append((np.zeros((1 << 20,)) + len(kept)).copy())
        kept[-1].wait_to_read()
except MemoryError as problem:
    print(type(problem).__name__, "MiB" in str(problem) or "B" in str(problem))
print(8 < len(kept) < 20, keep.sum().item(), kept[3][5].item())
del kept
print((np.zeros((1 << 20,)) + 1).sum().item())
"""
    lines = output_of(code, CLGRAD_MEMORY_LIMIT="65M").splitlines()
    assert lines == ["OutOfDeviceMemoryError True", "True 999000.0 3.0", "1048576.0"]


def test_a_damaged_cache_is_no_error(tmp_path: Path) -> None:
    assert output_of(GRADIENT, CLGRAD_CACHE_DIR=str(tmp_path)) == RESULT
    entries = [path for path in Path(tmp_path).rglob("*") if path.is_file()]
    assert entries
    for number, path in enumerate(entries):
        path.write_bytes(path.read_bytes()[: 10 * number])
    assert output_of(GRADIENT, CLGRAD_CACHE_DIR=str(tmp_path)) == RESULT


def test_a_cache_folder_that_cannot_be_written_is_no_error() -> None:
    assert output_of(GRADIENT, CLGRAD_CACHE_DIR="/proc/clgrad") == RESULT


def test_the_errors_are_one_family() -> None:
    pairs = ((DeviceNotFoundError, LookupError), (IndexOutOfRangeError, IndexError), (DTypeError, TypeError))
    for error, builtin in pairs:
        assert issubclass(error, clgrad.errors.ClgradError)
        assert issubclass(error, builtin)

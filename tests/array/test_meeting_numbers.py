"""What meets an array keeps its digits, what is stored fits the dtype, and comparisons are exact, as in NumPy."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy
import pytest

from clgrad import autograd, np, npx
from clgrad.errors import DTypeError

TENTH = numpy.array([0.1])
needs_float64 = pytest.mark.usefixtures("float64")


@pytest.fixture
def float64() -> None:
    if not np.zeros(1).device.capabilities.fp64:
        pytest.skip("the device has no float64")


# -- float64 beside float64 --------------------------------------------------------------------------------


MEETINGS: dict[str, Callable[[Any], Any]] = {
    "operator": lambda z: z + TENTH,
    "reflected": lambda z: TENTH + z,
    "list": lambda z: z - [-0.1],
    "NumPy number": lambda z: z + numpy.float64(0.1),
    "function": lambda z: np.add(z, TENTH),
    "function of a list": lambda z: np.maximum([0.1], z),
    "NumPy's function": lambda z: numpy.add(z, TENTH),
    "where": lambda z: np.where(z == 0, TENTH, z),
    "clip": lambda z: np.clip(z, TENTH, None),
    "clip, the method": lambda z: z.clip([0.1]),
    "dot": lambda z: np.dot(z + 1, TENTH),
    "dot, the method": lambda z: (z + 1).dot(TENTH),
    "einsum": lambda z: np.einsum("i,i->", z + 1, TENTH),
    "concatenate": lambda z: np.concatenate([z, TENTH])[1],
    "append": lambda z: np.append(z, 0.1)[1],
    "dtype": lambda z: np.add([0.0], [0.1], dtype="float64"),
    "fully_connected": lambda z: npx.fully_connected(z.reshape(1, 1), np.ones((1, 1), dtype="float64"), TENTH),
}


@needs_float64
@pytest.mark.parametrize("meeting", MEETINGS)
def test_float64_stays_beside_float64(meeting: str) -> None:
    assert MEETINGS[meeting](np.zeros(1, dtype="float64")).item() == 0.1


@needs_float64
@pytest.mark.parametrize("key", [0, [0], slice(None), ..., numpy.array([True])])
@pytest.mark.parametrize("value", [0.1, numpy.float64(0.1), TENTH, [0.1]])
def test_writes_into_float64_keep_its_digits(key: Any, value: Any) -> None:
    z = np.zeros(1, dtype="float64")
    z[key] = value
    assert z.item() == 0.1


@needs_float64
def test_in_place_and_fill_keep_the_digits_of_float64() -> None:
    z = np.zeros(1, dtype="float64")
    z += TENTH
    assert z.item() == 0.1
    z.fill(0.3)
    assert z.item() == 0.3


def test_float64_becomes_the_default_beside_other_floats() -> None:
    assert (np.zeros(1) + TENTH).dtype == np.float32
    assert (np.zeros(1, dtype="int32") + TENTH).dtype == np.float32


def test_functions_and_operators_agree_about_lists() -> None:
    x = np.array([1], dtype="int32")
    assert (x * [2]).dtype == np.add(x, [2]).dtype == np.int64
    assert np.maximum(x, [2**40 + 1]).tolist() == [2**40 + 1]
    assert np.add([1], [2]).dtype == np.float32


# -- numbers that are stored -------------------------------------------------------------------------------


@pytest.mark.parametrize("number", [2, 0.5, -1, 256, numpy.nan, numpy.float32(0.25)])
def test_numbers_become_truth_in_boolean_arrays(number: Any) -> None:
    x = np.zeros(3, dtype="bool")
    x[0] = number
    x[[1]] = number
    assert x.tolist() == [True, True, False]
    assert np.full(2, number, dtype="bool").tolist() == [True, True]
    assert np.full_like(x, number).tolist() == [True] * 3
    assert np.pad(x[2:], 1, constant_values=number).tolist() == [True, False, True]


STORES: dict[str, tuple[Callable[[Any, Any], Any], str]] = {
    "setitem": (lambda x, number: x.__setitem__(0, number), "setitem"),
    "setitem of all": (lambda x, number: x.__setitem__(..., number), "setitem"),
    "setitem by a list": (lambda x, number: x.__setitem__([0], number), "setitem"),
    "fill": (lambda x, number: x.fill(number), "fill"),
    "full": (lambda x, number: np.full(2, number, dtype=x.dtype), "full"),
    "full_like": (lambda x, number: np.full_like(x, number), "full"),
    "pad": (lambda x, number: np.pad(x, 1, constant_values=number), "pad"),
    "array": (lambda x, number: np.array(number, dtype=x.dtype), "array"),
    "arange": (lambda x, number: np.arange(number, number + 2, dtype=x.dtype), "arange"),
    "where": (lambda x, number: np.where(x > 0, x, number), "where"),
    "one_hot": (lambda x, number: npx.one_hot(x, 3, number, dtype=x.dtype), "one_hot"),
}


@pytest.mark.parametrize("number", [300, -1])
@pytest.mark.parametrize("store", STORES)
def test_a_number_that_does_not_fit_is_an_error_at_the_call(store: str, number: int) -> None:
    x = np.zeros(2, dtype="uint8")
    call, name = STORES[store]
    with pytest.raises(OverflowError, match=f"{name}: {number} does not fit uint8"):
        call(x, number)
    assert x.tolist() == [0, 0]


@pytest.mark.parametrize("number", [numpy.nan, numpy.inf])
def test_nan_and_infinity_are_no_integers(number: float) -> None:
    for store in ("setitem", "full", "pad", "array"):
        call, name = STORES[store]
        with pytest.raises(OverflowError, match=f"{name}: {number} does not fit int32"):
            call(np.zeros(2, dtype="int32"), number)


def test_integers_beyond_all_floats_are_errors_at_the_call() -> None:
    x = np.zeros(2)
    for call in (lambda: np.full(2, 10**400, dtype="float32"), lambda: x.__setitem__(0, 10**400)):
        with pytest.raises(OverflowError, match="1329 bits does not fit float32"):
            call()


def test_lists_that_do_not_fit_are_errors_and_fractions_are_cut() -> None:
    x = np.zeros(2, dtype="uint8")
    with pytest.raises(OverflowError, match="300"):
        np.array([300], dtype="uint8")
    with pytest.raises(OverflowError, match="300"):
        x[...] = [1, 300]
    with pytest.raises(TypeError, match="NaN"):
        np.array([numpy.nan], dtype="int32")
    x[...] = [1.9, 255.5]
    assert x.tolist() == [1, 255]
    x[0] = -0.5
    assert x.tolist() == [0, 255]
    assert np.arange(3, 0, -1, dtype="uint8").tolist() == [3, 2, 1]


def test_a_refused_number_leaves_other_work_alone() -> None:
    x = np.ones(2)
    x.attach_grad()
    with autograd.record():
        y = (x * 3).sum()
    with pytest.raises(OverflowError):
        np.zeros(2, dtype="uint8")[0] = 300
    y.backward()
    assert x.grad.tolist() == [3, 3]


# -- uint64 and integers beyond the dtype ------------------------------------------------------------------

COMPARISONS = [operator.eq, operator.ne, operator.lt, operator.le, operator.gt, operator.ge]
LARGE = numpy.array([2**64 - 1, 5, 2**63], dtype="uint64")
SIGNED = numpy.array([-1, 5, -(2**63)], dtype="int64")


@pytest.mark.parametrize("compare", COMPARISONS)
def test_comparisons_of_integers_are_exact(compare: Callable[[Any, Any], Any]) -> None:
    pairs: list[tuple[Any, Any]] = [
        (LARGE, SIGNED), (SIGNED, LARGE), (LARGE, SIGNED.astype("int8")), (LARGE, -1), (-1, LARGE), (LARGE, 2**64 - 1),
        (LARGE, 2**70), (SIGNED.astype("int8"), 1000), (-1000, SIGNED.astype("int8")), (SIGNED, -(2**63)),
    ]  # fmt: skip
    for first, second in pairs:
        ours = [np.array(one) if isinstance(one, numpy.ndarray) else one for one in (first, second)]
        assert compare(*ours).tolist() == compare(first, second).tolist(), (first, second)


@needs_float64
def test_uint64_and_signed_integers_meet_in_float64() -> None:
    x, y = np.array(LARGE), np.array(SIGNED)
    for ours, numpys in ((np.maximum, numpy.maximum), (np.add, numpy.add)):
        assert ours(x, y).dtype == numpys(LARGE, SIGNED).dtype
        assert ours(x, y).tolist() == numpys(LARGE, SIGNED).tolist()


def test_uint64_and_signed_integers_do_not_meet_without_float64(monkeypatch: pytest.MonkeyPatch) -> None:
    x, y = np.array(LARGE), np.array(SIGNED)
    device = x._value.device
    monkeypatch.setattr(device, "capabilities", device.capabilities._replace(fp64=False))
    with pytest.raises(DTypeError, match=r"add: uint64 with signed integers gives float64.*astype"):
        x + y
    assert (x > y).tolist() == (LARGE > SIGNED).tolist()


# -- NumPy's edges -----------------------------------------------------------------------------------------


def test_an_empty_list_selects_nothing() -> None:
    x = np.arange(6).reshape(2, 3)
    assert x[[]].shape == (0, 3)
    assert x[:, []].shape == (2, 0)
    x[[]] = 1
    assert x.tolist() == [[0, 1, 2], [3, 4, 5]]


def test_bounds_that_the_dtype_does_not_reach_limit_nothing() -> None:
    assert np.clip(np.array([-128, 5], dtype="int8"), -1000, 1000).tolist() == [-128, 5]
    assert np.clip(np.array([1, 200], dtype="uint8"), -5, 100).tolist() == [1, 100]
    with pytest.raises(OverflowError, match="1000 does not fit int8"):
        np.clip(np.array([1], dtype="int8"), 1000, None)


def test_clip_without_bounds_is_a_copy() -> None:
    x = np.arange(3)
    y = np.clip(x, None, None)
    x[...] = 7
    assert y.tolist() == [0, 1, 2]


@pytest.mark.parametrize("name", ["sum", "prod", "max", "min", "any", "all", "argmax"])
@pytest.mark.parametrize("axis", [0, -1])
def test_a_single_number_has_an_axis_to_reduce(name: str, axis: int) -> None:
    assert getattr(np, name)(np.array(3), axis=axis).tolist() == getattr(numpy, name)(numpy.array(3.0), axis=axis)
    with pytest.raises(ValueError, match="axis 1 is out of range"):
        getattr(np, name)(np.array(3), axis=1)


def test_triangles_of_a_vector_repeat_it() -> None:
    x = numpy.arange(1, 4)
    for ours, numpys in ((np.tril, numpy.tril), (np.triu, numpy.triu)):
        assert ours(np.array(x), -1).tolist() == numpys(x, -1).tolist()
    with pytest.raises(ValueError, match="tril: needs an array of one or more dimensions"):
        np.tril(np.array(1))


@pytest.mark.parametrize("mode", ["reflect", "symmetric"])
@pytest.mark.parametrize("width", [1, (2, 5), (9, 0), (1, 9)])
@pytest.mark.parametrize("shape", [(4,), (1,), (2, 3)])
def test_odd_reflections(mode: str, width: Any, shape: tuple[int, ...]) -> None:
    x = numpy.arange(1, 1 + numpy.prod(shape), dtype="int32").reshape(shape) ** 2
    ours = np.pad(np.array(x), width, mode=mode, reflect_type="odd")
    assert ours.tolist() == numpy.pad(x, width, mode=mode, reflect_type="odd").tolist()


@pytest.mark.parametrize("order", [2, -2, "nuc"])
def test_norms_of_singular_values_are_refused(order: Any) -> None:
    with pytest.raises(ValueError, match=r"norm: the matrix norm of order .* needs singular values"):
        np.linalg.norm(np.ones((2, 2)), order)


def test_whole_numbers_between_are_rounded_down() -> None:
    assert np.linspace(-10, 0, 4, dtype="int32").tolist() == [-10, -7, -4, 0]


@pytest.mark.parametrize("name", ["floor_divide", "remainder", "fmod", "power"])
def test_quotients_of_booleans_are_small_integers(name: str) -> None:
    x, y = numpy.array([True, False]), numpy.array([True, True])
    ours, wanted = getattr(np, name)(np.array(x), np.array(y)), getattr(numpy, name)(x, y)
    assert ours.dtype == wanted.dtype
    assert ours.tolist() == wanted.tolist()


def test_differences_of_booleans_are_changes() -> None:
    assert np.diff(np.array(numpy.array([True, False, False]))).tolist() == [True, False]


def test_einsum_takes_lists_of_axes() -> None:
    x, y = numpy.arange(6.0).reshape(2, 3), numpy.arange(12.0).reshape(3, 4)
    calls: list[tuple[Any, ...]] = [
        (x, [0, 1], [1, 0]), (x, [0, 1], y, [1, 2]), (x, [0, 1], y, [1, 2], [2, 0]), (x, [..., 1], [1, ...]),
    ]  # fmt: skip
    for call in calls:
        ours = [np.array(one) if isinstance(one, numpy.ndarray) else one for one in call]
        assert np.einsum(*ours).tolist() == numpy.einsum(*call).tolist()
    with pytest.raises(ValueError, match="einsum: the axes of an operand"):
        np.einsum(np.ones((2, 3)), "ij")

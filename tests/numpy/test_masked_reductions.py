"""`where`, `initial` and `mean` of reductions: functions and methods take the same and do as NumPy does."""

from __future__ import annotations

from typing import Any

import numpy
import pytest

from clgrad import autograd, np
from clgrad.testing import assert_close

NUMBERS = numpy.array([[3.0, -1.0, 4.0], [1.0, -5.0, 9.0]], "float32")
MASK = numpy.array([[True, False, True], [False, False, True]])

CALLS: list[tuple[str, dict[str, Any]]] = [
    ("sum", {"where": MASK}),
    ("sum", {"where": MASK, "axis": 1, "initial": 10, "keepdims": True}),
    ("prod", {"where": MASK[0], "axis": 0, "initial": 2.0}),
    ("max", {"initial": 5.0}),
    ("max", {"initial": -2.0, "where": MASK, "axis": 0}),
    ("amin", {"initial": 0.0, "axis": 1}),
    ("min", {"initial": 100.0, "where": MASK[:, :1]}),
    ("mean", {"where": MASK, "axis": 1}),
    ("mean", {"where": [True, False, True]}),
    ("var", {"where": MASK, "axis": 0, "ddof": 1}),
    ("std", {"where": MASK, "keepdims": True}),
    ("var", {"mean": numpy.float32(1.0)}),
    ("std", {"mean": NUMBERS.mean(1, keepdims=True), "axis": 1}),
    ("any", {"where": ~MASK, "axis": 0}),
    ("all", {"where": numpy.zeros(3, bool)}),
]


def named(call: tuple[str, dict[str, Any]]) -> str:
    return f"{call[0]}-{'-'.join(call[1])}"


@pytest.mark.filterwarnings("ignore:(Degrees of freedom|invalid value)")  # NumPy's, of a column without elements
@pytest.mark.parametrize(("name", "options"), CALLS, ids=map(named, CALLS))
def test_functions_and_methods_agree_with_numpy(name: str, options: dict[str, Any]) -> None:
    expected = getattr(numpy, name)(NUMBERS, **options)
    x = np.array(NUMBERS)
    ours = {key: np.array(one) if isinstance(one, numpy.ndarray) else one for key, one in options.items()}
    assert_close(getattr(np, name)(x, **ours), expected)
    assert_close(getattr(numpy, name)(x, **ours), expected)
    assert_close(getattr(x, name.removeprefix("a") if name == "amin" else name)(**ours), expected)
    assert_close(getattr(np, name)(NUMBERS.tolist(), **options), expected)


def test_extremes_of_nothing_are_the_initial_number() -> None:
    assert np.zeros((0, 3)).max(axis=0, initial=2).tolist() == [2, 2, 2]
    assert np.min(np.ones(3), where=np.zeros(3, dtype=bool), initial=7).item() == 7


def test_a_mask_needs_an_initial_number_for_extremes() -> None:
    for extreme in (np.max, np.ndarray.max, np.min):
        with pytest.raises(ValueError, match="where needs initial"):
            extreme(np.ones(3), where=np.ones(3, dtype=bool))


def test_a_mask_must_fit_the_array() -> None:
    for reduction in (np.sum, np.ndarray.mean, np.any):
        with pytest.raises(ValueError, match=r"where of shape \(2, 3\) does not fit"):
            reduction(np.ones(3), where=np.ones((2, 3), dtype=bool))


def test_gradients_stop_at_the_mask() -> None:
    x = np.array(NUMBERS)
    x.attach_grad()
    with autograd.record():
        y = x.mean(where=np.array(MASK)) + x.max(axis=1, initial=4.5).sum()
    y.backward()
    assert_close(x.grad, [[1 / 3, 0, 1 / 3], [0, 0, 4 / 3]])


def test_means_under_a_mask_count_exactly() -> None:
    mask = numpy.ones((3, 70_000), bool)
    mask[:, ::3] = False
    x = np.ones((3, 70_000), dtype="float16")
    assert x.mean(axis=1, where=np.array(mask)).tolist() == [1, 1, 1]

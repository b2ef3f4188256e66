"""Autograd, exactly: every row of the interface's table."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from clgrad import autograd, np
from clgrad.errors import ArgumentError, DTypeError, GradientError, ShapeError
from tests.autograd.variables import variable

# -- flags ---------------------------------------------------------------------------------------------------


def flags() -> tuple[bool, bool]:
    return autograd.is_recording(), autograd.is_training()


def test_flags_of_every_scope() -> None:
    assert flags() == (False, False)
    with autograd.record():
        assert flags() == (True, True)
        with autograd.pause():
            assert flags() == (False, False)
        with autograd.pause(train_mode=True):
            assert flags() == (False, True)
        with autograd.predict_mode():
            assert flags() == (True, False)
            with autograd.train_mode():
                assert flags() == (True, True)
        assert flags() == (True, True)
    with autograd.record(train_mode=False):
        assert flags() == (True, False)
    with autograd.train_mode():
        assert flags() == (False, True)
    assert flags() == (False, False)


def test_scopes_restore_after_an_exception() -> None:
    with pytest.raises(KeyError), autograd.record():
        raise KeyError
    assert flags() == (False, False)


def test_set_flags_return_the_previous_value() -> None:
    assert autograd.set_recording(True) is False
    assert autograd.set_training(True) is False
    assert flags() == (True, True)
    assert autograd.set_recording(False) is True
    assert autograd.set_training(False) is True


def test_flags_are_thread_local() -> None:
    seen = []
    with autograd.record():
        thread = threading.Thread(target=lambda: seen.append(flags()))
        thread.start()
        thread.join()
    assert seen == [(False, False)]


# -- attach_grad and grad ------------------------------------------------------------------------------------


def test_attach_grad_gives_zeros_at_once() -> None:
    x = np.ones((2, 3), dtype="float16")
    assert x.grad is None
    x.attach_grad()
    assert x.grad.shape == (2, 3)
    assert x.grad.dtype == np.float16
    assert x.grad.tolist() == [[0] * 3] * 2


def test_drop_grad() -> None:
    x = variable([1, 2])
    x.drop_grad()
    assert x.grad is None
    with autograd.record():
        y = x * 2
    with pytest.raises(GradientError):
        y.backward()


@pytest.mark.parametrize("given", ["none", "Write", None, 1])
def test_unknown_grad_req_lists_the_known_ones(given: Any) -> None:
    with pytest.raises(ValueError, match="'write', 'add', 'null'"):
        np.ones(2).attach_grad(given)


@pytest.mark.parametrize("dtype", ["int32", "uint8", "bool"])
def test_integers_and_booleans_have_no_gradient(dtype: str) -> None:
    with pytest.raises(TypeError, match=r"only floats have gradients.*astype"):
        np.ones(2, dtype=dtype).attach_grad()


def test_grad_is_one_object_whose_values_change() -> None:
    x = variable([1, 2])
    gradient = x.grad
    for factor in (3, 5):
        with autograd.record():
            y = factor * x
        y.backward()
        assert x.grad is gradient
        assert gradient.tolist() == [factor, factor]


def test_grad_req_add_accumulates_and_null_does_not_compute() -> None:
    x, y, z = variable([1, 2], "add"), variable([1, 2], "null"), variable([1, 2])
    for _ in range(2):
        with autograd.record():
            total = (x * y * z).sum()
        total.backward()
    assert x.grad.tolist() == [2, 8]
    assert y.grad.tolist() == [0, 0]
    assert z.grad.tolist() == [1, 4]


def test_attach_grad_cuts_the_history() -> None:
    x = variable([1, 2])
    with autograd.record():
        u = x * x
        u.attach_grad()
        y = u * 3
    y.backward()
    assert u.grad.tolist() == [3, 3]
    assert x.grad.tolist() == [0, 0]


def test_backward_from_a_head_without_its_history_says_who_cut_it() -> None:
    x, z = variable([1, 2]), variable([3, 4])
    with autograd.record():
        y = x * z
        other = 2 * z
    y.attach_grad()
    with pytest.raises(GradientError, match=r"backward: head 0 .*attach_grad\(\) cut its history.*autograd.grad"):
        y.backward()
    with pytest.raises(GradientError, match="backward: head 1 "):
        autograd.backward([other, y])
    assert autograd.grad(y, y)[0].tolist() == [1, 1]
    with pytest.raises(GradientError, match="was not reached"):
        autograd.grad(y, x)
    other.backward()
    assert z.grad.tolist() == [2, 2]


def test_two_losses_behind_an_array_that_was_attached() -> None:
    x = variable([1, 2])
    with autograd.record():
        u = x * x
        u.attach_grad("add")
        first, second = u * 3, u * u
    first.backward()
    second.backward()
    assert u.grad.tolist() == [3 + 2, 3 + 8]
    u.drop_grad()
    with pytest.raises(GradientError, match="nothing was recorded"):
        u.backward()


def test_detach_shares_memory_and_cuts() -> None:
    x = variable([1, 2])
    with autograd.record():
        y = x * x
        u = y.detach()
        z = (u * x).sum()
    z.backward()
    assert x.grad.tolist() == [1, 4]
    u[0] = 7
    assert y.tolist() == [7, 4]
    y[1] = 9
    assert u.tolist() == [7, 9]


def test_mark_variables() -> None:
    x, y = np.array([1, 2]), np.array([3])
    gradients = [np.zeros(2), np.ones(1)]
    autograd.mark_variables([x, y], gradients, ["write", "add"])
    with autograd.record():
        z = (x * y).sum()
    z.backward()
    assert gradients[0].tolist() == [3, 3]
    assert gradients[1].tolist() == [4]
    assert x.grad is gradients[0]
    with pytest.raises(ArgumentError, match="2 variables, 1 gradients"):
        autograd.mark_variables([x, y], gradients[:1])
    with pytest.raises(ShapeError, match=r"shape \(2,\).*shape \(1,\)"):
        autograd.mark_variables(y, gradients[0])


# -- backward ------------------------------------------------------------------------------------------------


def test_backward_of_a_non_scalar_is_that_of_its_sum() -> None:
    x = variable([[1, 2], [3, 4]])
    with autograd.record():
        y = x * x
    y.backward()
    assert x.grad.tolist() == [[2, 4], [6, 8]]


def test_head_gradient_weighs_the_elements() -> None:
    x = variable([1, 2])
    with autograd.record():
        y = x * x
    y.backward(np.array([10, 100]))
    assert x.grad.tolist() == [20, 400]


def test_head_gradients_are_checked() -> None:
    x = variable([1, 2])
    with autograd.record():
        y = x * x
    with pytest.raises(ShapeError, match=r"shape \(3,\) and its head \(2,\)"):
        y.backward(np.ones(3))
    with pytest.raises(DTypeError, match=r"float16 and its head float32.*astype\('float32'\)"):
        y.backward(np.ones(2, dtype="float16"))
    with pytest.raises(ArgumentError, match="must be an array or None"):
        y.backward(1.0)
    y.backward(np.ones(2))


def test_several_heads() -> None:
    x = variable([1, 2])
    with autograd.record():
        y, z = x * x, 3 * x
    autograd.backward([y, z], [None, np.array([10, 100])])
    assert x.grad.tolist() == [32, 304]
    with autograd.record():
        y, z = x * x, 3 * x
    with pytest.raises(ValueError, match="2 heads and 1 head gradients"):
        autograd.backward([y, z], [None])


def test_the_same_head_twice_counts_twice() -> None:
    x = variable([1, 2])
    with autograd.record():
        y = 3 * x
    autograd.backward([y, y])
    assert x.grad.tolist() == [6, 6]


def test_second_backward_needs_retain_graph() -> None:
    x, w = variable([1, 2]), variable([1, 2], "add")
    with autograd.record():
        y = (x * x * w).sum()
    y.backward(retain_graph=True)
    y.backward()
    assert x.grad.tolist() == [2, 8]
    assert w.grad.tolist() == [2, 8]
    with pytest.raises(GradientError, match="retain_graph=True"):
        y.backward()


def test_backward_of_what_was_not_recorded_names_the_causes() -> None:
    x = variable([1, 2])
    y = x * x
    with pytest.raises(GradientError, match=r"outside `with autograd.record\(\):`.*attach_grad\(\)"):
        y.backward()
    with autograd.record():
        z = np.ones(2) * 2
    with pytest.raises(GradientError, match="nothing was recorded"):
        z.backward()


def test_integer_heads_are_an_error() -> None:
    x = variable([1, 2])
    with autograd.record():
        y = np.argmax(x)
    with pytest.raises(DTypeError, match=r"int64.*argmax"):
        y.backward()


def test_a_variable_not_reached_keeps_its_gradient() -> None:
    x, w = variable([1, 2]), variable([3, 4])
    with autograd.record():
        y = x * w
    y.backward()
    with autograd.record():
        y = x * 2
    y.backward()
    assert x.grad.tolist() == [2, 2]
    assert w.grad.tolist() == [1, 2]


def test_a_variable_is_a_head_of_its_own() -> None:
    x = variable([1, 2])
    x.backward()
    assert x.grad.tolist() == [1, 1]


def test_backward_respects_train_mode() -> None:
    seen = []

    class Spy(autograd.Function):
        def forward(self, x):
            return x * 1

        def backward(self, dy):
            seen.append(flags())
            return dy

    x = variable([1, 2])
    for mode in (True, False):
        with autograd.record():
            y = Spy()(x)
        y.backward(train_mode=mode)
    assert seen == [(False, True), (False, False)]


def test_asnumpy_under_record_does_not_break_the_graph() -> None:
    x = variable([1, 2])
    with autograd.record():
        y = x * x
        assert y.asnumpy().tolist() == [1, 4]
        z = y * y
    z.backward()
    assert x.grad.tolist() == [4, 32]


def test_float16_gradients_have_their_variables_dtype() -> None:
    x, w = variable([1, 2], dtype="float16"), variable([3, 4])
    with autograd.record():
        y = (x * w).sum()
    y.backward()
    assert x.grad.dtype == np.float16
    assert w.grad.dtype == np.float32
    assert x.grad.tolist() == [3, 4]


def test_get_symbol_says_what_to_do_instead() -> None:
    with pytest.raises(NotImplementedError, match="explain"):
        autograd.get_symbol(np.ones(2))

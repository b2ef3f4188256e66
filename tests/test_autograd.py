"""Autograd, exactly: every row of the interface's table, and what the tape promises."""

from __future__ import annotations

import gc
import threading

import numpy
import pytest

import clgrad
from clgrad import autograd, np, npx
from clgrad.errors import ArgumentError, DTypeError, GradientError, ShapeError
from clgrad.testing import assert_close, check_gradients


def variable(numbers, grad_req="write", dtype="float32"):
    x = np.array(numbers, dtype=dtype)
    x.attach_grad(grad_req)
    return x


# -- flags -------------------------------------------------------------------------------------------------


def flags():
    return autograd.is_recording(), autograd.is_training()


def test_flags_of_every_scope():
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


def test_scopes_restore_after_an_exception():
    with pytest.raises(KeyError), autograd.record():
        raise KeyError
    assert flags() == (False, False)


def test_set_flags_return_the_previous_value():
    assert autograd.set_recording(True) is False
    assert autograd.set_training(True) is False
    assert flags() == (True, True)
    assert autograd.set_recording(False) is True
    assert autograd.set_training(False) is True


def test_flags_are_thread_local():
    seen = []
    with autograd.record():
        thread = threading.Thread(target=lambda: seen.append(flags()))
        thread.start()
        thread.join()
    assert seen == [(False, False)]


# -- attach_grad and grad ----------------------------------------------------------------------------------


def test_attach_grad_gives_zeros_at_once():
    x = np.ones((2, 3), dtype="float16")
    assert x.grad is None
    x.attach_grad()
    assert x.grad.shape == (2, 3)
    assert x.grad.dtype == np.float16
    assert x.grad.tolist() == [[0] * 3] * 2


def test_drop_grad():
    x = variable([1, 2])
    x.drop_grad()
    assert x.grad is None
    with autograd.record():
        y = x * 2
    with pytest.raises(GradientError):
        y.backward()


@pytest.mark.parametrize("given", ["none", "Write", None, 1])
def test_unknown_grad_req_lists_the_known_ones(given):
    with pytest.raises(ValueError, match="'write', 'add', 'null'"):
        np.ones(2).attach_grad(given)


@pytest.mark.parametrize("dtype", ["int32", "uint8", "bool"])
def test_integers_and_booleans_have_no_gradient(dtype):
    with pytest.raises(TypeError, match=r"only floats have gradients.*astype"):
        np.ones(2, dtype=dtype).attach_grad()


def test_grad_is_one_object_whose_values_change():
    x = variable([1, 2])
    gradient = x.grad
    for factor in (3, 5):
        with autograd.record():
            y = factor * x
        y.backward()
        assert x.grad is gradient
        assert gradient.tolist() == [factor, factor]


def test_grad_req_add_accumulates_and_null_does_not_compute():
    x, y, z = variable([1, 2], "add"), variable([1, 2], "null"), variable([1, 2])
    for _ in range(2):
        with autograd.record():
            total = (x * y * z).sum()
        total.backward()
    assert x.grad.tolist() == [2, 8]
    assert y.grad.tolist() == [0, 0]
    assert z.grad.tolist() == [1, 4]


def test_attach_grad_cuts_the_history():
    x = variable([1, 2])
    with autograd.record():
        u = x * x
        u.attach_grad()
        y = u * 3
    y.backward()
    assert u.grad.tolist() == [3, 3]
    assert x.grad.tolist() == [0, 0]


def test_detach_shares_memory_and_cuts():
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


def test_mark_variables():
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


# -- backward ----------------------------------------------------------------------------------------------


def test_backward_of_a_non_scalar_is_that_of_its_sum():
    x = variable([[1, 2], [3, 4]])
    with autograd.record():
        y = x * x
    y.backward()
    assert x.grad.tolist() == [[2, 4], [6, 8]]


def test_head_gradient_weighs_the_elements():
    x = variable([1, 2])
    with autograd.record():
        y = x * x
    y.backward(np.array([10, 100]))
    assert x.grad.tolist() == [20, 400]


def test_head_gradients_are_checked():
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


def test_several_heads():
    x = variable([1, 2])
    with autograd.record():
        y, z = x * x, 3 * x
    autograd.backward([y, z], [None, np.array([10, 100])])
    assert x.grad.tolist() == [32, 304]
    with autograd.record():
        y, z = x * x, 3 * x
    with pytest.raises(ValueError, match="2 heads and 1 head gradients"):
        autograd.backward([y, z], [None])


def test_the_same_head_twice_counts_twice():
    x = variable([1, 2])
    with autograd.record():
        y = 3 * x
    autograd.backward([y, y])
    assert x.grad.tolist() == [6, 6]


def test_second_backward_needs_retain_graph():
    x, w = variable([1, 2]), variable([1, 2], "add")
    with autograd.record():
        y = (x * x * w).sum()
    y.backward(retain_graph=True)
    y.backward()
    assert x.grad.tolist() == [2, 8]
    assert w.grad.tolist() == [2, 8]
    with pytest.raises(GradientError, match="retain_graph=True"):
        y.backward()


def test_backward_of_what_was_not_recorded_names_the_causes():
    x = variable([1, 2])
    y = x * x
    with pytest.raises(GradientError, match=r"outside `with autograd.record\(\):`.*attach_grad\(\)"):
        y.backward()
    with autograd.record():
        z = np.ones(2) * 2
    with pytest.raises(GradientError, match="nothing was recorded"):
        z.backward()


def test_integer_heads_are_an_error():
    x = variable([1, 2])
    with autograd.record():
        y = np.argmax(x)
    with pytest.raises(DTypeError, match=r"int64.*argmax"):
        y.backward()


def test_a_variable_not_reached_keeps_its_gradient():
    x, w = variable([1, 2]), variable([3, 4])
    with autograd.record():
        y = x * w
    y.backward()
    with autograd.record():
        y = x * 2
    y.backward()
    assert x.grad.tolist() == [2, 2]
    assert w.grad.tolist() == [1, 2]


def test_a_variable_is_a_head_of_its_own():
    x = variable([1, 2])
    x.backward()
    assert x.grad.tolist() == [1, 1]


def test_backward_respects_train_mode():
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


def test_asnumpy_under_record_does_not_break_the_graph():
    x = variable([1, 2])
    with autograd.record():
        y = x * x
        assert y.asnumpy().tolist() == [1, 4]
        z = y * y
    z.backward()
    assert x.grad.tolist() == [4, 32]


def test_float16_gradients_have_their_variables_dtype():
    x, w = variable([1, 2], dtype="float16"), variable([3, 4])
    with autograd.record():
        y = (x * w).sum()
    y.backward()
    assert x.grad.dtype == np.float16
    assert w.grad.dtype == np.float32
    assert x.grad.tolist() == [3, 4]


def test_get_symbol_says_what_to_do_instead():
    with pytest.raises(NotImplementedError, match="explain"):
        autograd.get_symbol(np.ones(2))


# -- in-place writes under record --------------------------------------------------------------------------


def test_in_place_operators_under_record():
    x, w = variable([1, 2]), variable([3, 4])
    with autograd.record():
        y = x * w
        y += x
        y *= y
        total = y.sum()
    total.backward()
    # total = sum((x w + x) ** 2)
    assert x.grad.tolist() == [2 * 4 * 4, 2 * 10 * 5]
    assert w.grad.tolist() == [2 * 4 * 1, 2 * 10 * 2]


def test_writing_a_region_under_record():
    x, w = variable([[0, 1, 2], [3, 4, 5]]), variable([1, 2, 3])
    with autograd.record():
        y = x * 2
        y[0] = w * w
        y[1, 1:] = 7
        total = (y * y).sum()
    total.backward()
    assert x.grad.tolist() == [[0, 0, 0], [24, 0, 0]]
    assert w.grad.tolist() == [4, 32, 108]


def test_a_view_under_record_writes_through_with_gradients():
    x = variable([1, 2, 3])
    with autograd.record():
        y = x * 2
        view = y[1:]
        view *= x[1:]
        total = y.sum()
    total.backward()
    assert y.tolist() == [2, 8, 18]
    assert x.grad.tolist() == [2, 8, 12]


def test_masked_write_under_record():
    x = variable([-1, 2, -3])
    with autograd.record():
        y = x * x
        y[x < 0] = 0
        total = y.sum()
    total.backward()
    assert x.grad.tolist() == [0, 4, 0]


def test_updating_a_leaf_after_recording_does_not_change_the_gradient():
    x = variable([1, 2])
    with autograd.record():
        y = x * x
    x[:] = 100
    y.backward()
    assert x.grad.tolist() == [2, 4]
    with autograd.record():
        y = x * x
    y.backward()
    assert x.grad.tolist() == [200, 200]


def test_a_leaf_written_under_record_gets_the_gradient_of_what_it_was():
    x = variable([1, 2])
    for _ in range(2):
        before = x.asnumpy()
        with autograd.record():
            x *= x
            y = (3 * x).sum()
        y.backward()
        assert x.grad.tolist() == (6 * before).tolist()


def test_an_update_inside_record_trains_all_the_same():
    w = variable([4.0])
    seen = []
    for _ in range(4):
        with autograd.record():
            loss = (w * w).sum()
            loss.backward()
            w -= 0.25 * w.grad
        seen.append(w.item())
    assert seen == [2.0, 1.0, 0.5, 0.25]


def test_view_of_a_variable_outside_record_stays_without_history():
    x = variable([1, 2, 3])
    view = x[1:]
    with autograd.record():
        y = view * 2
    with pytest.raises(GradientError):
        y.backward()


def test_a_view_can_be_a_variable():
    base = np.array([1, 2, 3])
    view = base[1:]
    view.attach_grad()
    with autograd.record():
        y = view * view
    y.backward()
    assert view.grad.tolist() == [4, 6]
    view -= view.grad
    assert base.tolist() == [1, -2, -3]
    with autograd.record():
        y = view * view
    y.backward()
    assert view.grad.tolist() == [-4, -6]


# -- grad --------------------------------------------------------------------------------------------------


def test_grad_of_an_array_and_of_a_list():
    x, w = variable([1, 2]), variable([3, 4])
    with autograd.record():
        y = x * x * w
        one = autograd.grad(y, x, retain_graph=True)
        both = autograd.grad([y], [x, w])
    assert one.tolist() == [6, 16]
    assert [each.tolist() for each in both] == [[6, 16], [1, 4]]
    assert x.grad.tolist() == [0, 0]


def test_grad_with_respect_to_an_intermediate():
    x = variable([1, 2])
    with autograd.record():
        u = x * x
        y = u * u
        slope = autograd.grad(y, u)
    assert slope.tolist() == [2, 8]


def test_grad_with_head_gradients():
    x = variable([1, 2])
    with autograd.record():
        y = x * x
    assert autograd.grad(y, x, np.array([1, 10])).tolist() == [2, 40]


def test_grad_names_a_variable_that_was_not_reached():
    x, w = variable([1, 2]), variable([[3.0]])
    with autograd.record():
        y = x * x
    with pytest.raises(GradientError, match=r"variable 1 \(shape \(1, 1\)\).*allow_unused=True"):
        autograd.grad(y, [x, w], retain_graph=True)
    x_grad, w_grad = autograd.grad(y, [x, w], allow_unused=True)
    assert x_grad.tolist() == [2, 4]
    assert w_grad.tolist() == [[0]]


def test_higher_orders():
    x = variable([0.5, 1.5])
    with autograd.record():
        y = x**4
        first = autograd.grad(y, x, create_graph=True)
        second = autograd.grad(first, x, create_graph=True)
        third = autograd.grad(second, x, create_graph=True)
    third.backward()
    assert_close(first, [0.5, 13.5])
    assert_close(second, [3, 27])
    assert_close(third, [12, 36])
    assert_close(x.grad, [24, 24])


def test_create_graph_does_not_need_record_around_it():
    x = variable([2.0])
    with autograd.record():
        y = x * x * x
    first = autograd.grad(y, x, create_graph=True)
    first.backward()
    assert x.grad.tolist() == [12]


def test_gradient_penalty():
    check_gradients(lambda x, w: np.tanh(x @ w) ** 2, [[0.1, 0.2], [0.3, -0.4]], [[0.5], [-0.6]], order=3)


# -- Function ----------------------------------------------------------------------------------------------


class Sigmoid(autograd.Function):
    def forward(self, x):
        y = 1 / (1 + np.exp(-x))
        self.save_for_backward(y)
        return y

    def backward(self, dy):
        (y,) = self.saved_tensors
        return dy * y * (1 - y)


def test_function_of_the_original():
    x = variable([0.0, 1.0])
    with autograd.record():
        y = Sigmoid()(x)
    y.backward()
    s = 1 / (1 + numpy.exp(-numpy.array([0.0, 1.0])))
    assert_close(x.grad, (s * (1 - s)).astype("float32"))


def test_function_outside_record_just_computes():
    assert Sigmoid()(np.zeros(1)).item() == 0.5


def test_function_is_differentiable_to_any_order():
    check_gradients(lambda x: Sigmoid()(x), [0.3, -0.7], order=3)


class SumAndProduct(autograd.Function):
    def forward(self, x, y):
        self.save_for_backward(x, y)
        return x + y, x * y

    def backward(self, d_sum, d_product):
        x, y = self.saved_tensors
        return d_sum + d_product * y, d_sum + d_product * x


def test_function_with_several_outputs():
    x, y = variable([1, 2], "add"), variable([3, 4])
    for _ in range(2):
        with autograd.record():
            total, product = SumAndProduct()(x, y)
            loss = (total * product).sum()
        loss.backward()
    # d/dx (x + y) x y = 2 x y + y ** 2
    assert x.grad.tolist() == [2 * 15, 2 * 32]
    assert y.grad.tolist() == [7, 20]
    with autograd.record():
        total, product = SumAndProduct()(x, y)
    product.backward()
    assert y.grad.tolist() == [1, 2]
    check_gradients(lambda x, y: list(SumAndProduct()(x, y)), [1.0, 2.0], [3.0, 4.0])


def test_function_instance_is_called_once():
    function = Sigmoid()
    function(np.zeros(1))
    with pytest.raises(GradientError, match="only once"):
        function(np.zeros(1))


def test_function_keeps_exception_types():
    class Broken(autograd.Function):
        def forward(self, x):
            return x * 1

        def backward(self, dy):
            raise ZeroDivisionError("mine")

    x = variable([1])
    with autograd.record():
        y = Broken()(x)
    with pytest.raises(ZeroDivisionError, match="mine"):
        y.backward()
    assert flags() == (False, False)


def test_function_results_are_checked():
    class TooMany(Sigmoid):
        def backward(self, dy):
            return dy, dy

    class WrongShape(Sigmoid):
        def backward(self, dy):
            return dy.sum()

    x = variable([1, 2])
    with autograd.record():
        y, z = TooMany()(x), WrongShape()(x)
    with pytest.raises(ValueError, match=r"TooMany.backward returned 2 gradients for 1 inputs"):
        y.backward()
    with pytest.raises(ValueError, match=r"WrongShape.backward.*shape \(\)"):
        z.backward()


def test_function_saves_arrays_as_they_are():
    class Square(autograd.Function):
        def forward(self, x):
            self.save_for_backward(x)
            return x * x

        def backward(self, dy):
            return 2 * dy * self.saved_tensors[0]

    x = variable([3])
    with autograd.record():
        y = Square()(x)
    x[:] = 100
    y.backward()
    assert x.grad.tolist() == [6]


def test_function_without_gradient_for_an_input():
    class Scale(autograd.Function):
        def forward(self, x, factor):
            self.factor = factor
            return x * factor

        def backward(self, dy):
            return dy * self.factor, None

    x = variable([3])
    with autograd.record():
        y = Scale()(x, 5)
    y.backward()
    assert x.grad.tolist() == [5]


# -- what the tape promises --------------------------------------------------------------------------------


def test_ten_thousand_chained_ops():
    x = variable([1.0])
    with autograd.record():
        y = x
        for _ in range(10_000):
            y = y * 1.0001
    y.backward()
    assert_close(x.grad, numpy.float32([1.0001**10_000]), rtol=1e-3)


@pytest.fixture
def no_collector():
    gc.collect()
    gc.disable()
    yield
    gc.enable()


def live_bytes():
    npx.waitall()
    return clgrad.statistics()["live_bytes"]


def test_memory_goes_with_the_last_handle_without_the_collector(no_collector):
    def work():
        x = variable(numpy.ones(1000))
        w = variable(numpy.ones((1000, 10)))
        with autograd.record():
            y = np.tanh(x @ w)
            y[2:4] = y[4:6]
            y += 1
            view, cut = y[1:], y.detach()
            z = Sigmoid()(view) * cut[1:]
            total, product = SumAndProduct()(z, z)
            loss = (total * product).sum()
            slope = autograd.grad(loss, w, create_graph=True).sum()
        slope.backward()
        return x.grad.asnumpy()

    work()
    before = live_bytes()
    for _ in range(3):
        work()
    assert live_bytes() == before


def test_forgotten_graphs_go_without_backward(no_collector):
    x = variable(numpy.ones(1000))
    npx.waitall()
    before = live_bytes()
    for _ in range(3):
        with autograd.record():
            y = np.exp(x * 2).sum()
        y.asnumpy()
    del y
    assert live_bytes() == before


def test_running_statistics_under_record_do_not_pile_up():
    w, mean = variable(numpy.ones(1000)), np.zeros(1000)
    sizes = []
    for _ in range(6):
        with autograd.record():
            y = w * 2
            mean = 0.9 * mean + 0.1 * y
            loss = (y * y).sum()
        loss.backward()
        sizes.append(live_bytes())
    assert sizes[2] == sizes[5]


def test_threads_record_side_by_side():
    results = {}

    def work(number):
        x = variable([float(number)])
        for _ in range(20):
            with autograd.record():
                y = x * x * x
            y.backward()
        results[number] = x.grad.item()

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == {number: 3.0 * number**2 for number in range(4)}

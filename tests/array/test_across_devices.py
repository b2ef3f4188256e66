"""Arrays of two devices in one call: a write copies, every other op refuses at the call and names itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy
import pytest

from clgrad import autograd, np, npx
from clgrad.errors import DeviceError
from clgrad.runtime.device import Device
from clgrad.runtime.device import devices as all_devices
from tests.processes import output_of

Call = Callable[[Any, Any, Any], Any]


@pytest.fixture(params=["pending", "computed"])
def arrays(request: pytest.FixtureRequest, devices: dict[str, Device]) -> tuple[Any, Any, Any]:
    """(2, 3) here; (2, 3) and two indices on another device."""
    here, there = devices.values()
    found = (
        np.arange(6, device=here).reshape(2, 3),
        np.arange(6, device=there).reshape(2, 3) + 10,
        np.array([1, 0], dtype="int32", device=there) * 1,
    )
    if request.param == "computed":
        for one in found:
            one.wait_to_read()
    return found


WRITES: dict[str, Call] = {
    "x[0] = y": lambda a, b, i: a.__setitem__(0, b[0]),
    "x[...] = y": lambda a, b, i: a.__setitem__(Ellipsis, b),
    "x[rows] = y": lambda a, b, i: a.__setitem__([1, 0], b),
    "x[mask] = y": lambda a, b, i: a.__setitem__(a > 2, b[0, 0]),
    "x[mask] = several": lambda a, b, i: a.__setitem__(a > 2, b[0]),
    "x[slice] = y": lambda a, b, i: a.__setitem__((slice(None), slice(0, 2)), b[:, 1:]),
    "x[0] = [y]": lambda a, b, i: a.__setitem__(0, [b[0, 0], b[0, 1], b[0, 2]]),
    "view": lambda a, b, i: a[1].__setitem__(slice(1, None), b[0, :2]),
    "out": lambda a, b, i: np.add(b, 1, out=a),
    "out of take": lambda a, b, i: np.take(b, i, axis=0, out=a),
    "copyto": lambda a, b, i: b.copyto(a),
    "fill": lambda a, b, i: a.fill(b[0, 1]),
}


@pytest.mark.parametrize("name", WRITES)
def test_a_write_copies_to_the_device(arrays: tuple[Any, Any, Any], name: str) -> None:
    a, b, indices = arrays
    x, y, rows = (one.asnumpy() for one in arrays)
    device = a.device
    WRITES[name](a, b, indices)
    expected = WRITES_IN_NUMPY.get(name, WRITES[name])
    expected(x, y, rows)
    assert a.device == device
    numpy.testing.assert_array_equal(a.asnumpy(), x)


WRITES_IN_NUMPY: dict[str, Call] = {
    "copyto": lambda a, b, i: numpy.copyto(a, b),
    "out": lambda a, b, i: numpy.add(b, 1, out=a),
    "out of take": lambda a, b, i: numpy.take(b, i, axis=0, out=a),
}


@pytest.mark.parametrize("update", [npx.index_update, npx.index_add])
def test_updates_copy_the_numbers_that_they_write(arrays: tuple[Any, Any, Any], update: Call) -> None:
    a, b, _ = arrays
    found = update(a, np.array([[0]], device=a.device), b[:1])
    added = a.asnumpy()[0] if update is npx.index_add else 0
    numpy.testing.assert_array_equal(found.asnumpy(), [b.asnumpy()[0] + added, a.asnumpy()[1]])


def test_gradients_of_what_was_written_come_back(arrays: tuple[Any, Any, Any]) -> None:
    a, b, _ = arrays
    b.attach_grad()
    with autograd.record():
        a[0] = b[1] * 2
        total = (a * a).sum()
    total.backward()
    assert b.grad.device == b.device
    numpy.testing.assert_array_equal(b.grad.asnumpy(), [[0, 0, 0], [104, 112, 120]])


REFUSED: dict[str, tuple[str, Call]] = {
    "plus": ("add", lambda a, b, i: a + b),
    "three": ("clip", lambda a, b, i: np.clip(a, b, b)),
    "index": ("getitem", lambda a, b, i: a[i]),
    "indices": ("getitem", lambda a, b, i: a[[0, 1], i]),
    "mask": ("getitem", lambda a, b, i: a[b > 12]),
    "write at": ("setitem", lambda a, b, i: a.__setitem__(i, 0)),
    "write at mask": ("setitem", lambda a, b, i: a.__setitem__(b > 12, 0)),
    "write several at mask": ("setitem", lambda a, b, i: a.__setitem__(b > 14, a[0, :1])),
    "take": ("take", lambda a, b, i: np.take(a, i)),
    "take clipped": ("take", lambda a, b, i: np.take(a, i, axis=1, mode="clip")),
    "take wrapped": ("take", lambda a, b, i: a.take(i, mode="wrap")),
    "take_along_axis": ("take_along_axis", lambda a, b, i: np.take_along_axis(a, i.reshape(2, 1), 1)),
    "pick": ("pick", lambda a, b, i: npx.pick(a, i)),
    "embedding": ("embedding", lambda a, b, i: npx.embedding(i, a)),
    "gather_nd": ("getitem", lambda a, b, i: npx.gather_nd(a, i.reshape(1, 2))),
    "index_update": ("setitem", lambda a, b, i: npx.index_update(a, i.reshape(1, 2), a)),
    "index_add": ("add_at", lambda a, b, i: npx.index_add(a, i.reshape(1, 2), a)),
    "softmax_cross_entropy": ("softmax_cross_entropy", lambda a, b, i: npx.softmax_cross_entropy(a, i)),
    "softmax of lengths": ("less", lambda a, b, i: npx.softmax(a, length=i, use_length=True)),
    "where": ("where", lambda a, b, i: np.where(b > 12, a, 0)),
    "where of": ("where", lambda a, b, i: np.where(a > 2, a, b)),
    "out where": ("where", lambda a, b, i: np.add(a, a, where=b > 12, out=np.ones_like(a))),
    "concatenate": ("concatenate", lambda a, b, i: np.concatenate([a, b])),
    "stack": ("concatenate", lambda a, b, i: np.stack([a, b])),
    "list": ("array", lambda a, b, i: np.array([a, b])),
    "matmul": ("matmul", lambda a, b, i: a @ b.T),
    "dot": ("dot", lambda a, b, i: np.dot(a, b.T)),
    "einsum": ("einsum", lambda a, b, i: np.einsum("ij,kj->ik", a, b)),
    "batch_dot": ("batch_dot", lambda a, b, i: npx.batch_dot(a[None], b[None], transpose_b=True)),
    "fully_connected": ("", lambda a, b, i: npx.fully_connected(a, b, num_hidden=2, no_bias=True)),
    "layer_norm": ("", lambda a, b, i: npx.layer_norm(a, b[0], b[1])),
    "sequence_mask": ("less", lambda a, b, i: npx.sequence_mask(a, i, True, axis=1)),
    "interp": ("", lambda a, b, i: np.average(a, weights=b)),
    "uniform": ("", lambda a, b, i: np.random.uniform(a, b)),
    "mark_variables": ("mark_variables", lambda a, b, i: autograd.mark_variables(a, b)),
}


@pytest.mark.parametrize("name", REFUSED)
def test_an_op_refuses_two_devices_at_the_call(arrays: tuple[Any, Any, Any], name: str) -> None:
    a, b, indices = arrays
    op, call = REFUSED[name]
    before = a.asnumpy().tolist(), b.asnumpy().tolist()
    with pytest.raises(DeviceError, match=rf"^{op}.*on .* and ") as caught:
        call(a, b, indices)
    assert str(a.device) in str(caught.value)
    assert str(b.device) in str(caught.value)
    assert (a.asnumpy().tolist(), b.asnumpy().tolist()) == before


class Elsewhere(autograd.Function):
    """Doubles, and carries its gradient to another device."""

    def __init__(self, device: Any) -> None:
        self.device = device

    def forward(self, x: Any) -> Any:
        return x * 2

    def backward(self, dy: Any) -> Any:
        return (dy * 2).to_device(self.device)


def test_a_function_gives_gradients_where_its_inputs_lie(arrays: tuple[Any, Any, Any]) -> None:
    a, b, _ = arrays
    a.attach_grad()
    with autograd.record():
        y = Elsewhere(b.device)(a)
    with pytest.raises(DeviceError, match=r"Elsewhere\.backward: the gradient of input 0 .* to_device"):
        y.backward()


TWO_DEVICES_OF_ONE_DRIVER = """
from clgrad import autograd, np, npx
from clgrad.errors import DeviceError
here, there = npx.cpu(0), npx.cpu(1)
a, b = np.zeros((2, 3), device=here), np.ones((2, 3), device=there)
index = np.array([1, 0], dtype="int32", device=there)
for one in (a, b, index):
    one.wait_to_read()
a[0] = b[0]
print(a.tolist())
for call in (lambda: a[index], lambda: np.take(a, index), lambda: np.where(b > 0, a, 0), lambda: a + b):
    try:
        call()
    except DeviceError:
        print("refused")
w = np.ones(3, device=there)
w.attach_grad()
with autograd.record():
    loss = (w * w).sum()
loss.backward()
print(w.grad.tolist())
"""


def test_two_devices_of_one_driver() -> None:
    if not any("Portable" in device.platform_name for device in all_devices()):
        pytest.skip("only PoCL can show two devices without hardware")
    lines = output_of(TWO_DEVICES_OF_ONE_DRIVER, POCL_DEVICES="pthread pthread", CLGRAD_DEVICE="portable").split("\n")
    assert lines == ["[[1.0, 1.0, 1.0], [0.0, 0.0, 0.0]]", *["refused"] * 4, "[2.0, 2.0, 2.0]"]

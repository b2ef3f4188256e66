"""The same small program on every driver of this machine, in a process of its own, in both kernel shapes."""

from __future__ import annotations

import pytest

from clgrad.runtime.drivers import Driver, find_drivers
from tests.processes import run

PROGRAM = """
import numpy
from clgrad import autograd, np, npx

numbers = numpy.random.default_rng(0)
x = numbers.standard_normal((33, 40)).astype("float32")
w = numbers.standard_normal((40, 17)).astype("float32")
labels = numbers.integers(0, 17, 33)
X, W, L = np.array(x), np.array(w), np.array(labels.astype("int32"))
W.attach_grad()
with autograd.record():
    loss = -npx.pick(npx.log_softmax(np.tanh(np.dot(X, W))), L).mean()
loss.backward()

t = numpy.tanh(x.astype("float64") @ w)
p = numpy.exp(t) / numpy.exp(t).sum(1, keepdims=True)
expected = -numpy.log(p[numpy.arange(33), labels]).mean()
p[numpy.arange(33), labels] -= 1
gradient = x.T.astype("float64") @ (p / 33 * (1 - t * t))
assert abs(float(loss) - expected) < 1e-5, (float(loss), expected)
numpy.testing.assert_allclose(W.grad.asnumpy(), gradient, rtol=1e-4, atol=1e-6)

y = np.arange(10)
y[2:5] = 7
assert y.asnumpy().tolist() == [0, 1, 7, 7, 7, 5, 6, 7, 8, 9]
assert np.cumsum(np.ones((70,))).asnumpy()[-1] == 70
assert np.take(X, np.array([3, 1]), axis=0).shape == (2, 40)
print("right on", X.device)
"""


DRIVERS = pytest.mark.parametrize(
    "driver", [found for found in find_drivers() if found.library], ids=lambda found: found.origin
)


def check(driver: Driver, **settings: str) -> None:
    done = run("-c", PROGRAM, OCL_ICD_VENDORS=str(driver.library), **settings)
    rejected = "DeviceNotFoundError" in done.stderr
    assert done.returncode == 0 or rejected, done.stderr
    if rejected:
        pytest.skip(f"its devices fail the probe: {done.stderr.strip().splitlines()[-1]}")
    assert "right on" in done.stdout


@DRIVERS
@pytest.mark.parametrize("shape", ["cpu", "gpu"])
def test_every_driver_computes_the_same(driver: Driver, shape: str) -> None:
    check(driver, CLGRAD_KERNEL_SHAPE=shape)


@DRIVERS
@pytest.mark.parametrize("width", ["4", "8", "16"])
def test_every_width_of_vectors_computes_the_same(driver: Driver, width: str) -> None:
    check(driver, CLGRAD_KERNEL_SHAPE="cpu", CLGRAD_VECTOR_WIDTH=width)


@DRIVERS
@pytest.mark.parametrize("processor", ["corei7", "core-avx2"])
def test_older_processors_compute_the_same(driver: Driver, processor: str) -> None:
    """Intel's runtime compiles for the processor that it is told; others do not read the variable."""
    if "intelocl" not in str(driver.library):
        pytest.skip("not run: this driver compiles for the processor that it finds")
    check(driver, CL_CONFIG_CPU_TARGET_ARCH=processor)

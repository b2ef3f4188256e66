"""The time that a fresh process takes before its first result."""

from __future__ import annotations

from benchmarks.row import Module, ProcessRow, Step

IMPORT = """
from time import perf_counter
start = perf_counter()
{}
print(perf_counter() - start)
"""


class ImportTime(ProcessRow):
    """Importing the framework in a fresh process; the start of Python itself does not count."""

    def clgrad(self, clgrad: Module) -> Step:
        return self.run(IMPORT.format("from clgrad import autograd, np, npx"))

    def mxnet(self, mxnet: Module) -> Step:
        return self.run(IMPORT.format("from mxnet import autograd, np, npx"))

    def numpy(self, numpy: Module) -> Step:
        return self.run(IMPORT.format("import numpy"))

    def torch(self, torch: Module) -> Step:
        return self.run(IMPORT.format("import torch"))

    def jax(self, jax: Module) -> Step:
        return self.run(IMPORT.format("import jax, jax.numpy"))


FIRST_GRADIENT = """
from {} import autograd, np
x = np.arange(4)
x.attach_grad()
with autograd.record():
    y = 2 * np.dot(x, x)
y.backward()
print(x.grad.asnumpy())
"""

TORCH_FIRST_GRADIENT = """
import torch
x = torch.arange(4.0, requires_grad=True)
(2 * torch.dot(x, x)).backward()
print(x.grad.numpy())
"""

JAX_FIRST_GRADIENT = """
import jax
print(jax.jit(jax.grad(lambda x: 2 * jax.numpy.dot(x, x)))(jax.numpy.arange(4.0)))
"""


class FirstGradient(ProcessRow):
    """The whole life of a process that computes and prints one gradient, caches on disk being warm."""

    def clgrad(self, clgrad: Module) -> Step:
        return self.run(FIRST_GRADIENT.format("clgrad"), whole_life=True)

    def mxnet(self, mxnet: Module) -> Step:
        return self.run(FIRST_GRADIENT.format("mxnet"), whole_life=True)

    def torch(self, torch: Module) -> Step:
        return self.run(TORCH_FIRST_GRADIENT, whole_life=True)

    def jax(self, jax: Module) -> Step:
        return self.run(JAX_FIRST_GRADIENT, whole_life=True)


START = [ImportTime("import_time"), FirstGradient("first_gradient_warm")]

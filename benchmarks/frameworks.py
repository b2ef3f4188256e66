"""How each framework takes NumPy arrays, waits for its results and gives them back."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import numpy

Array = Any


class Framework:
    """A framework, by default with NumPy's arrays, which are computed when a call returns."""

    name = "numpy"

    def __init__(self) -> None:
        self.module = import_module(self.name)

    @property
    def description(self) -> str:
        """Name and version."""
        return f"{self.name} {self.module.__version__}"

    def array(self, values: numpy.ndarray[Any, Any]) -> Array:
        """The framework's own array of these values."""
        return values

    def wait(self, arrays: tuple[Array, ...]) -> None:
        """Return when these results are computed."""

    def values(self, array: Array) -> numpy.ndarray[Any, Any]:
        """The values of a result."""
        return numpy.asarray(array)


class Torch(Framework):
    """PyTorch, eager, on the CPU."""

    name = "torch"

    def array(self, values: numpy.ndarray[Any, Any]) -> Array:
        return self.module.from_numpy(values)

    def values(self, array: Array) -> numpy.ndarray[Any, Any]:
        return numpy.asarray(array.detach() if hasattr(array, "detach") else array)


class Jax(Framework):
    """JAX, each row compiled by jit."""

    name = "jax"

    def array(self, values: numpy.ndarray[Any, Any]) -> Array:
        return self.module.numpy.asarray(values)

    def wait(self, arrays: tuple[Array, ...]) -> None:
        self.module.block_until_ready(arrays)


class Mxnet(Framework):
    """MXNet's `np` arrays, which are computed in the background."""

    name = "mxnet"

    def __init__(self) -> None:
        super().__init__()
        self.array_type = type(self.module.np.zeros(1))

    def array(self, values: numpy.ndarray[Any, Any]) -> Array:
        return self.module.np.array(values, dtype=values.dtype)

    def wait(self, arrays: tuple[Array, ...]) -> None:
        for array in arrays:
            if isinstance(array, self.array_type):
                array.wait_to_read()

    def values(self, array: Array) -> numpy.ndarray[Any, Any]:
        return array.asnumpy() if isinstance(array, self.array_type) else numpy.asarray(array)


class Clgrad(Mxnet):
    """clgrad, on the device that it chooses."""

    name = "clgrad"

    def wait(self, arrays: tuple[Array, ...]) -> None:
        # Start all pending results together, as one plan, as in a training loop.
        if any(isinstance(array, self.array_type) for array in arrays):
            self.module.npx.waitall()


FRAMEWORKS = {framework.name: framework for framework in (Clgrad, Framework, Torch, Jax, Mxnet)}

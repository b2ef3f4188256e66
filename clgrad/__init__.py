"""NumPy arrays and automatic differentiation on any OpenCL device.

>>> from clgrad import autograd, np, npx
>>> x = np.arange(4)
>>> x.attach_grad()
>>> with autograd.record():
...     y = 2 * np.dot(x, x)
>>> y.backward()
>>> x.grad
array([ 0.,  4.,  8., 12.])
"""

from clgrad import autograd as autograd
from clgrad import errors as errors
from clgrad import interface as interface
from clgrad import numpy as np
from clgrad import numpy_extension as npx
from clgrad.array.assembly import ndarray as ndarray
from clgrad.array.device import Device as Device
from clgrad.array.device import default_device as default_device
from clgrad.array.device import devices as devices
from clgrad.array.device import find_device as find_device
from clgrad.array.device import set_default_device as set_default_device
from clgrad.array.pending import explain as explain
from clgrad.jitted.function import jit as jit
from clgrad.runtime.device import rejected_devices as rejected_devices
from clgrad.runtime.statistics import reset_peak as reset_peak
from clgrad.runtime.statistics import statistics as statistics

__version__ = "0.1.0"

__all__ = [
    "Device", "autograd", "default_device", "devices", "errors", "explain", "find_device", "jit", "ndarray",
    "np", "npx", "rejected_devices", "reset_peak", "set_default_device", "statistics",
]  # fmt: skip

"""The mutable handle that users hold: arrays with NumPy's operators, methods, indexing and protocols."""

from clgrad.array.ndarray import finish as finish
from clgrad.array.ndarray import ndarray as ndarray

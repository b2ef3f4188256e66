"""The mutable handle that users hold: arrays with NumPy's operators, methods, indexing and protocols."""

from clgrad.array.assembly import finish as finish
from clgrad.array.assembly import ndarray as ndarray

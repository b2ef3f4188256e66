"""The array class: NumPy's operators, methods, indexing and protocols on top of immutable values."""

from clgrad.array.assembly import finish as finish
from clgrad.array.assembly import ndarray as ndarray

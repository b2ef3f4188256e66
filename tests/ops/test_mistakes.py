"""Mistakes in calls of ops of all families are errors at the call."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy
import pytest

from clgrad import dtypes
from clgrad.errors import AxisError, DTypeError, IndexOutOfRangeError, ShapeError
from clgrad.ops import arithmetic, comparison, indexing, joining, linalg, movement, neural, powers, reduction
from clgrad.ops.operation import Value
from clgrad.ops.selection import constant
from clgrad.runtime.device import Device
from tests.ops.calls import matrix

MISTAKES: dict[str, tuple[Callable[[Value], Any], type[Exception], str]] = {
    "broadcast": (lambda x: x + constant(numpy.ones(3, "float32"), x.device), ShapeError, r"add: shapes \(3, 4\) and \(3,\)"),
    "reshape": (lambda x: movement.reshape(x, (5, -1)), ShapeError, r"reshape: 12 elements of shape \(3, 4\)"),
    "axis": (lambda x: reduction.sum(x, 2), AxisError, "sum: axis 2 is out of range for an array of 2 dimensions"),
    "axis twice": (lambda x: reduction.sum(x, (0, -2)), AxisError, "sum: an axis appears twice"),
    "axes": (lambda x: movement.transpose(x, (0, 0)), AxisError, "are not a permutation"),
    "squeeze": (lambda x: movement.squeeze(x, 1), ShapeError, "squeeze: axis 1 of shape"),
    "integer index": (lambda x: indexing.getitem(x, (0, 4)), IndexOutOfRangeError, "index 4 is out of range for axis 1 of length 4"),
    "index array": (lambda x: indexing.getitem(x, [0, 3]), IndexOutOfRangeError, "index 3 is out of range for an axis of length 3"),
    "too many": (lambda x: indexing.getitem(x, (0, 0, 0)), IndexOutOfRangeError, "too many indices: 3 for an array of 2"),
    "two ellipses": (lambda x: indexing.getitem(x, (..., ...)), ShapeError, "one ellipsis"),
    "index dtype": (lambda x: indexing.getitem(x, 1.5), DTypeError, "an index must be an integer"),
    "mask shape": (lambda x: indexing.getitem(x, numpy.ones(4, bool)), ShapeError, r"a mask of shape \(4,\) does not fit"),
    "written shape": (lambda x: indexing.setitem(x, 0, movement.reshape(x, -1)), ShapeError, r"a value of shape \(12,\)"),
    "matmul": (lambda x: linalg.matmul(x, x), ShapeError, "a has 4 columns and b has 3 rows"),
    "concatenate": (lambda x: joining.concatenate([x, movement.transpose(x)]), ShapeError, "may differ along axis 0 only"),
    "split": (lambda x: joining.split(x, 3, 1), ShapeError, "cannot be cut into 3 equal parts"),
    "negative power": (lambda x: powers.power(arithmetic.cast(x, dtype=dtypes.int32), -1), ValueError, r"integers to negative integer powers are not allowed \(int32 \*\* -1\)"),
    "negative power of booleans": (lambda x: powers.power(comparison.less(x, 1), numpy.int8(-2)), ValueError, "not allowed"),
    "booleans": (lambda x: -comparison.less(x, 1), DTypeError, "negative: is not defined for booleans"),
    "labels": (lambda x: neural.softmax_cross_entropy(x, x), ShapeError, r"labels of shape \(3, 4\) do not fit"),
    "broadcast_to": (lambda x: movement.broadcast_to(x, (4, 3)), ShapeError, r"shape \(3, 4\) does not broadcast to \(4, 3\)"),
}  # fmt: skip


@pytest.mark.parametrize("mistake", MISTAKES)
def test_mistakes_are_errors_at_the_call(device: Device, mistake: str) -> None:
    call, error, message = MISTAKES[mistake]
    with pytest.raises(error, match=message):
        call(matrix(device))

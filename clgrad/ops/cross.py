"""The vector product of vectors with two or three elements."""

from __future__ import annotations

from clgrad.errors import ShapeError
from clgrad.ops.joining import roll
from clgrad.ops.movement import along, moveaxis, part, reshape, slice_update
from clgrad.ops.operation import Value, common, fill
from clgrad.shapes import broadcast_shapes, normalize_axis


def cross(a: Value, b: Value, axisa: int = -1, axisb: int = -1, axisc: int = -1) -> Value:
    """The products, along `axisc`, of the vectors along `axisa` and `axisb`; the other axes broadcast.

    A vector with two elements has zero as its third. If all have two, the result is the third element alone.
    """
    (a, b), _ = common("cross", (a, b))
    a, b = (
        moveaxis(one, normalize_axis("cross", axis, len(one.shape)), -1) for one, axis in ((a, axisa), (b, axisb))
    )
    lengths = a.shape[-1], b.shape[-1]
    if not {*lengths} <= {2, 3}:
        raise ShapeError(f"cross: vectors have two or three elements, got lengths {lengths[0]} and {lengths[1]}")
    batch = broadcast_shapes("cross", a.shape[:-1], b.shape[:-1])
    if lengths == (2, 2):
        return reshape(part(a, -1, 0, 1) * part(b, -1, 1, 1) - part(a, -1, 1, 1) * part(b, -1, 0, 1), batch)
    axis = normalize_axis("cross", axisc, len(batch) + 1)
    a, b = _of_three(a), _of_three(b)
    return moveaxis(roll(a * roll(b, -1, -1) - roll(a, -1, -1) * b, -1, -1), -1, axis)


def _of_three(x: Value) -> Value:
    """Vectors with two elements get zero as their third."""
    if x.shape[-1] == 3:
        return x
    shape = (*x.shape[:-1], 3)
    return slice_update(fill(0, shape, x.dtype, x.device), x, **along(shape, -1, 0, 2))

"""Index arithmetic of the planner: merging axes, and composing the strides of a view with those of its base."""

from __future__ import annotations

from collections.abc import Sequence

from clgrad.shapes import Shape, contiguous_strides


def without_units(shape: Shape, strides: Shape) -> tuple[Shape, Shape]:
    """Shape and strides without the axes of length one."""
    kept = [(n, step) for n, step in zip(shape, strides) if n != 1]
    return tuple(n for n, _ in kept), tuple(step for _, step in kept)


def merge(dims: Sequence[int], operands: Sequence[Sequence[int]]) -> tuple[list[int], list[list[int]]]:
    """The lengths and strides after dropping axes of length one and merging neighbouring axes.

    Two axes are merged if all operands step through them as through a single axis. `operands` holds the strides of each
    operand.

    >>> merge([2, 3, 4], [[12, 4, 1], [0, 0, 1]])
    ([6, 4], [[4, 1], [0, 1]])
    """
    lengths: list[int] = []
    merged: list[list[int]] = [[] for _ in operands]
    for axis, n in enumerate(dims):
        if n == 1:
            continue
        steps = [strides[axis] for strides in operands]
        if lengths and all(done[-1] == step * n for done, step in zip(merged, steps)):
            lengths[-1] *= n
            for done, step in zip(merged, steps):
                done[-1] = step
        else:
            lengths.append(n)
            for done, step in zip(merged, steps):
                done.append(step)
    return lengths, merged


def compose(dims: Shape, view: Shape, offset: int, shape: Shape, strides: Shape) -> tuple[Shape, int] | None:
    """Strides and offset with which a reader of a view reads an operand of the view's base directly.

    The base has `shape` and is not stored; an operand from which it is computed is read by `strides` over `shape`. The
    view has lengths `dims`, and strides `view` and `offset` over the row-major elements of the base. None if no strides
    exist, because the view steps across several axes of the base at once.

    In the example the base (3, 4) repeats a row of 4 elements, and the view is its transpose (4, 3). The view's stride
    1 is a step along axis 1 of the base, where the operand has stride 1. Its stride 4 is a step along axis 0, where the
    operand has stride 0.

    >>> compose((4, 3), (1, 4), 0, (3, 4), (0, 1))
    ((1, 0), 0)
    """
    if 0 in shape:
        return (0,) * len(dims), 0
    lengths, (operand,) = merge(shape, [strides])
    steps = contiguous_strides(tuple(lengths))
    starts, rest = [], offset
    for step in steps:
        starts.append(rest // step)
        rest %= step
    first, last = list(starts), list(starts)
    result = []
    for n, move in zip(dims, view):
        if move == 0 or n <= 1:
            # An axis of length 0 may be reduced, and then what is read along the other axes counts.
            result.append(0)
            continue
        axis = next((a for a, step in enumerate(steps) if step <= abs(move)), None)
        if axis is None or move % steps[axis]:
            return None
        hops = move // steps[axis]
        (last if hops > 0 else first)[axis] += hops * (n - 1)
        result.append(hops * operand[axis])
    if any(low < 0 or high >= n for low, high, n in zip(first, last, lengths)):
        return None
    return tuple(result), sum(start * step for start, step in zip(starts, operand))


def spans(dims: Sequence[int], operands: Sequence[Sequence[int]]) -> int:
    """The number of indices, or the largest distance in elements between two reads of an operand if that is larger."""
    reach = 1
    for n in dims:
        reach *= n
    for strides in operands:
        reach = max(reach, sum(abs(step) * (n - 1) for n, step in zip(dims, strides)))
    return reach

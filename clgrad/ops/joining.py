"""Joining and repeating arrays: concatenate, stack, split, tile, repeat, roll. All are differentiable."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import accumulate, pairwise
from typing import Any

from clgrad.errors import ArgumentError, ShapeError
from clgrad.ops.movement import along, broadcast_to, expand_dims, part, reshape, slice_update
from clgrad.ops.operation import Composite, Operation, Value, common, fill
from clgrad.ops.several import selected
from clgrad.shapes import Shape, integers, normalize_axis, several
from clgrad.tape import STATE, CallResults, record, scope


def _concatenate(*values: Value, axis: int) -> Value:
    first = values[0]
    lengths = [value.shape[axis] for value in values]
    shape = (*first.shape[:axis], sum(lengths), *first.shape[axis + 1 :])
    return _joined(values, lengths, axis, fill(0, shape, first.dtype, first.device))


def _joined(pieces: Iterable[Value | None], lengths: Sequence[int], axis: int, out: Value) -> Value:
    """`out` with neighbouring pieces of these lengths replaced; None leaves a piece as it is."""
    for piece, start, length in zip(pieces, accumulate(lengths, initial=0), lengths):
        if piece is not None:
            out = slice_update(out, piece, **along(out.shape, axis, start, length))
    return out


def _concatenate_gradient(g: Value, out: Value, *values: Value, axis: int) -> list[Value]:
    return _parts(g, axis, [value.shape[axis] for value in values])


def _parts(x: Value, axis: int, lengths: Sequence[int]) -> list[Value]:
    """Neighbouring pieces of the given lengths along an axis."""
    starts = accumulate(lengths, initial=0)
    return [part(x, axis, start, length) for start, length in zip(starts, lengths)]


_concatenated = Composite("concatenate", _concatenate, _concatenate_gradient)


def concatenate(values: Sequence[Value], axis: int | None = 0) -> Value:
    """Arrays joined along `axis`, or flattened and joined if it is None."""
    if not values:
        raise ArgumentError("concatenate: needs at least one array")
    if axis is None:
        values, axis = [reshape(value, -1) for value in values], 0
    first = values[0].shape
    axis = normalize_axis("concatenate", axis, len(first))
    for value in values:
        if len(value.shape) != len(first) or _without(value.shape, axis) != _without(first, axis):
            raise ShapeError(
                f"concatenate: shapes {first} and {value.shape} may differ along axis {axis} only. "
                "Usual cause: a wrong axis, or a missing expand_dims (see stack)"
            )
    same, _ = common("concatenate", tuple(values))
    return _concatenated(*same, axis=axis)


def _without(shape: Shape, axis: int) -> Shape:
    return shape[:axis] + shape[axis + 1 :]


def stack(values: Sequence[Value], axis: int = 0) -> Value:
    """Arrays of the same shape joined along a new axis."""
    if not values:
        raise ArgumentError("stack: needs at least one array")
    for value in values:
        if value.shape != values[0].shape:
            raise ShapeError(f"stack: all shapes must be equal, got {values[0].shape} and {value.shape}")
    return concatenate([expand_dims(value, axis) for value in values], axis)


class _Split(Operation):
    """Cuts an array into pieces. They are one call on the tape, so that their cotangents are joined, not padded and
    added."""

    def __init__(self) -> None:
        super().__init__("split", None)

    def pieces(self, x: Value, axis: int, lengths: Sequence[int]) -> list[Value]:
        """Neighbouring pieces of the given lengths along an axis."""
        if not STATE.recording or x.entry is None:
            return _parts(x, axis, lengths)
        call = CallResults()
        record(call, self, (x,), {"axis": axis, "lengths": lengths})
        with scope(recording=False):
            pieces = _parts(x, axis, lengths)
        return [selected(piece, call, which) for which, piece in enumerate(pieces)]

    def vjp(self, g: Any, out: Any, inputs: Sequence[Any], attributes: dict[str, Any]) -> Sequence[Any]:
        """The cotangents of the pieces, joined."""
        (x,) = inputs
        axis, lengths = attributes["axis"], attributes["lengths"]
        cotangents = map(g.cotangents.get, range(len(lengths)))
        return (_joined(cotangents, lengths, axis, fill(0, x.shape, x.dtype, x.device)),)


_split = _Split()


def split(x: Value, sections: int | Sequence[int], axis: int = 0, equal: bool = True) -> list[Value]:
    """x in `sections` pieces along `axis`, or cut before each index in `sections`."""
    axis = normalize_axis("split", axis, len(x.shape))
    length, cuts = x.shape[axis], integers("split", sections)
    if isinstance(cuts, int):
        return _split.pieces(x, axis, _section_lengths(length, cuts, equal))
    edges = [0, *(slice(cut).indices(length)[1] for cut in cuts), length]
    if edges == sorted(edges):
        return _split.pieces(x, axis, [high - low for low, high in pairwise(edges)])
    return [part(x, axis, low, max(0, high - low)) for low, high in pairwise(edges)]


def _section_lengths(length: int, sections: int, equal: bool) -> list[int]:
    if sections < 1:
        raise ArgumentError(f"split: the number of sections must be 1 or more, got {sections}")
    if equal and length % sections:
        raise ShapeError(
            f"split: an axis of length {length} cannot be cut into {sections} equal parts; "
            "give the indices of the cuts, or use array_split"
        )
    small, rest = divmod(length, sections)
    return [small + 1] * rest + [small] * (sections - rest)


def roll(x: Value, shift: int | Sequence[int], axis: int | Sequence[int] | None = None) -> Value:
    """x shifted by `shift` along `axis`; elements that leave at the end enter at the start."""
    shifts = several("roll", shift)
    if axis is None:
        return reshape(_roll_axis(reshape(x, -1), 0, sum(shifts)), x.shape)
    axes = several("roll", axis)
    if len(shifts) == 1:
        shifts *= len(axes)
    elif len(axes) == 1:
        axes *= len(shifts)
    if len(axes) != len(shifts):
        raise ArgumentError(f"roll: {len(shifts)} shifts for {len(axes)} axes")
    for one, distance in zip(axes, shifts):
        x = _roll_axis(x, normalize_axis("roll", one, len(x.shape)), distance)
    return x


def _roll_axis(x: Value, axis: int, shift: int) -> Value:
    length = x.shape[axis]
    if length == 0 or shift % length == 0:
        return x
    cut = length - shift % length
    return concatenate([part(x, axis, cut, length - cut), part(x, axis, 0, cut)], axis)


def tile(x: Value, reps: int | Sequence[int]) -> Value:
    """The whole of x repeated `reps` times along each axis."""
    counts = several("tile", reps)
    ndim = max(len(counts), len(x.shape))
    counts = (1,) * (ndim - len(counts)) + counts
    shape = (1,) * (ndim - len(x.shape)) + x.shape
    paired = reshape(x, tuple(n for length in shape for n in (1, length)))
    wide = broadcast_to(paired, tuple(n for count, length in zip(counts, shape) for n in (count, length)))
    return reshape(wide, tuple(count * length for count, length in zip(counts, shape)))


def repeat(x: Value, repeats: int | Sequence[int], axis: int | None = None) -> Value:
    """Each element repeated; `repeats` is one number, or one per element of `axis`."""
    if axis is None:
        x, axis = reshape(x, -1), 0
    elif not x.shape:
        # As in NumPy, a single number has one axis here.
        x = reshape(x, -1)
    axis = normalize_axis("repeat", axis, len(x.shape))
    counts = several("repeat", repeats)
    if len(counts) != 1:
        return _repeat_each(x, counts, axis)
    (count,) = counts
    if count < 0:
        raise ArgumentError(f"repeat: repeats must not be negative, got {count}")
    shape = x.shape
    wide = broadcast_to(expand_dims(x, axis + 1), (*shape[: axis + 1], count, *shape[axis + 1 :]))
    return reshape(wide, (*shape[:axis], shape[axis] * count, *shape[axis + 1 :]))


def _repeat_each(x: Value, repeats: Sequence[int], axis: int) -> Value:
    if len(repeats) != x.shape[axis]:
        raise ShapeError(f"repeat: {len(repeats)} repeats for axis {axis} of length {x.shape[axis]}")
    if min(repeats, default=0) < 0:
        raise ArgumentError(f"repeat: repeats must not be negative, got {min(repeats)}")
    return pick_static(x, axis, [at for at, count in enumerate(repeats) for _ in range(count)])


def pick_static(x: Value, axis: int, positions: Sequence[int]) -> Value:
    """The elements at positions along an axis that are known now, as slices: one for each run with a constant step."""
    pieces = [
        broadcast_to(piece, (*x.shape[:axis], count, *x.shape[axis + 1 :])) if step == 0 else piece
        for start, count, step in runs(positions)
        for piece in [part(x, axis, start, 1 if step == 0 else count, step or 1)]
    ]
    return concatenate(pieces, axis) if pieces else part(x, axis, 0, 0)


def runs(positions: Sequence[int]) -> list[tuple[int, int, int]]:
    """The runs with a constant step that make up `positions`, as (start, count, step).

    >>> runs([2, 1, 0, 1, 2, 2, 2])
    [(2, 3, -1), (1, 2, 1), (2, 2, 0)]
    """
    found: list[tuple[int, int, int]] = []
    for position in positions:
        if found:
            start, count, step = found[-1]
            if count == 1 or position == start + count * step:
                found[-1] = (start, count + 1, position - start if count == 1 else step)
                continue
        found.append((position, 1, 1))
    return found

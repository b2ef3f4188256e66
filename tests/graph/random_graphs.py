"""Random programs over small arrays, run at once in clgrad and in NumPy (float64): what fuses must not change."""

from __future__ import annotations

import random
from typing import Any

import numpy

from clgrad.graph.execute import flush, read, upload
from clgrad.ops import arithmetic, choice, comparison, indexing, movement, reduction, scan, sorting
from clgrad.ops.operation import Value, fill, iota
from clgrad.ops.selection import constant
from clgrad.runtime.device import Device

SHAPES = [
    (),
    (1,),
    (5,),
    (3, 1),
    (4, 5),
    (1, 5),
    (4, 1),
    (2, 4, 5),
    (2, 1, 5),
    (20,),
    (2, 20),
    (40,),
    (3, 33),
    (33, 3),
]


class RandomProgram:
    """Grows pairs (Value, NumPy array) by random ops; `run` compares them with NumPy, in random order.

    With `looking` every value is computed as soon as it is made, so nothing fuses.
    """

    def __init__(self, seed: int, device: Device, looking: bool = False) -> None:
        self.looking = looking
        self.random = random.Random(seed)
        self.numbers = numpy.random.default_rng(seed)
        self.device = device
        self.pool: list[tuple[Value, Any]] = []
        for _ in range(3):
            self._leaf(self.random.choice(SHAPES))

    def _leaf(self, shape: tuple[int, ...]) -> None:
        array = self.numbers.uniform(-1, 1, shape).astype("float32")
        # Zeros of both signs: what is selected must not be computed anew.
        array = numpy.where(self.numbers.random(shape) < 0.1, numpy.float32(-0.0), array)
        value = Value(None, (), None, shape, array.dtype, self.device, upload(array, self.device))
        self.pool.append((value, array.astype("float64")))

    def _generate(self) -> None:
        """Arrays made from numbers and indices alone, which take no memory."""
        shape = self.random.choice(SHAPES)
        size = int(numpy.prod(shape))
        if self.random.random() < 0.5:
            self._put(fill(0.25, shape, numpy.dtype("float32"), self.device), numpy.full(shape, 0.25))
            return
        index = arithmetic.cast(iota(shape, self.device), dtype=numpy.dtype("float32"))
        rows = numpy.arange(size).reshape(shape) * 1.0
        self._put(arithmetic.multiply(index, 1 / 64), rows / 64)

    def step(self) -> None:
        kinds = [
            self._binary, self._binary, self._binary, self._unary, self._unary, self._reduce, self._reduce,
            self._move, self._move, self._normalize, self._update, self._flush, self._generate, self._index,
            self._index, self._choose,
        ]  # fmt: skip
        self.random.choice(kinds)()

    def _pick(self) -> tuple[Value, Any]:
        return self.random.choice(self.pool[-6:] if self.random.random() < 0.8 else self.pool)

    def _put(self, value: Value, array: Any) -> None:
        assert value.shape == array.shape, (value.shape, array.shape)
        if self.looking:
            flush([value])
        self.pool.append((value, array))
        if self.random.random() < 0.3 and len(self.pool) > 3:
            self.pool.pop(self.random.randrange(len(self.pool) - 1))

    def _binary(self) -> None:
        (x, a), (y, b) = self._pick(), self._pick()
        try:
            numpy.broadcast_shapes(a.shape, b.shape)
        except ValueError:
            y, b = 0.5, 0.5
        op = self.random.choice(["add", "multiply", "subtract"])
        self._put(getattr(arithmetic, op)(x, y), getattr(numpy, op)(a, b) * 1.0)

    def _unary(self) -> None:
        x, a = self._pick()
        bounded = arithmetic.divide(x, arithmetic.add(arithmetic.square(x), 1.0))
        self._put(bounded, a / (a * a + 1))

    def _reduce(self) -> None:
        x, a = self._pick()
        axes = tuple(axis for axis in range(a.ndim) if self.random.random() < 0.5)
        keepdims = self.random.random() < 0.5
        op = self.random.choice(["sum", "max", "min", "mean"])
        if a.size:
            self._put(getattr(reduction, op)(x, axes, keepdims), getattr(numpy, op)(a, axes, keepdims=keepdims))

    def _normalize(self) -> None:
        """What a softmax does: reduce, broadcast back, reduce again."""
        x, a = self._pick()
        if a.ndim == 0:
            return
        axis = self.random.randrange(a.ndim)
        centred = arithmetic.subtract(x, reduction.max(x, axis, True))
        spread = reduction.sum(arithmetic.square(centred), axis, True)
        b = a - a.max(axis, keepdims=True)
        self._put(
            arithmetic.divide(centred, arithmetic.add(spread, 1.0)),
            b / ((b * b).sum(axis, keepdims=True) + 1),
        )

    def _move(self) -> None:
        x, a = self._pick()
        kind = self.random.choice(["transpose", "reshape", "flip", "slice", "broadcast"])
        if kind == "transpose":
            axes = tuple(self.random.sample(range(a.ndim), a.ndim))
            self._put(movement.transpose(x, axes), a.transpose(axes))
        elif kind == "reshape":
            self._put(movement.reshape(x, (-1,)), a.reshape(-1))
        elif kind == "flip" and a.ndim:
            self._put(movement.flip(x, 0), numpy.flip(a, 0))
        elif kind == "slice" and a.ndim and a.shape[0] > 2:
            self._put(movement.part(x, 0, 1, a.shape[0] - 2), a[1:-1])
        elif a.size <= 200:
            self._put(movement.broadcast_to(x, (2, *a.shape)), numpy.broadcast_to(a, (2, *a.shape)) * 1.0)

    def _update(self) -> None:
        x, a = self._pick()
        if a.ndim and a.shape[0] >= 3:
            part = movement.part(x, 0, 0, 2)
            changed = a.copy()
            changed[1:3] = a[0:2] + 1
            value = movement.slice_update(x, arithmetic.add(part, 1.0), **movement.along(x.shape, 0, 1, 2))
            if self.random.random() < 0.5:
                self.pool = [pair for pair in self.pool if pair[0] is not x]
            if self.random.random() < 0.5:
                head = movement.part(x, 0, 0, 1)
                value = movement.slice_update(value, head, **movement.along(x.shape, 0, a.shape[0] - 1, 1))
                changed[-1:] = a[:1]
            self._put(value, changed)

    def _positions(self, shape: tuple[int, ...], length: int) -> tuple[Value, Any]:
        """Indices within an axis, computed or pending, in one dtype of several."""
        dtype = self.random.choice(["int32", "int64", "uint8"])
        array = self.numbers.integers(0, length, shape).astype(dtype)
        value = constant(array, self.device)
        if self.random.random() < 0.5:
            value = arithmetic.add(value, 0)
        return value, array.astype("int64")

    def _index(self) -> None:
        """Every op that reads or writes at positions which are data."""
        x, a = self._pick()
        if a.ndim == 0:
            return
        axis = self.random.randrange(a.ndim)
        kinds = [self._take, self._take_along, self._pick_each, self._rows, self._write_rows, self._add_rows]
        self.random.choice(kinds)(x, a, axis)

    def _take(self, x: Value, a: Any, axis: int) -> None:
        at, positions = self._positions((3,), a.shape[axis])
        mode = self.random.choice(["raise", "clip", "wrap"])
        self._put(indexing.take(x, at, axis, mode), numpy.take(a, positions, axis))

    def _take_along(self, x: Value, a: Any, axis: int) -> None:
        shape = tuple(2 if at == axis else n for at, n in enumerate(a.shape))
        at, positions = self._positions(shape, a.shape[axis])
        self._put(indexing.take_along_axis(x, at, axis), numpy.take_along_axis(a, positions, axis))

    def _pick_each(self, x: Value, a: Any, axis: int) -> None:
        shape = tuple(1 if at == axis else n for at, n in enumerate(a.shape))
        at, positions = self._positions(shape, a.shape[axis])
        picked = indexing.pick(x, at, axis, keepdims=True)
        self._put(picked, numpy.take_along_axis(a, positions, axis))

    def _rows(self, x: Value, a: Any, axis: int) -> None:
        key: tuple[Any, ...] = (slice(None),) * axis
        at, positions = self._positions((2,), a.shape[axis])
        if self.random.random() < 0.3:
            mask = self.numbers.random(a.shape[axis]) < 0.5
            self._put(indexing.getitem(x, (*key, constant(mask, self.device))), a[(*key, mask)])
        elif a.ndim == 2 and self.random.random() < 0.5:
            self._put(indexing.embedding(at, x) if axis == 0 else x, a[positions] if axis == 0 else a)
        else:
            self._put(indexing.getitem(x, (*key, at)), a[(*key, positions)])

    def _write_rows(self, x: Value, a: Any, axis: int) -> None:
        key: tuple[Any, ...] = (slice(None),) * axis
        changed = a.copy()
        if self.random.random() < 0.5:
            at, positions = self._positions((1,), a.shape[axis])
            changed[(*key, positions)] = 0.5
            self._put(indexing.setitem(x, (*key, at), 0.5), changed)
        else:
            mask = self.numbers.random(a.shape) < 0.3
            changed[mask] = -1
            self._put(indexing.setitem(x, constant(mask, self.device), -1), changed)

    def _add_rows(self, x: Value, a: Any, axis: int) -> None:
        key: tuple[Any, ...] = (slice(None),) * axis
        at, positions = self._positions((4,), a.shape[axis])
        changed = a.copy()
        numpy.add.at(changed, (*key, positions), 0.25)
        self._put(indexing.add_at(x, (*key, at), 0.25), changed)

    def _choose(self) -> None:
        x, a = self._pick()
        kind = self.random.choice(["where", "clip", "one_hot", "cumsum", "sort"])
        if kind == "where":
            self._put(choice.where(comparison.greater(x, 0), x, 0.5), numpy.where(a > 0, a, 0.5))
        elif kind == "clip":
            self._put(choice.clip(x, -0.25, 0.5), numpy.clip(a, -0.25, 0.5))
        elif kind == "one_hot":
            at, positions = self._positions((3,), 5)
            self._put(indexing.one_hot(at, 5), numpy.eye(5)[positions])
        elif kind == "sort" and a.ndim:
            self._put(sorting.sort(x), numpy.sort(a))
        elif a.ndim:
            self._put(scan.cumsum(x, a.ndim - 1), numpy.cumsum(a, -1))

    def _flush(self) -> None:
        if self.random.random() < 0.3:
            flush([self._pick()[0]])

    def run(self, steps: int) -> list[Any]:
        """The values that are left after so many steps."""
        for _ in range(steps):
            self.step()
        self.random.shuffle(self.pool)
        flush([value for value, _ in self.pool[: len(self.pool) // 2]])
        results = [read(value) for value, _ in self.pool]
        for result, (_, array) in zip(results, self.pool):
            scale = max(1.0, float(numpy.abs(array).max())) if array.size else 1.0
            numpy.testing.assert_allclose(result, array, rtol=2e-4, atol=2e-5 * scale)
        return results

"""Random index keys as Python text: integers, slices, ..., None, integer arrays and masks, mixed.

The text names its values. Other values of a name select as many elements, elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from math import prod
from random import Random
from typing import Any

from tests.fuzz.program import Draw

NameValue = Callable[[Any, Draw], str]


def random_key(random: Random, shape: Sequence[int], name_value: NameValue, advanced: bool = True) -> str:
    """The text between the brackets of `x[...]` for an x of this shape."""
    first = random.randint(0, len(shape))
    last = random.randint(first, len(shape))
    spread = random.choice([(2,), (3,), (1,), (2, 1), (1, 3), ()]) if advanced else None
    keys = Keys(random, name_value, spread)
    if spread is not None and shape and random.random() < 0.1:
        return keys.mask(shape[: random.randint(1, len(shape))])
    items = keys.items(shape[:first])
    if random.random() < 0.4:
        items += ["...", *keys.items(shape[last:])]
    elif random.random() < 0.5:
        items += keys.items(shape[first:])
    return ", ".join(items) or random.choice(["...", "()", "None"])


class Keys:
    """Draws the items of one key; index arrays among them if there is a shape `spread` that they broadcast to."""

    def __init__(self, random: Random, name_value: NameValue, spread: tuple[int, ...] | None) -> None:
        self.random = random
        self.name_value = name_value
        self.spread = spread

    def drawn(self, draw: Draw) -> str:
        return self.name_value(draw(self.random), draw)

    def items(self, shape: Sequence[int]) -> list[str]:
        """Items that cover these axes, with new axes here and there."""
        random = self.random
        items: list[str] = []
        axis = 0
        while axis < len(shape) or random.random() < 0.1:
            draw = random.random()
            if draw < 0.1 or axis == len(shape):
                items.append("None")
            elif draw < 0.55 or self.spread is None:
                items.append(self.slice(shape[axis]) if random.random() < 0.7 else self.integer(shape[axis]))
                axis += 1
            elif draw < 0.8:
                items.append(self.integers(shape[axis], self.spread))
                axis += 1
            else:
                covered = random.randint(0 if random.random() < 0.2 else 1, min(2, len(shape) - axis))
                items.append(self.mask(shape[axis : axis + covered]))
                axis += covered
        return items

    def integer(self, length: int) -> str:
        return self.drawn(partial(position, length))

    def slice(self, length: int) -> str:
        random = self.random

        def bound() -> int | None:
            return None if random.random() < 0.4 else random.randint(-length - 1, length + 1)

        first = slice(bound(), bound(), random.choice([None, None, None, 2, -1, -2, 3]))
        return self.name_value(first, partial(moved, first, length))

    def integers(self, length: int, spread: tuple[int, ...]) -> str:
        """An array of positions; of the shape `spread`, or one that broadcasts to it."""
        random = self.random
        if random.random() < 0.1:
            return random.choice(["[]", "numpy.zeros((0,), 'int64')"])
        dtype = random.choice(["int64", "int32", "uint8"])
        name = self.drawn(partial(positions, length, prod(spread), dtype != "uint8"))
        if len(spread) == 1 and random.random() < 0.4:
            return name
        return self.placed(f"numpy.reshape({name}, {spread})", dtype)

    def mask(self, shape: Sequence[int]) -> str:
        likely = self.random.choice([0.0, 0.3, 0.7, 1.0])
        bits = [int(self.random.random() < likely) for _ in range(prod(shape))]
        return self.placed(f"numpy.reshape({self.name_value(bits, partial(shuffled, bits))}, {tuple(shape)})", "bool")

    def placed(self, text: str, dtype: str) -> str:
        """In NumPy or on the device."""
        return f"{text}.astype('{dtype}')" if self.random.random() < 0.5 else f"np.array({text}, dtype='{dtype}')"


def position(length: int, random: Random) -> int:
    """Within an axis, from either end."""
    return random.randint(-length, length - 1) if length else 0


def positions(length: int, count: int, negative: bool, random: Random) -> list[int]:
    """Some positions, counted from both ends or from the first."""
    found = [position(length, random) for _ in range(count)]
    return found if negative else [one % max(length, 1) for one in found]


def shuffled(values: list[Any], random: Random) -> list[Any]:
    """The same values in another order."""
    return random.sample(values, len(values))


def moved(first: slice, length: int, random: Random) -> slice:
    """A slice with the step of the first that takes as many elements."""
    taken = range(*first.indices(length))
    if not taken:
        return first
    step = abs(taken.step)
    span = (len(taken) - 1) * step
    start = random.randint(0, length - 1 - span)
    stop = start + span + random.randint(1, step)
    # Both are counted from the end at which the slice starts; from the other end they are negative.
    begin = random.choice([start, start - length])
    end = random.choice([stop, stop - length]) if stop < length else random.choice([None, length + 1])
    if taken.step < 0:
        begin, end = -1 - begin, None if end is None else -1 - end
    return slice(begin, end, first.step)

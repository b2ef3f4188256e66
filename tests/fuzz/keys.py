"""Random index keys as Python text: integers, slices, ..., None, integer arrays and masks, mixed."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random


def random_key(random: Random, shape: Sequence[int], advanced: bool = True) -> str:
    """The text between the brackets of `x[...]` for an x of this shape."""
    first = random.randint(0, len(shape))
    last = random.randint(first, len(shape))
    spread = random.choice([(2,), (3,), (1,), (2, 1), (1, 3), ()]) if advanced else None
    items = _items(random, shape[:first], spread)
    if random.random() < 0.4:
        items += ["...", *_items(random, shape[last:], spread)]
    elif random.random() < 0.5:
        items += _items(random, shape[first:], spread)
    return ", ".join(items) or random.choice(["...", "()", "None"])


def _items(random: Random, shape: Sequence[int], spread: tuple[int, ...] | None) -> list[str]:
    """What covers these axes, with new ones here and there; arrays if there is a shape that they broadcast to."""
    items: list[str] = []
    axis = 0
    while axis < len(shape) or random.random() < 0.1:
        draw = random.random()
        if draw < 0.1 or axis == len(shape):
            items.append("None")
        elif draw < 0.55 or spread is None:
            items.append(_slice(random, shape[axis]) if random.random() < 0.7 else _integer(random, shape[axis]))
            axis += 1
        elif draw < 0.8:
            items.append(_integers(random, shape[axis], spread))
            axis += 1
        else:
            covered = random.randint(0 if random.random() < 0.2 else 1, min(2, len(shape) - axis))
            items.append(_mask(random, shape[axis : axis + covered]))
            axis += covered
    return items


def _integer(random: Random, length: int) -> str:
    return str(random.randint(-length, length - 1) if length else 0)


def _slice(random: Random, length: int) -> str:
    def bound() -> str:
        return "" if random.random() < 0.4 else str(random.randint(-length - 1, length + 1))

    step = random.choice(["", "", ":", ":2", ":-1", ":-2", ":3"])
    return f"{bound()}:{bound()}{step}"


def _integers(random: Random, length: int, spread: tuple[int, ...]) -> str:
    """An array of positions; of the shape `spread`, or one that broadcasts to it."""
    if random.random() < 0.1:
        return random.choice(["[]", "numpy.zeros((0,), 'int64')"])
    count = 1
    for n in spread:
        count *= n
    numbers = [random.randint(-length, length - 1) if length else 0 for _ in range(count)]
    dtype = random.choice(["int64", "int32", "uint8"])
    if dtype == "uint8":
        numbers = [number % max(length, 1) for number in numbers]
    if len(spread) == 1 and random.random() < 0.4:
        return str(numbers)
    return _placed(random, f"numpy.reshape({numbers}, {spread})", dtype)


def _mask(random: Random, shape: Sequence[int]) -> str:
    count = 1
    for n in shape:
        count *= n
    likely = random.choice([0.0, 0.3, 0.7, 1.0])
    bits = [int(random.random() < likely) for _ in range(count)]
    return _placed(random, f"numpy.reshape({bits}, {tuple(shape)})", "bool")


def _placed(random: Random, text: str, dtype: str) -> str:
    """In NumPy or on the device."""
    return f"{text}.astype('{dtype}')" if random.random() < 0.5 else f"np.array({text}, dtype='{dtype}')"

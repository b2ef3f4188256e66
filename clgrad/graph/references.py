"""Who else holds a value: CPython's reference counts, compared with those of an object that nobody else holds."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from sys import getrefcount
from typing import Any


def references(held: Sequence[Any]) -> list[int]:
    """How many references to each object there are besides that of the list that is passed.

    The loop runs in C, and an object that the list alone holds goes through it as well: so it makes no difference
    which references an interpreter counts while a function runs.
    """
    (alone,) = map(getrefcount, [object()])
    return [count - alone for count in map(getrefcount, held)]


def counts_are_exact() -> bool:
    """Whether `references` counts those in lists, tuples, dictionaries and slots, and no others.

    Without a global lock counts are split between threads, and others may change them while they are read.
    """
    if not getattr(sys, "_is_gil_enabled", lambda: True)():
        return False
    objects = [_Witness() for _ in range(4)]
    objects[3].slot = objects[2]
    holders = [(objects[1], objects[2]), {"held": objects[2]}]
    expected = [0, 1, 3, 0]
    exact = references(objects) == expected
    holders.clear()
    return exact and references(objects) == [0, 0, 1, 0]


class _Witness:
    """Holds another object the way nodes hold their storage."""

    __slots__ = ("slot",)

    slot: Any

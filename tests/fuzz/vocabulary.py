"""The words of random programs: expressions, keys, shapes and dtypes, and parts of them.

A run uses a part of them at a time: the fewer words, the sooner every kernel that programs need is built.
"""

from __future__ import annotations

from random import Random
from typing import TypeVar

Word = TypeVar("Word")

MASK = "np.array(numpy.roll(numpy.arange({0}.size) % 3 == {1}, p).reshape({0}.shape), dtype='bool')"
POSITIONS = (
    "np.array((p + numpy.arange(numpy.prod({0}.shape[:-1], dtype=int))).reshape({0}.shape[:-1]) % 3, dtype='int64')"
)

SHAPES = ["(m, n)", "(m, n)", "(n,)", "(m, 1)", "(1, n)", "()", "(k, m, n)", "(k, 1, n)"]
DTYPES = ["float32", "float64"]
UNARY = [
    "np.tanh({0})", "np.sin({0})", "np.square({0})", "npx.relu({0})", "npx.sigmoid({0})", "-{0}", "{0} * c + 1.5",
    "np.sqrt({0} * {0} + 1.0)", "np.clip({0}, -0.75, 0.75)", "np.abs({0})", "1 / ({0} * {0} + 2)", "np.exp(-{0} * {0})",
]  # fmt: skip
BINARY = [
    "{0} + {1}", "{0} - {1}", "{0} * {1}", "{0} / ({1} * {1} + 1.0)", "np.maximum({0}, {1})", "np.minimum({0}, {1})",
    "np.where({0} > {1}, {0} * 2, {1})", "np.where({0} > c, {1}, {0})", "np.matmul({0}, {1}.T)", "{0} * 2 + {1}",
    "np.matmul(np.tanh({0}.T), {1})", "np.concatenate([{0}, {1}], axis=0)", "np.stack([{0}, {1}], axis=0)",
]  # fmt: skip
REDUCTIONS = [
    "np.sum({0})", "np.sum({0}, axis=-1)", "np.sum({0}, axis=0)", "np.mean({0}, axis=-1, keepdims=True)",
    "np.mean({0}, axis=0, keepdims=True)", "np.max({0}, axis=-1, keepdims=True)", "np.min({0}, axis=0)",
    "np.max({0})", "npx.softmax({0}, axis=-1)", "npx.log_softmax({0}, axis=-1)", "npx.softmax({0}, axis=0)",
    "np.cumsum({0}, axis=0)", "np.sort({0}, axis=-1)", "{0} - np.mean({0}, axis=-1, keepdims=True)",
]  # fmt: skip
MOVEMENTS = [
    "{0}.T", "np.reshape({0}, (-1,))", "np.flip({0}, 0)", "np.expand_dims({0}, 0)", "np.repeat({0}, 2, 0)",
    "np.broadcast_to({0}, (2, *{0}.shape))", "np.roll({0}, 1, 0)", "{0}.copy()",
]  # fmt: skip
SELECTIONS = [
    "{0}[[0, -1, -p]]", "{0}[..., [-p, p - 1]]", "{0}[" + MASK.format("{0}", 1) + "]",
    "npx.pick({0}, " + POSITIONS + ")",
    "np.take({0}, np.array([0, 1, p], dtype='int32'), axis=-1)",
    "npx.gather_nd({0}, np.array([[p, 1]], dtype='int64'))",
    "npx.index_add({0}, np.array([[0, 1, p]], dtype='int64'), {0}[[0, 1, 1]])",
    "npx.index_update({0}, np.array([[p]], dtype='int64'), {0}[:1] * 3)",
]  # fmt: skip
VIEWS = ["1:", ":-1", "::2", "::-1", "0", "-1", "..., 0", "..., 1:", "None", "..., ::-1", "0, 1:", "..."]
WRITTEN = ["c", "{1}", "{1} * 2", "{0} * c", "{1}[::-1]"]

# Of the axes of graphs: programs are drawn with the first, and known programs run with others.
LENGTHS = [
    {"m": 5, "n": 7, "k": 3}, {"m": 2, "n": 4, "k": 2}, {"m": 3, "n": 33, "k": 2}, {"m": 17, "n": 2, "k": 3},
    {"m": 8, "n": 16, "k": 2}, {"m": 5, "n": 2, "k": 4},
]  # fmt: skip

INDEXED_SHAPES = [(), (3,), (1,), (5,), (2, 3), (4, 1), (3, 4), (0, 3), (2, 2, 2), (2, 3, 4), (3, 1, 2), (2, 1, 3, 2)]
INDEXED_DTYPES = ["float32", "int64", "bool"]


class Vocabulary:
    """A random part of the words, or all of them without `random`."""

    def __init__(self, random: Random | None = None) -> None:
        def some(words: list[Word], count: int) -> list[Word]:
            return words if random is None else random.sample(words, count)

        self.shapes = some(SHAPES, 3)
        self.dtypes = some(DTYPES, 1)
        self.unary = some(UNARY, 4)
        self.binary = some(BINARY, 5)
        self.reductions = some(REDUCTIONS, 4)
        self.movements = some(MOVEMENTS, 3)
        self.selections = some(SELECTIONS, 3)
        self.views = some(VIEWS, 5)
        self.lengths = some(LENGTHS, 3)
        self.indexed_shapes = some(INDEXED_SHAPES, 4)
        self.indexed_dtypes = some(INDEXED_DTYPES, 1)


WHOLE = Vocabulary()

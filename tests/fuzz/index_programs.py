"""Programs that index, mask, view and write; their results are NumPy's to the last bit."""

from __future__ import annotations

from functools import partial
from math import prod
from random import Random

from tests.fuzz.draft import Draft
from tests.fuzz.keys import positions, random_key, shuffled
from tests.fuzz.program import Program
from tests.fuzz.vocabulary import WHOLE, Vocabulary


class IndexDraft(Draft):
    """Arrays of one dtype, which can meet."""

    def __init__(self, random: Random, words: Vocabulary) -> None:
        super().__init__(random, wide=False)
        self.dtype = random.choice(words.indexed_dtypes)
        self.arrays: list[str] = []

    def keep(self, name: str | None) -> None:
        """An array that later statements may use, unless it is too large or of another dtype."""
        if name is not None and self.array(name).numbers.size <= 200 and self.array(name).dtype == self.dtype:
            self.arrays.append(name)

    def fresh(self, shape: tuple[int, ...]) -> str:
        """The text of a new array with numbers that differ."""
        first = self.drawn(lambda random: random.randint(-9, 9))
        numbers = f"numpy.arange({first}, {first} + {prod(shape)}).reshape({shape})"
        if self.dtype == "bool":
            numbers += " % 3 == 0"
        return f"np.array({numbers}, dtype='{self.dtype}')"

    def number(self) -> str:
        is_bool = self.dtype == "bool"
        return self.drawn(lambda random: random.random() < 0.5 if is_bool else random.randint(0, 9))

    def pick_array(self) -> str:
        recent = self.arrays[-4:] if self.random.random() < 0.7 else self.arrays
        return self.random.choice(recent)

    def key(self, name: str, advanced: bool = True) -> str:
        """A key that fits an array."""
        return random_key(self.random, self.array(name).shape, self.name_value, advanced)

    def value_for(self, shape: tuple[int, ...]) -> str:
        """What may be written into a place of this shape: a number, or an array that broadcasts to it."""
        if self.random.random() < 0.4:
            return self.number()
        fitting = [name for name in self.arrays if self.array(name).shape == shape]
        if fitting and self.random.random() < 0.5:
            return self.random.choice(fitting)
        shape = tuple(1 if self.random.random() < 0.2 else n for n in shape)
        return self.fresh(shape[self.random.randint(0, len(shape)) if self.random.random() < 0.3 else 0 :])

    # -- statements ----------------------------------------------------------------------------------------

    def read(self) -> None:
        name = self.pick_array()
        self.keep(self.bind(f"{name}[{self.key(name)}]"))

    def view(self) -> None:
        name = self.pick_array()
        self.keep(self.bind(f"{name}[{self.key(name, advanced=False)}]"))

    def write(self) -> None:
        name = self.pick_array()
        place = f"{name}[{self.key(name)}]"
        try:
            shape = eval(place, self.names).shape
        except (ValueError, IndexError):
            return
        sign = self.random.choice(["=", "=", "+=", "*=", "-="]) if self.dtype != "bool" else "="
        self.try_statement(f"{place} {sign} {self.value_for(shape)}", target=name)

    def in_place(self) -> None:
        name = self.pick_array()
        if self.dtype != "bool":
            sign = self.random.choice(["+=", "*=", "-="])
            self.try_statement(f"{name} {sign} {self.value_for(self.array(name).shape)}", target=name)

    def write_where(self) -> None:
        """Through a mask that is computed."""
        name = self.pick_array()
        self.try_statement(f"{name}[{name} != {self.number()}] = {self.number()}", target=name)

    def window(self) -> None:
        name = self.pick_array()
        size = self.array(name).numbers.size
        windows = [f"reshape_view({size})", f"reshape_view(1, {size})", "detach()", "copy()", "T"]
        if size % 2 == 0:
            windows.append(f"reshape_view(2, {size // 2})")
        self.keep(self.bind(f"{name}.{self.random.choice(windows)}"))

    def compute(self) -> None:
        name, other = self.pick_array(), self.pick_array()
        if self.dtype == "bool":
            self.keep(self.bind(self.random.choice([f"~{name}", f"{name} & {other}"])))
        else:
            texts = [f"{name} + {other}", f"{name} * {self.number()}", f"np.where({name} > 2, {name}, {other})"]
            self.keep(self.bind(self.random.choice(texts)))

    def rearrange(self) -> None:
        name = self.pick_array()
        ndim = len(self.array(name).shape)
        axis = self.random.randint(-ndim, max(0, ndim - 1))
        texts = [
            f"np.flip({name}, {axis})",
            f"np.roll({name}, {self.random.randint(-2, 2)}, {axis})",
            f"np.expand_dims({name}, {axis})",
            f"np.repeat({name}, 2, {axis})",
            f"np.concatenate([{name}, {name}], axis={axis})",
            f"np.stack([{name}, {name}], axis={axis})",
            f"np.reshape({name}, (-1,))",
            f"np.broadcast_to({name}, {(2, *self.array(name).shape)})",
        ]
        self.keep(self.bind(self.random.choice(texts)))

    def select(self) -> None:
        """Ops that take elements at positions."""
        name = self.pick_array()
        shape = self.array(name).shape
        if not shape or 0 in shape:
            return
        axis = self.random.randrange(len(shape))
        length, rest = shape[axis], shape[:axis] + shape[axis + 1 :]
        mode = self.random.choice(["wrap", "clip"])
        count = self.random.randint(1, 3)
        some = self.drawn(lambda random: [random.randint(-length - 1, length) for _ in range(count)])
        inside = self.drawn(partial(positions, length, 3, False))
        rows = f"np.array([{self.drawn(partial(positions, shape[0], 3, False))}], dtype='int64')"
        first = self.drawn(lambda random: random.randint(0, length))
        each = f"np.array(({first} + numpy.arange({prod(rest)})).reshape({rest}) % {length + 1}, dtype='int64')"
        kept = [self.random.random() < 0.5 for _ in range(min(3, length))]
        texts = [
            f"np.take({name}, np.array({some}, dtype='int32'), axis={axis}, mode='{mode}')",
            f"np.take({name}, np.array({inside}, dtype='int64'), axis={axis})",
            f"np.compress({self.name_value(kept, partial(shuffled, kept))}, {name}, axis={axis})",
            f"npx.pick({name}, {each}, axis={axis}, mode='{mode}')",
            f"npx.gather_nd({name}, {rows})",
            f"npx.index_update({name}, {rows}, {self.fresh((3, *shape[1:]))})",
        ]
        if self.dtype != "bool":
            texts.append(f"npx.index_add({name}, {rows}, {self.fresh((3, *shape[1:]))})")
        self.keep(self.bind(self.random.choice(texts)))


def index_program(random: Random, words: Vocabulary = WHOLE) -> Program:
    """A random program of about ten statements."""
    draft = IndexDraft(random, words)
    for _ in range(2):
        draft.keep(draft.bind(draft.fresh(random.choice(words.indexed_shapes))))
    kinds = [
        draft.read, draft.view, draft.view, draft.write, draft.write, draft.write, draft.in_place, draft.write_where,
        draft.window, draft.compute, draft.rearrange, draft.select,
    ]  # fmt: skip
    for _ in range(random.randint(3, 9)):
        random.choice(kinds)()
    return draft.program()

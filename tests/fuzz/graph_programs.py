"""Programs with gradients: random expressions with views, writes, pauses and detaches, then a backward, and again.

Their text names the lengths `m`, `n` and `k`, so a program, and the kernels built for it, serves many sizes. The
`seed` of all numbers, the position `p` and the number `c` need not even a new plan.
"""

from __future__ import annotations

from random import Random

from tests.fuzz.draft import Draft
from tests.fuzz.program import Draw, Program, Scope
from tests.fuzz.vocabulary import LENGTHS, MASK, WHOLE, WRITTEN, Vocabulary

DRAWS: dict[str, Draw] = {
    "seed": lambda random: random.randrange(1 << 30),
    "p": lambda random: random.randrange(2),
    "c": lambda random: random.choice([-0.75, -0.25, 0.25, 0.5, 0.75]),
}


class GraphDraft(Draft):
    """Arrays of one floating dtype; some are variables."""

    def __init__(self, random: Random, words: Vocabulary) -> None:
        super().__init__(random, wide=True)
        for name, length in LENGTHS[0].items():
            self.name_value(length, name=name)
        for name, draw in DRAWS.items():
            self.name_value(draw(random), draw, name)
        self.words = words
        self.dtype = random.choice(words.dtypes)
        self.variables: list[str] = []
        self.constants: list[str] = []
        self.arrays: list[str] = []
        self.writable: set[str] = set()
        # Variables with a history: it ends with the backward that passes it, so the heads depend on them.
        self.written: set[str] = set()
        for number in range(random.randint(2, 4)):
            self._leaf(number)

    def _leaf(self, number: int) -> None:
        numbers = (
            f"numpy.random.default_rng(seed + {number}).uniform(-1.5, 1.5, {self.random.choice(self.words.shapes)})"
        )
        name = self.bind(f"np.array({numbers}, dtype='{self.dtype}')")
        assert name is not None
        if number == 0 or self.random.random() < 0.7:
            self.try_statement(f"{name}.attach_grad({self.random.choice(['', '', repr('add'), repr('null')])})")
            self.variables.append(name)
        else:
            self.constants.append(name)

    def keep(self, name: str | None, writable: bool = True) -> None:
        """An array that later statements may use, unless it is empty or large."""
        if name is not None and 0 < self.array(name).numbers.size <= 300:
            self.arrays.append(name)
            if writable:
                self.writable.add(name)

    def pick_array(self) -> str:
        recent = self.arrays[-4:] if self.random.random() < 0.7 else self.arrays
        return self.random.choice(recent)

    def expression(self) -> str:
        """Of one array or two."""
        words = self.words
        kinds = [
            (words.unary, 3),
            (words.binary, 5),
            (words.reductions, 3),
            (words.movements, 2),
            (words.selections, 2),
        ]
        texts = self.random.choices([texts for texts, _ in kinds], [weight for _, weight in kinds])[0]
        return self.random.choice(texts).format(self.pick_array(), self.pick_array())

    # -- statements under record ---------------------------------------------------------------------------

    def compute(self, scope: Scope = "record") -> None:
        self.keep(self.bind(self.expression(), scope))

    def rebind(self) -> None:
        """The same name for another value; the old one may be free for reuse."""
        name = self.pick_array()
        if name in self.writable and name not in self.variables:
            text = self.random.choice(self.words.unary).format(name)
            self.try_statement(f"{name} = {text}", "record", name)

    def view(self) -> None:
        name = self.pick_array()
        self.keep(self.bind(f"{name}[{self.random.choice(self.words.views)}]", "record"), name in self.writable)

    def detach(self) -> None:
        self.keep(self.bind(f"{self.pick_array()}.detach()", "record"), writable=False)

    def pause(self) -> None:
        """A value without history, or an update of a variable."""
        untouched = [name for name in self.variables if name not in self.written]
        if untouched and self.random.random() < 0.3:
            name = self.random.choice(untouched)
            self.try_statement(f"{name} *= 0.75", "pause", name)
        else:
            texts = [*self.words.unary, *self.words.reductions]
            self.keep(self.bind(self.random.choice(texts).format(self.pick_array()), "pause"))

    def write(self) -> None:
        """In place, all of an array or a part; through views and into variables too."""
        name, other = self.pick_array(), self.pick_array()
        if name not in self.writable:
            return
        value = self.random.choice(WRITTEN).format(name, other)
        sign = self.random.choice(["=", "+=", "*="])
        draw = self.random.random()
        if draw < 0.3:
            text = f"{name}[...] = {value}" if sign == "=" else f"{name} {sign} {value}"
        elif draw < 0.45:
            text = f"{name}[{MASK.format(name, 0)}] = c"
        else:
            text = f"{name}[{self.random.choice([*self.words.views, '[-p, p - 1]', '..., [p]'])}] {sign} {value}"
        if self.try_statement(text, "record", name):
            self.written.update(one for one in self.variables if self._shares(one, name))

    def _shares(self, variable: str, name: str) -> bool:
        return self.array(variable).reach is self.array(name).reach

    def attach(self) -> None:
        """A computed array becomes a variable: its history ends there."""
        name = self.pick_array()
        is_free = name in self.writable and name not in self.variables and not self.array(name).is_view
        if is_free and self.try_statement(f"{name}.attach_grad()", "record"):
            self.variables.append(name)

    # -- rounds ----------------------------------------------------------------------------------------------

    def round(self, statements: int) -> bool:
        """Record some statements, then carry gradients back; False if there are none."""
        self.arrays = [*self.variables, *self.constants]
        self.writable = set(self.variables)
        self.written = set()
        kinds = [(self.compute, 10), (self.view, 3), (self.write, 4), (self.rebind, 1), (self.pause, 1),
                 (self.detach, 1), (self.attach, 0.3)]  # fmt: skip
        weights = [weight for _, weight in kinds]
        for _ in range(statements):
            self.random.choices([kind for kind, _ in kinds], weights)[0]()
        return self.backward()

    def backward(self) -> bool:
        """From a sum of sums, or from several arrays at once."""
        heads = [name for name in self.arrays if self.array(name).reach and name not in self.variables]
        chosen = {*self.written, *self.random.sample(heads, min(len(heads), self.random.randint(1, 3))), *heads[-1:]}
        names = sorted(chosen)
        if not names:
            return False
        if self.random.random() < 0.4 and all(self.array(name).reach for name in names):
            weights = [self.random.choice(["None", f"{name}.detach()"]) for name in names]
            return self.try_statement(f"autograd.backward([{', '.join(names)}], [{', '.join(weights)}])")
        total = " + ".join(f"np.sum({name} * {1 + at})" for at, name in enumerate(names))
        head = self.bind(total, "record")
        return head is not None and bool(self.array(head).reach) and self.try_statement(f"{head}.backward()")

    def update(self) -> None:
        """What an optimizer does between two rounds."""
        for name in self.variables:
            if self.random.random() < 0.5:
                self.try_statement(f"{name} -= 0.25 * {name}.grad", target=name)


def graph_program(random: Random, words: Vocabulary = WHOLE) -> Program:
    """A random program of one or two rounds."""
    draft = GraphDraft(random, words)
    went_back = draft.round(random.randint(3, 9))
    # Without a backward, an update would write into variables that still have a history.
    if went_back and random.random() < 0.3:
        draft.update()
        draft.round(random.randint(2, 5))
    return draft.program()

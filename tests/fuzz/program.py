"""A program: Python statements over `np`, `npx` and `autograd`, which clgrad and the reference run alike.

The statements name their numbers, indices and slices instead of writing them out. So the same statements run with many
values, nearly all of which need no new kernel and most no new plan.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from functools import cached_property
from random import Random
from types import CodeType, MappingProxyType
from typing import Any, Literal

Scope = Literal["", "record", "pause"]
Draw = Callable[[Random], Any]


@dataclass(frozen=True)
class Statement:
    """One line, whether it is recorded, and the name that it gives a value."""

    text: str
    scope: Scope = ""
    target: str = ""

    @cached_property
    def code(self) -> CodeType:
        return compile(self.text, "<program>", "exec")

    def run(self, names: dict[str, Any]) -> None:
        """Run in its scope."""
        with ExitStack() as stack:
            if self.scope:
                stack.enter_context(names["autograd"].record())
            if self.scope == "pause":
                stack.enter_context(names["autograd"].pause())
            exec(self.code, names)


@dataclass
class Program:
    """Statements in order, and the values that they name."""

    statements: list[Statement] = field(default_factory=list)
    values: Mapping[str, Any] = field(default_factory=dict)
    draws: Mapping[str, Draw] = field(default_factory=dict)
    """How to draw another value: one with which the results keep their shapes."""
    looks: frozenset[int] = frozenset()
    """After which statements somebody looks at their value, where a run does so."""

    def renewed(self, random: Random, given: Mapping[str, Any] = MappingProxyType({})) -> Program:
        """The same statements with other values, some of them given."""
        drawn = {name: draw(random) for name, draw in self.draws.items()}
        return replace(self, values={**self.values, **drawn, **given})

    def run(self, names: dict[str, Any], after: Callable[[int, dict[str, Any]], None] | None = None) -> dict[str, Any]:
        """Run with these names; `after` is called with the position of each statement that has run."""
        names.update(self.values)
        for position, statement in enumerate(self.statements):
            statement.run(names)
            if after is not None:
                after(position, names)
        return names

    def without(self, dropped: Iterable[int]) -> Program:
        """The program without some statements."""
        gone = set(dropped)
        kept = [at for at in range(len(self.statements)) if at not in gone]
        looks = frozenset(new for new, old in enumerate(kept) if old in self.looks)
        return replace(self, statements=[self.statements[at] for at in kept], looks=looks)

    def source(self) -> str:
        """A script that runs it in clgrad and prints what it computed."""
        lines = ["import numpy", "from clgrad import autograd, np, npx", ""]
        used = {name for statement in self.statements for name in statement.code.co_names}
        lines += [f"{name} = {value!r}" for name, value in self.values.items() if name in used]
        scope: Scope = ""
        for position, statement in enumerate(self.statements):
            if statement.scope and not scope:
                lines.append("with autograd.record():")
            if statement.scope == "pause" != scope:
                lines.append("    with autograd.pause():")
            scope = statement.scope
            indent = {"": "", "record": "    ", "pause": "        "}[scope]
            lines.append(indent + statement.text)
            if position in self.looks and statement.target:
                lines.append(f"{indent}{statement.target}.asnumpy()  # only where it is looked at in the middle")
        targets = dict.fromkeys(statement.target for statement in self.statements if statement.target)
        return "\n".join([*lines, *(f"print({name!r}, {name})" for name in targets)])

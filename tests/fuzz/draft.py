"""A program that grows: each statement is tried in the reference first, which also knows the shapes."""

from __future__ import annotations

from random import Random
from typing import Any

from tests.fuzz.program import Draw, Program, Scope, Statement
from tests.fuzz.reference import Array, Unsuitable
from tests.fuzz.reference_functions import Calculator, namespace

# What NumPy raises where a drawn statement makes no sense.
REFUSALS = (Unsuitable, ValueError, IndexError, TypeError)


class Draft:
    """Statements so far, and the arrays that they made in the reference."""

    def __init__(self, random: Random, wide: bool) -> None:
        self.random = random
        self.values: dict[str, Any] = {}
        self.draws: dict[str, Draw] = {}
        self.machine = Calculator(wide=wide)
        self.names: dict[str, Any] = namespace(self.machine)
        self.statements: list[Statement] = []
        self.made = 0

    def new_name(self) -> str:
        self.made += 1
        return f"a{self.made}"

    def name_value(self, value: Any, draw: Draw | None = None, name: str = "") -> str:
        """The name by which statements call a value; `draw` gives another such value."""
        name = name or f"v{len(self.values) + 1}"
        self.values[name] = self.names[name] = value
        if draw is not None:
            self.draws[name] = draw
        return name

    def drawn(self, draw: Draw) -> str:
        """The name of a value that is drawn."""
        return self.name_value(draw(self.random), draw)

    def array(self, name: str) -> Array:
        found: Array = self.names[name]
        return found

    def try_statement(self, text: str, scope: Scope = "", target: str = "") -> bool:
        """Add a statement if the reference can run it."""
        statement = Statement(text, scope, target)
        try:
            statement.run(self.names)
        except REFUSALS:
            return False
        self.statements.append(statement)
        return True

    def bind(self, expression: str, scope: Scope = "") -> str | None:
        """A new name for the value of an expression; None if the reference refuses it."""
        name = self.new_name()
        return name if self.try_statement(f"{name} = {expression}", scope, name) else None

    def program(self) -> Program:
        """What was drawn, with looks at about a third of the values."""
        looks = frozenset(at for at in range(len(self.statements)) if self.random.random() < 0.3)
        used = {name for statement in self.statements for name in statement.code.co_names}
        values = {name: value for name, value in self.values.items() if name in used}
        draws = {name: draw for name, draw in self.draws.items() if name in used}
        return Program(self.statements, values, draws, looks)

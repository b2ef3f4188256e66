"""Cuts OpenCL C into pieces - a function, a macro, a table of constants - and finds the pieces that a text needs.

Without this, each program would contain all function files, which take a compiler a tenth of a second to read.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property

# `re` compiles these patterns at their first use: a process that finds its kernels on disk needs none of them.
_COMMENT = r"(?s:/\*.*?\*/)|//[^\n]*"
_NAME = r"[A-Za-z_]\w*"
_USE = r"(\w+)\("
# In a macro, the beginning of a name that is completed by an argument, as in `load_##type`.
_BEGINNING = r"\b([A-Za-z]\w+)\s*##|\b([A-Za-z]\w+_)\b"
_OUTLINE = r"static inline [^{]*\{|\bDEFINE_\w+\([^)]*\)"
_PASTED = r"\s*##\s*"
_MACRO = r"#define\s+(\w+)(?:\(([^)]*)\))?((?:[^\n]*\\\n)*[^\n]*)"
# The definition of a function, which may have a macro call as its type; or of a constant or a type.
_DEFINED = (
    r"static inline\s+(?:\w+\([^)]*\)|\w+)[\s*]+(\w+)\s*\(|(?:__constant|typedef)\s[^(\[;{=]*?\b(\w+)\s*[\[;=]"
)


class Macro:
    """A macro that takes arguments."""

    def __init__(self, parameters: str, body: str) -> None:
        self._parameters = re.findall(_NAME, parameters)
        self._body = re.sub(_PASTED, "##", " ".join(body.replace("\\\n", " ").split()))
        self._places = re.compile(rf"\b({'|'.join(self._parameters)})\b")

    def of(self, arguments: list[str]) -> str:
        """The text to which a preprocessor expands a call of the macro, including `##`."""
        given = dict(zip(self._parameters, arguments))
        return self._places.sub(lambda found: given.get(found[0], ""), self._body).replace("##", "")

    @cached_property
    def outline(self) -> Macro:
        """The same macro without the bodies of the functions that it defines."""
        return Macro(", ".join(self._parameters), " ".join(re.findall(_OUTLINE, self._body)))


class Macros:
    """The macros with parameters that a text defines; a name has several if each `#if` branch defines it."""

    def __init__(self, text: str) -> None:
        self._named: dict[str, list[Macro]] = {}
        for name, parameters, body in re.findall(_MACRO, _without_comments(text)):
            if parameters:
                self._named.setdefault(name, []).append(Macro(parameters, body))

    def expanded(self, text: str, outline: bool = False) -> str:
        """The text followed by the expansion of each macro call in it, and of the calls in these; or by outlines."""
        waiting = [_without_comments(text)]
        done: dict[str, None] = {}
        while waiting:
            text = waiting.pop()
            if text not in done:
                done[text] = None
                for found in re.finditer(_USE, text):
                    macros = self._named.get(found[1])
                    if macros:
                        arguments = _arguments(text, found.end())
                        waiting += [(macro.outline if outline else macro).of(arguments) for macro in macros]
        return "\n".join(done)


def _arguments(text: str, start: int) -> list[str]:
    """The arguments of a macro call: the texts between commas, up to the closing parenthesis."""
    depth, arguments = 1, [""]
    for character in text[start:]:
        depth += (character in "([{") - (character in ")]}")
        if depth == 0:
            break
        if character == "," and depth == 1:
            arguments.append("")
        else:
            arguments[-1] += character
    return [argument.strip() for argument in arguments]


def _without_comments(text: str) -> str:
    return re.sub(_COMMENT, " ", text)


@dataclass(frozen=True)
class Piece:
    """One definition of a file, with the `#if` lines around it."""

    file: str
    line: int
    text: str
    conditions: tuple[str, ...]
    macros: Macros
    """the macros of all files, to expand the piece"""

    @cached_property
    def names(self) -> frozenset[str]:
        """The names that the piece defines, directly or by a macro call."""
        if self.text.startswith("#"):
            return frozenset(name for name, *_ in re.findall(_MACRO, _without_comments(self.text)))
        found = re.findall(_DEFINED, self.macros.expanded(self.text, outline=True))
        return frozenset(function or other for function, other in found)

    @cached_property
    def mentions(self) -> frozenset[str]:
        """All names in the piece and in the expansions of its macro calls."""
        return frozenset(re.findall(_NAME, self.macros.expanded(self.text)))

    def placed(self) -> str:
        """The text inside its `#if` lines, with a `#line` directive for error messages."""
        ends = ["#endif"] * len(self.conditions)
        return "\n".join((*self.conditions, f'#line {self.line} "{self.file}"', self.text, *ends))


def pieces_of(file: str, text: str, macros: Macros) -> list[Piece]:
    """The pieces of a file in order. An `#if` with an `#else` or `#elif` is one piece."""
    pieces: list[Piece] = []
    conditions: list[str] = []
    lines = text.split("\n")
    number = 0
    while number < len(lines):
        line = lines[number]
        length = 1
        if line.startswith("#endif"):
            conditions.pop()
        elif line.startswith("#if") and not _has_alternative(lines, number):
            conditions.append(line)
        elif line and not line.startswith("//"):
            length = _length(lines, number)
            piece = "\n".join(lines[number : number + length])
            pieces.append(Piece(file, number + 1, piece, tuple(conditions), macros))
        number += length
    return pieces


def _has_alternative(lines: list[str], start: int) -> bool:
    depth = 0
    for line in lines[start:]:
        depth += line.startswith("#if") - line.startswith("#endif")
        if depth == 1 and line.startswith(("#else", "#elif")):
            return True
        if depth == 0:
            break
    return False


def _length(lines: list[str], start: int) -> int:
    """How many lines the condition, directive or definition that begins at line `start` takes."""
    first = lines[start]
    depth = 0
    for number, line in enumerate(lines[start:], start=1):
        if first.startswith("#if"):
            depth += line.startswith("#if") - line.startswith("#endif")
            ends = True
        elif first.startswith("#"):
            ends = not line.endswith("\\")
        else:
            code = _without_comments(line)
            depth += sum(map(code.count, "([{")) - sum(map(code.count, ")]}"))
            ends = code.rstrip().endswith((";", "}", ")"))
        if depth == 0 and ends:
            return number
    raise ValueError(f"no end of {first!r}")


def needed(pieces: list[Piece], text: str, macros: Macros) -> list[Piece]:
    """The pieces that a text needs, directly or through other pieces, in order. A piece may use earlier ones only."""
    mentioned = set(re.findall(_NAME, macros.expanded(text)))
    # Macros of the text may complete these to names of pieces.
    beginnings = tuple({one or other for one, other in re.findall(_BEGINNING, text)})
    found: list[Piece] = []
    for piece in reversed(pieces):
        if not mentioned.isdisjoint(piece.names) or any(name.startswith(beginnings) for name in piece.names):
            found.append(piece)
            mentioned |= piece.mentions
    return found[::-1]

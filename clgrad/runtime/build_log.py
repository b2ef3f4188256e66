"""Reads the compiler's messages about a refused program, and finds their places in our own files."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from clgrad.errors import BuildError

_LINE_DIRECTIVE = r'#line (\d+) "(.*)"'
# Most compilers write "file:12:5: error: text", PoCL's writes "error: file:12:5 <Spelling=file:3:1>: text".
_MESSAGES = (
    r"^(?P<file>[^:\n]+):(?P<line>\d+):(?:\d+:)? *(?:fatal )?error: *(?P<what>.*)$",
    r"^error: (?P<file>[^:\n]+):(?P<line>\d+):\d+"
    r"(?: <Spelling=(?P<macro_file>[^:\n]+):(?P<macro_line>\d+):\d+>)?: *(?P<what>.*)$",
)


class Place(NamedTuple):
    """A line of one of our files."""

    file: str
    line: int
    text: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.text.strip()}"


def places(text: str) -> list[Place]:
    """For each line of a program, the file and line that its `#line` directives give it.

    >>> print(places('#line 7 "sum.cl"\\nint a;')[1])
    sum.cl:7: int a;
    """
    result = []
    file, line = "program", 1
    for content in text.splitlines():
        result.append(Place(file, line, content))
        directive = re.match(_LINE_DIRECTIVE, content)
        line = int(directive[1]) if directive else line + 1
        file = directive[2] if directive else file
    return result


def build_error(device_name: str, text: str, problem: str, log: str) -> BuildError:
    """The error for a refused program: the first message with its place, then the whole log."""
    message = next(filter(None, (re.search(pattern, log, re.MULTILINE) for pattern in _MESSAGES)), None)
    if message is None:
        summary = problem
    else:
        found = list(_mentioned(message, places(text)))
        where = f"{found[0].file}:{found[0].line}: " if found else ""
        summary = "\n  ".join((where + message["what"], *map(str, found)))
    said = log.strip() or "(the driver gave no log)"
    return BuildError(f"a program does not build on {device_name}: {summary}\n--- build log ---\n{said}")


def _mentioned(message: re.Match[str], program: list[Place]) -> Iterator[Place]:
    """The places that a message names; in a file that is not ours, lines count from the program's start."""
    named = message.groupdict()
    for file, line in (("file", "line"), ("macro_file", "macro_line")):
        if named.get(line):
            number = int(named[line])
            whole = named[file] not in {place.file for place in program}
            yield from [
                place
                for position, place in enumerate(program, start=1)
                if (position == number if whole else (place.file, place.line) == (named[file], number))
            ][:1]

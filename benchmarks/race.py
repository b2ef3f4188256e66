"""Runs rows in several frameworks, one process each, taking turns."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any

import numpy

from benchmarks.row import Row

ROOT = Path(__file__).resolve().parents[1]
TOLERANCE = 1e-3


@dataclass
class Result:
    """The times and values of one framework in one row. If there is no time, `error` may say why."""

    best: float | None = None
    median: float | None = None
    sample: list[list[float]] = field(default_factory=list)
    error: str | None = None

    def add(self, answer: dict[str, Any]) -> None:
        """Add the answer of one round."""
        if "error" in answer:
            self.error = answer["error"]
        elif answer:
            self.best = min(answer["best"], self.best or float("inf"))
            self.median = min(answer["median"], self.median or float("inf"))
            self.sample = answer["sample"]

    def agrees(self, other: Result) -> bool:
        """Whether the values of both agree; true if one of them has no values."""
        return all(
            numpy.allclose(mine, others, rtol=TOLERANCE, atol=TOLERANCE)
            for mine, others in zip(self.sample, other.sample)
        )


class Runner:
    """A worker process for one framework."""

    def __init__(self, framework: str, python: str = sys.executable):
        self.framework = framework
        self._errors = TemporaryFile("w+")  # noqa: SIM115  close() closes it
        self._process = subprocess.Popen(
            [python, "-m", "benchmarks.worker", framework],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._requests, self._answers = self._process.stdin, self._process.stdout

    def ask(self, **request: Any) -> dict[str, Any]:
        """Send a request and wait for its answer."""
        try:
            self._requests.write(json.dumps(request) + "\n")
            self._requests.flush()
        except BrokenPipeError:
            return {"error": self._last_words()}
        line = self._answers.readline()
        answer: dict[str, Any] = json.loads(line) if line else {"error": self._last_words()}
        return answer

    def _last_words(self) -> str:
        self._process.wait()
        self._errors.seek(0)
        lines = self._errors.read().split("\n")
        return next((line for line in reversed(lines) if line.strip()), "the process ended")

    def close(self) -> None:
        """End the process."""
        self._process.communicate()
        self._errors.close()


def race(
    rows: Sequence[Row], runners: Sequence[Runner], rounds: int, seconds: float
) -> Iterator[tuple[Row, dict[str, Result]]]:
    """Yield the results of each row when all its rounds are done. In each round the frameworks take turns."""
    for row in rows:
        results = {runner.framework: Result() for runner in runners}
        for _ in range(rounds):
            for runner in runners:
                result = results[runner.framework]
                if result.error is None:
                    result.add(runner.ask(do="measure", row=row.name, seconds=seconds))
        yield row, results

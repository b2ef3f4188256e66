"""The process that runs rows in one framework: reads a request per line and answers with a line, both JSON.

`python -m benchmarks.worker numpy`; requests: {"do": "describe"} and
{"do": "measure", "row": "gemm512", "seconds": 0.2}. Answers hold what was asked for, or "error".
"""

from __future__ import annotations

import json
import os
import sys
from dataclasses import asdict
from typing import Any, TextIO

from benchmarks.frameworks import FRAMEWORKS
from benchmarks.measure import PreparedRow, can_run
from benchmarks.rows import ROWS


class Worker:
    """Answers requests; keeps the row of the last one prepared."""

    def __init__(self, name: str):
        self.framework = FRAMEWORKS[name]()
        self.prepared: PreparedRow | None = None

    def answer(self, request: dict[str, Any]) -> dict[str, Any]:
        """What one request asks for."""
        if request["do"] == "describe":
            return {"description": self.framework.description}
        return self.measure(request["row"], request["seconds"])

    def measure(self, name: str, seconds: float) -> dict[str, Any]:
        """The timing of one round, with values to compare; empty when the framework cannot do the row."""
        row = ROWS[name]
        if not can_run(row, self.framework):
            return {}
        if self.prepared is None or self.prepared.row is not row:
            # The old row's memory goes first.
            self.prepared = None
            self.prepared = PreparedRow(row, self.framework)
        return {**asdict(self.prepared.measure(seconds)), "sample": self.prepared.sample}


def serve(worker: Worker, answers: TextIO) -> None:
    """Answers until the other side closes the pipe."""
    for line in sys.stdin:
        try:
            answer = worker.answer(json.loads(line))
        except Exception as problem:
            # Whatever a framework raises belongs in the table.
            answer = {"error": f"{type(problem).__name__}: {problem}"}
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


def main() -> None:
    """Keeps standard output for answers: what a framework prints goes to standard error."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    serve(Worker(sys.argv[1]), answers)


if __name__ == "__main__":
    main()

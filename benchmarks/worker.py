"""The process that runs rows in one framework: reads a request per line and answers with a line, both JSON.

`python -m benchmarks.worker numpy`; requests: {"do": "describe"} and
{"do": "measure", "row": "gemm512", "seconds": 0.2}. An answer has the requested facts, or "error".
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
        """The answer to one request."""
        if request["do"] == "describe":
            return {"description": self.framework.description}
        return self.measure(request["row"], request["seconds"])

    def measure(self, name: str, seconds: float) -> dict[str, Any]:
        """The timing of one round, with values to compare; empty if the framework cannot do the row."""
        row = ROWS[name]
        if not can_run(row, self.framework):
            return {}
        if self.prepared is None or self.prepared.row is not row:
            # Free the memory of the old row before the new row needs some.
            self.prepared = None
            self.prepared = PreparedRow(row, self.framework)
        return {**asdict(self.prepared.measure(seconds)), "sample": self.prepared.sample}


def serve(worker: Worker, answers: TextIO) -> None:
    """Answer requests until the other process closes the pipe."""
    for line in sys.stdin:
        try:
            answer = worker.answer(json.loads(line))
        except Exception as problem:
            # Any error of a framework is a result for the table.
            answer = {"error": f"{type(problem).__name__}: {problem}"}
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


def main() -> None:
    """Reserve standard output for answers, and send the output of frameworks to standard error."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    serve(Worker(sys.argv[1]), answers)


if __name__ == "__main__":
    main()

"""Results as a table and as JSON."""

from __future__ import annotations

from typing import Any

from rich.table import Table
from rich.text import Text

from benchmarks.limits import Limits
from benchmarks.race import Result
from benchmarks.row import Row

CLGRAD = "clgrad"
# A row may exceed the limit by a few per cent, because repeated timings of the same work differ by as much.
MOST_PERCENT = 105


def duration(seconds: float) -> str:
    """A time with a suitable unit."""
    for factor, unit in ((1, "s"), (1e3, "ms")):
        if seconds * factor >= 1:
            return f"{seconds * factor:.3g} {unit}"
    return f"{seconds * 1e6:.3g} us" if seconds < 1e-4 else f"{seconds * 1e6:.0f} us"


def table(frameworks: list[str]) -> Table:
    """An empty table with a column per peer."""
    made = Table(title="best of all rounds; peers: time, and how many times faster clgrad is")
    for column in ("row", CLGRAD, "rate", "of limit", *frameworks[1:]):
        made.add_column(column, justify="left" if column == "row" else "right", no_wrap=True)
    return made


def add_row(made: Table, row: Row, results: dict[str, Result], limits: Limits | None) -> None:
    """Add the results of one row."""
    own = results[CLGRAD]
    facts = figures(row, own, limits)
    rate = f"{facts['rate']:.3g} {row.unit}" if "rate" in facts else ""
    percent = f"{facts['percent_of_limit']:.0f} %" if "percent_of_limit" in facts else ""
    peers = [peer_cell(own, result) for name, result in results.items() if name != CLGRAD]
    made.add_row(row.name, own_cell(own), rate, percent, *peers)


def own_cell(result: Result) -> Text:
    """clgrad's time."""
    return Text(duration(result.best)) if result.best else failed_cell(result)


def failed_cell(result: Result) -> Text:
    """The text of a cell without a time."""
    return Text("failed", "bold red") if result.error else Text("-")


def peer_cell(own: Result, peer: Result) -> Text:
    """A peer's time, and its ratio to clgrad's time: above one if clgrad is faster."""
    if not peer.best:
        return failed_cell(peer)
    cell = Text(duration(peer.best))
    if own.best:
        ratio = peer.best / own.best
        cell.append(f"  {ratio:.2f}x", "green" if ratio >= 1 else "red")
        if not own.agrees(peer):
            cell.append(" differs", "bold red")
    return cell


def figures(row: Row, result: Result, limits: Limits | None) -> dict[str, Any]:
    """Time, rate and per cent of the limit for one result, each if there is one."""
    if result.best is None:
        return {"error": result.error} if result.error else {}
    facts: dict[str, Any] = {"seconds": result.best, "median_seconds": result.median}
    if row.unit:
        facts |= {"rate": row.amount / result.best, "unit": row.unit}
        limit = limits.rate(row) if limits else None
        if limit:
            facts["percent_of_limit"] = 100 * facts["rate"] / limit
    return facts


def record(row: Row, results: dict[str, Result], limits: Limits | None) -> dict[str, Any]:
    """One row for the JSON file."""
    own = results[CLGRAD]
    entry: dict[str, Any] = {"row": row.name, "summary": row.summary}
    for name, result in results.items():
        entry[name] = figures(row, result, limits)
        if name != CLGRAD and own.best and result.best:
            entry[name] |= {"ratio": result.best / own.best, "agrees": own.agrees(result)}
    return entry


def beyond_limits(rows: list[dict[str, Any]]) -> list[str]:
    """A line for each row in which a framework exceeds the device's limit: one of these measurements must be wrong."""
    return [
        f"{row['row']} in {name} reaches {facts['percent_of_limit']:.0f} % of the limit, and nothing passes a limit: "
        "either the row counts work that is not done, or the limit was measured while something else ran"
        for row in rows
        for name, facts in row.items()
        if isinstance(facts, dict) and facts.get("percent_of_limit", 0) > MOST_PERCENT
    ]

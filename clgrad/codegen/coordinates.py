"""The text of pointwise work at one place of an array that a library kernel walks over: batch, channel, position."""

from __future__ import annotations

from collections.abc import Sequence

from clgrad.codegen.writer import Writer, block

# The number of lanes of a partial vector.
COUNT = "own_count"


def block_at(
    writer: Writer, first: Sequence[str], places: Sequence[int], last: Sequence[str], count: str | None
) -> str:
    """The body of a macro: lines, then the statements `places` at batch_, channel_ and position_, then other lines.

    `count` is COUNT for the macro that has the argument count_, and None for the one for whole vectors.
    """
    # The macro's arguments may use the names that are declared here, so each is read before its name is hidden.
    lines = [
        *first,
        f"const int {COUNT} = (count_);" if count else "",
        "const index_t own_channel = (channel_), own_position = (position_), row = (batch_);",
        "const index_t j = own_channel, i = own_position;",
        writer.setup,
        writer.row_setup,
        writer.middle_setup,
        writer.lanes(),
        *(writer.statement(place, "in", count) for place in places),
        *last,
    ]
    return block(lines)

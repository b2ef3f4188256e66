"""The text of pointwise work at one place of an array that a library kernel walks over: batch, channel, position."""

from __future__ import annotations

from collections.abc import Sequence

from clgrad.codegen.writer import Writer, block


def block_at(
    writer: Writer, first: Sequence[str], places: Sequence[int], last: Sequence[str], count: str | None
) -> str:
    """The body of a macro: lines, then the statements `places` at batch_, channel_ and position_, then other lines.

    `count` is the number of lanes of a partial vector.
    """
    # The macro's arguments may use the names that are declared here, so each is read before its name is hidden.
    lines = [
        *first,
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

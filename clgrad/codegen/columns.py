"""The text of a columns kernel: the statements at each step down a column, and the statements at its end."""

from __future__ import annotations

from clgrad.codegen.accumulator import Accumulator
from clgrad.codegen.loop import ELEMENT, REDUCED, Loop, is_reduction
from clgrad.codegen.writer import Writer, block, rounded
from clgrad.dtypes import COMPUTE_NAME


def column_defines(writer: Writer, split: bool) -> list[tuple[str, str]]:
    """The defines of columns.cl that hold the statements. If `split`, results are partial and go to scratch memory."""
    loop = writer.loop
    accumulators = [Accumulator(place, s) for place, s in enumerate(loop.statements) if is_reduction(s)]
    element_stores = [index for index, store in enumerate(loop.stores) if store.level == ELEMENT]
    wanted = [accumulator.argument for accumulator in accumulators]
    wanted += [loop.stores[index].value for index in element_stores]
    places = writer.closure(wanted)

    def body(count: str | None) -> str:
        lines = [writer.statement(place, _base(loop, place), count) for place in places]
        lines += [accumulator.add("##u" if count is None else "0", None) for accumulator in accumulators]
        lines += [writer.store(index, "in", count) for index in element_stores]
        return block(lines)

    def finish(count: str | None) -> str:
        suffix = "_##u" if count is None else "_0"
        lines = []
        for accumulator in accumulators:
            value = accumulator.total(suffix) if split else rounded(accumulator.total(suffix), accumulator.dtype)
            lines.append(f"const {accumulator.kind}_v v{accumulator.place} = {value};")
        stores = [index for index, store in enumerate(loop.stores) if store.level == REDUCED]
        if split:
            lines += [_column_partial_store(writer, index, count) for index in stores]
        else:
            wanted = writer.closure([loop.stores[index].value for index in stores], REDUCED)
            reduced = {accumulator.place for accumulator in accumulators}
            lines += [writer.statement(place, "at", count) for place in wanted if place not in reduced]
            lines += [writer.store(index, "at", count) for index in stores]
        return block(lines)

    declare = " ".join(f"{a.declare_totals('_##u')} {a.declare(['##u'])}" for a in accumulators)
    fold = " ".join(a.fold(["##u"], "_##u") + f" acc{a.place}_##u = {a.start};" for a in accumulators)
    return [
        ("DECLARE(u)", declare), ("FULL(i, u)", body(None)), ("PART(i, count)", body("count")), ("FOLD(u)", fold),
        ("FINISH(i, u)", finish(None)), ("FINISH_PART(i, count)", finish("count")),
    ]  # fmt: skip


def _base(loop: Loop, place: int) -> str:
    return "in" if loop.statements[place].level == ELEMENT else "at"


def _column_partial_store(writer: Writer, index: int, count: str | None) -> str:
    place = writer.loop.stores[index].value
    kind = COMPUTE_NAME[writer.loop.statements[place].dtype]
    target = f"q{index} + ((long)part * rows + row) * inner + (i)"
    if count is None:
        return f"store_{kind}(v{place}, {target});"
    return f"store_part_{kind}(v{place}, {target}, 1, {count});"

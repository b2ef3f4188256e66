"""How a row becomes cases: dtypes, shapes, memory layouts, special values; and what in them differs from NumPy.

Everything a row asks of one device is computed in one flush, so that it is built as one program.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from zlib import crc32

import numpy

from clgrad import dtypes
from clgrad.dtypes import DType
from clgrad.graph.execute import flush, read
from clgrad.ops.arithmetic import cast, identity
from clgrad.ops.movement import broadcast_to, flip, slice_axes, transpose
from clgrad.ops.operation import Value
from clgrad.ops.selection import constant
from clgrad.runtime.device import Device
from tests.reference.row import SPECIAL, Array, Row, Shape


@dataclass
class Case:
    """One call: the value, what it must be, and words that say which case it is."""

    label: str
    value: Value
    wanted: Array
    dtype: DType


LAYOUTS = ("contiguous", "transposed", "sliced", "flipped", "pending", "broadcast")


def lay(array: Array, layout: str, device: Device) -> Value:
    """The array as a value that lies, or is still to be computed, in the given way."""
    if layout == "transposed":
        return transpose(constant(array.T.copy(), device))
    if layout == "sliced":
        wide = numpy.full([2 * n + 3 for n in array.shape], 1, array.dtype)
        inside = tuple(slice(2, 2 * n + 2, 2) for n in array.shape)
        wide[inside] = array
        ones = (1,) * array.ndim
        return slice_axes(
            constant(wide, device), start=tuple(2 * n for n in ones), count=array.shape, step=tuple(2 * n for n in ones)
        )
    if layout == "flipped":
        return flip(constant(numpy.flip(array).copy(), device))
    if layout == "pending":
        return identity(constant(array, device))
    if layout == "broadcast" and array.ndim:
        return broadcast_to(constant(array[:1], device), array.shape)
    return constant(array, device)


def sample(generator: numpy.random.Generator, shape: Shape, dtype: DType, row: Row) -> Array:
    """Random elements within the row's domain."""
    low, high = row.domain
    if dtype == dtypes.bool_:
        return generator.random(shape) < 0.5
    if dtypes.is_integer(dtype):
        low = max(low, 0) if dtype.kind == "u" else low
        return generator.integers(int(numpy.ceil(low)), max(int(high), 1) + 1, shape).astype(dtype)
    if row.distinct:
        size = int(numpy.prod(shape))
        steps = generator.permutation(size).reshape(shape)
        return (low + (high - low) * (steps + 0.5) / max(size, 1)).astype(dtype)
    return generator.uniform(low, high, shape).astype(dtype)


def supported(row: Row, device: Device) -> list[DType]:
    return [dtype for dtype in row.dtypes if dtype != dtypes.float64 or device.capabilities.fp64]


def variants(row: Row, kinds: Sequence[DType]) -> Iterator[tuple[DType, str, dict[str, Any]]]:
    """Dtypes, layouts and keywords, each of them at least once; all pairs of the first two where the row asks for it.

    Other rows begin with another layout each, so that every dtype meets every layout in many of them.
    """
    first = crc32(row.name.encode())
    count = len(LAYOUTS) * len(kinds) if row.every_layout else max(len(kinds), len(LAYOUTS))
    for number in range(count):
        turn = number // len(kinds) if row.every_layout else number
        yield kinds[number % len(kinds)], LAYOUTS[(first + turn) % len(LAYOUTS)], row.keywords[0]
    for number, keywords in enumerate(row.keywords[1:]):
        yield kinds[0], LAYOUTS[number % 2], keywords


def cases(row: Row, device: Device) -> Iterator[Case]:
    """Every case of a row: dtypes, layouts and keywords for the first shapes, then other shapes, special values."""
    generator = numpy.random.default_rng(7)
    kinds = supported(row, device)
    for dtype, layout, keywords in variants(row, kinds):
        arrays = [sample(generator, shape, dtype, row) for shape in row.shapes[0]]
        if row.special and dtypes.is_floating(dtype):
            add_special_values(arrays)
        if layout == "broadcast":
            arrays = [numpy.broadcast_to(one[:1], one.shape) if one.ndim else one for one in arrays]
        yield _case(row, device, arrays, keywords, layout, f"{dtype.name} {layout} {keywords}")
    for shapes in row.shapes[1:]:
        arrays = [sample(generator, shape, kinds[0], row) for shape in shapes]
        yield _case(row, device, arrays, row.keywords[0], "contiguous", f"shapes {shapes}")


def add_special_values(arrays: list[Array]) -> None:
    """Put every combination of special values where the inputs meet element by element."""
    with numpy.errstate(all="ignore"):
        values = numpy.array(SPECIAL).astype(arrays[0].dtype)
    for array, special in zip(arrays, numpy.meshgrid(*[values] * len(arrays))):
        array.reshape(-1)[: special.size] = special.reshape(-1)


def _case(row: Row, device: Device, arrays: list[Array], keywords: dict[str, Any], layout: str, label: str) -> Case:
    fixed = [one(arrays) if callable(one) else one for one in row.fixed]
    values = [lay(one, layout, device) for one in arrays]
    value = identity(row.call(*values, *(on_device(one, device) for one in fixed), **keywords))
    wide = [one.astype("float64") if dtypes.is_floating(one.dtype) else one for one in arrays]
    with numpy.errstate(all="ignore"):
        wanted = numpy.asarray(row.reference(*wide, *fixed, **keywords))
    return Case(label, value, wanted, result_dtype(row, arrays))


def on_device(argument: Any, device: Device) -> Any:
    return constant(argument, device) if isinstance(argument, numpy.ndarray) else argument


def result_dtype(row: Row, arrays: Sequence[Array]) -> DType:
    given = arrays[0].dtype
    if row.result == "same":
        return given
    if row.result == "float":
        return dtypes.to_floating(given)
    if row.result == "sum":
        return given if dtypes.is_floating(given) else dtypes.as_dtype("uint64" if given.kind == "u" else "int64")
    return dtypes.as_dtype(row.result)


def check_forward(rows: Sequence[Row], device: Device) -> list[str]:
    """What differs from NumPy in the cases of some rows, which are computed, and built, together."""
    found = [(row, list(cases(row, device))) for row in rows]
    compute([case.value for _, group in found for case in group])
    problems = []
    for row, group in found:
        wrong = [problem for case in group if (problem := difference(row, case))]
        if wrong:
            problems.append(f"{row.name}: {len(wrong)} of {len(group)} cases differ:\n  " + "\n  ".join(wrong[:3]))
    return problems


# The outputs that one kernel gets.
IN_ONE_KERNEL = 12


def compute(values: Sequence[Value]) -> None:
    """Compute values in few kernels: those of one shape, unless it is one of few, are tied together by a sum."""
    by_shape: dict[Shape, list[Value]] = {}
    for value in values:
        by_shape.setdefault(value.shape, []).append(value)
    ties = [
        _sum_of(some[start : start + IN_ONE_KERNEL])
        for shape, some in by_shape.items()
        if len(shape) > 1
        for start in range(0, len(some), IN_ONE_KERNEL)
    ]
    flush([*values, *ties])


def _sum_of(values: Sequence[Value]) -> Value:
    result = cast(values[0], dtype=dtypes.float32)
    for value in values[1:]:
        result = result + cast(value, dtype=dtypes.float32)
    return result


def difference(row: Row, case: Case) -> str:
    """What is wrong with a case, or nothing."""
    got = read(case.value)
    if got.shape != case.wanted.shape or got.dtype != case.dtype:
        return f"{case.label}: got {got.dtype} {got.shape}, wanted {case.dtype} {case.wanted.shape}"
    bad = ~close(got, case.wanted, row)
    if not bad.any():
        return ""
    where = tuple(int(one) for one in numpy.argwhere(bad)[0]) if got.ndim else ()
    return (
        f"{case.label}: {int(bad.sum())} of {got.size} elements, e.g. at {where} "
        f"got {got[where]!r}, wanted {case.wanted[where]!r}"
    )


def close(got: Array, wanted: Array, row: Row) -> Array:
    """Where `got` is `wanted`, given in float64, within the row's roundings of the dtype of `got`."""
    if not dtypes.is_floating(got.dtype):
        return got == wanted
    with numpy.errstate(all="ignore"):
        rounded = wanted.astype(got.dtype)
        spacing = numpy.spacing(numpy.abs(rounded)).astype("float64")
        allowed = row.error * spacing + row.absolute * numpy.finfo(got.dtype).eps
        near = numpy.abs(got.astype("float64") - wanted) <= allowed
        return near | (got == rounded) | (numpy.isnan(got) & numpy.isnan(rounded))

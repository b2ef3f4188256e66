"""From a loop to OpenCL C: the defines that specialise a kernel file, and the kernel's arguments.

Generated names: p0 and q0 point to an item that is read or written, v0 is the value of statement 0, n0 a number,
d e f the lengths of outer, middle and inner axes, a m s b the outer, middle and inner strides and the fixed offset of
an access, `at` and `in` its offset after the outer and the middle axes, `lanes` what each lane adds to that.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import NamedTuple

from clgrad.codegen.loop import Compute, Given, Index, Load, Loop, Number, Statement
from clgrad.codegen.space import Space, merged_space
from clgrad.dtypes import COMPUTE_NAME, STORAGE_NAME, DType, bool_, float16
from clgrad.launch import INDEX, Argument, Memory, Offset, Parameter
from clgrad.primitives import Reduction
from clgrad.shapes import size_of

_NAMES = re.compile(r"\b[xyzw]\b")
# Results of at least so many bytes are written past the caches, unless a later kernel reads them: they would evict
# other data.
STREAMED = 16 << 20


class Generated(NamedTuple):
    """Defines and leading arguments of one kernel."""

    defines: list[tuple[str, str]]
    arguments: list[Argument]
    space: Space


def coordinates(kind: str, letter: str, start: str, length: str, axes: int) -> list[str]:
    """Declarations of the coordinates of an index. `kind` may be a vector type; lengths of axes are scalars."""
    lines = [f"{kind} rest_{letter} = {start};"]
    for axis in range(axes - 1, 0, -1):
        n = f"({kind})({length}{axis})"
        lines.append(f"const {kind} {letter}{axis} = rest_{letter} % {n}; rest_{letter} /= {n};")
    return [*lines, f"const {kind} {letter}0 = rest_{letter};"]


class Writer:
    """Writes the text that all kernel files need: parameters, offsets, statements."""

    def __init__(self, loop: Loop, wide: int, space: Space | None = None) -> None:
        self.loop = loop
        self.wide = wide
        self.space = space or merged_space(loop)
        self._setup: list[str] = []
        self.parameters: list[str] = []
        self.arguments: list[Argument] = []
        self.access_of: dict[int, int] = {}
        self.pointers: dict[int, str] = {}
        self._declare_memory()
        self._declare_numbers()
        self.row_setup = self._coordinates("row", self.space.outer, "c", "d") + self._offsets("outer")
        self.middle_setup = self._coordinates("j", self.space.middle, "h", "e") + self._offsets("middle")
        self._declare_steps()

    # -- parameters ---------------------------------------------------------------------------------------------

    def _parameter(self, declaration: str, argument: Argument) -> None:
        self.parameters.append(declaration)
        self.arguments.append(argument)

    def _declare_memory(self) -> None:
        number = 0
        for place, statement in enumerate(self.loop.statements):
            if isinstance(statement.what, (Load, Index)):
                self.access_of[place] = number
                number += 1
            if isinstance(statement.what, Load) and statement.what.item not in self.pointers:
                name = f"p{len(self.pointers)}"
                self.pointers[statement.what.item] = name
                self._declare_buffer(name, f"const {_storage(statement.dtype)}", statement.what.item)
        self.store_access = [number + index for index in range(len(self.loop.stores))]
        for index, store in enumerate(self.loop.stores):
            self._declare_buffer(f"q{index}", _storage(self.loop.statements[store.value].dtype), store.item)

    def _declare_buffer(self, name: str, kind: str, item: int) -> None:
        self._parameter(f"__global {kind} *{name}_base", Memory(item))
        self._parameter(f"const long {name}_offset", Offset(item))
        self._setup.append(f"__global {kind} *{name} = {name}_base + {name}_offset;")

    def _declare_numbers(self) -> None:
        for place, statement in enumerate(self.loop.statements):
            if isinstance(statement.what, Number):
                scalar = COMPUTE_NAME[statement.dtype]
                self._parameter(f"const {scalar} n{place}", Parameter(statement.what.number, statement.dtype))
                self._setup.append(f"const {scalar}_v v{place} = ({scalar}_v)(n{place});")

    @property
    def setup(self) -> str:
        return "\n".join(self._setup)

    def _index_parameter(self, name: str, value: int) -> str:
        self._parameter(f"const {self.space.index_type} {name}", INDEX[self.space.index_type](value))
        return name

    # -- offsets ------------------------------------------------------------------------------------------------

    def _coordinates(self, place: str, lengths: list[int], letter: str, length_letter: str) -> str:
        if len(lengths) <= 1:
            return f"const index_t {letter}0 = {place};" if lengths else ""
        for axis in range(len(lengths) - 1, 0, -1):
            self._index_parameter(f"{length_letter}{axis}", lengths[axis])
        return "\n".join(coordinates("index_t", letter, place, length_letter, len(lengths)))

    def _offsets(self, which: str) -> str:
        """Declarations of at0, at1, ... from the outer coordinates, or of in0, in1, ... from the middle ones."""
        name, before, letter, coordinate = ("at", "b", "a", "c") if which == "outer" else ("in", "at", "m", "h")
        lines = []
        for number, access in enumerate(self.space.accesses):
            terms = [f"{before}{number}"] if which == "middle" else []
            if which == "outer" and access.offset:
                terms.append(self._index_parameter(f"b{number}", access.offset))
            for axis, stride in enumerate(getattr(access, which)):
                if stride:
                    terms.append(f"{coordinate}{axis} * " + self._index_parameter(f"{letter}{number}_{axis}", stride))
            lines.append(f"const index_t {name}{number} = {' + '.join(terms) or '0'};")
        return "\n".join(lines)

    def _declare_steps(self) -> None:
        """Parameters for the inner strides that are neither 0 nor 1, and for the lengths of several inner axes."""
        for number, access in enumerate(self.space.accesses):
            if len(access.inner) > 1:
                for axis, stride in enumerate(access.inner):
                    self._index_parameter(f"s{number}_{axis}", stride)
            elif access.inner[0] not in (0, 1):
                self._index_parameter(f"s{number}", access.inner[0])
        if any(len(access.inner) > 1 for access in self.space.accesses):
            for axis, length in enumerate(self.space.inner_axes):
                self._index_parameter(f"f{axis}", length)

    def lanes(self) -> str:
        """Declares on0 ... and lanes0 ..., how far the first lane and each lane are from the start of a row, for
        accesses that no one stride describes; and `inside`, whether all lanes lie along the last inner axis.
        """
        numbers = [number for number, access in enumerate(self.space.accesses) if len(access.inner) > 1]
        if not numbers:
            return ""
        kind, last = self.space.index_type, len(self.space.inner_axes) - 1
        each = f"({kind}_v)(i) + LANES({kind})"
        lines = coordinates(kind, "g", "i", "f", last + 1)
        lines.append(f"const int inside = g{last} + VECTOR_WIDTH <= f{last};")
        far = coordinates(f"{kind}_v", "l", each, "f", last + 1)
        for number in numbers:
            lines.append(f"const {kind} on{number} = {self._steps(number, 'g', '')};")
            near = f"({kind}_v)(on{number}) + LANES({kind}) * ({kind}_v)(s{number}_{last})"
            lines.append(f"{kind}_v lanes{number} = {near};")
            far.append(f"lanes{number} = {self._steps(number, 'l', f'({kind}_v)')};")
        return "\n".join((*lines, "if (!inside) {", *far, "}"))

    def _steps(self, number: int, letter: str, cast: str) -> str:
        return " + ".join(f"{letter}{axis} * {cast}(s{number}_{axis})" for axis in range(len(self.space.inner_axes)))

    # -- statements ---------------------------------------------------------------------------------------------

    def statement(self, place: int, base: str, count: str | None, moves: bool = True) -> str:
        """Declares v<place>. `base` is 'at' or 'in'; `count` the lanes of a partial vector; without `moves` the
        value does not depend on the inner index."""
        statement = self.loop.statements[place]
        if isinstance(statement.what, (Number, Given)):
            return ""
        kind = COMPUTE_NAME[statement.dtype]
        return f"const {kind}_v v{place} = {self._value(place, statement, base, count, moves)};"

    def _value(self, place: int, statement: Statement, base: str, count: str | None, moves: bool) -> str:
        what = statement.what
        if isinstance(what, Compute):
            return self._expression(statement, what)
        number = self.access_of[place]
        if moves and len(self.space.accesses[number].inner) > 1:
            return self._gathered(place, statement, base, count)
        stride = self._stride(number) if moves else "0"
        start = f"{base}{number}" + ("" if stride == "0" else f" + (i) * {stride}")
        if isinstance(what, Index):
            return f"((long_v)({start}) + LANES(long) * (long_v)({stride}))"
        assert isinstance(what, Load)
        stored, pointer = STORAGE_NAME[statement.dtype], self.pointers[what.item]
        if stride == "0":
            return f"({COMPUTE_NAME[statement.dtype]}_v)(load_one_{stored}({pointer} + {start}))"
        if stride == "1" and count is None:
            return f"load_{stored}({pointer} + {start})"
        return f"load_{_reach(count)}_{stored}({pointer} + {start}, {stride}, {count or 'VECTOR_WIDTH'})"

    def _gathered(self, place: int, statement: Statement, base: str, count: str | None) -> str:
        number = self.access_of[place]
        if isinstance(statement.what, Index):
            return f"((long_v)({base}{number}) + convert_long_v(lanes{number}))"
        assert isinstance(statement.what, Load)
        stored, start = STORAGE_NAME[statement.dtype], f"{self.pointers[statement.what.item]} + {base}{number}"
        lanes = f"gather_{stored}({start}, convert_long_v(lanes{number}), {count or 'VECTOR_WIDTH'})"
        if count is not None:
            return lanes
        stride = self.space.accesses[number].inner[-1]
        near = f"{start} + on{number}"
        if stride == 1:
            return f"(inside ? load_{stored}({near}) : {lanes})"
        if stride == 0:
            return f"(inside ? ({COMPUTE_NAME[statement.dtype]}_v)(load_one_{stored}({near})) : {lanes})"
        return lanes

    def _stride(self, number: int) -> str:
        (inner,) = self.space.accesses[number].inner
        return str(inner) if inner in (0, 1) else f"s{number}"

    def _expression(self, statement: Statement, what: Compute) -> str:
        names = dict(zip("xyzw", (f"v{place}" for place in what.arguments)))
        assert not isinstance(what.primitive, Reduction)
        text = _NAMES.sub(lambda match: names.get(match[0], match[0]), what.primitive.expression)
        return rounded(text.replace("@", COMPUTE_NAME[what.typed_by]), statement.dtype)

    def store(self, index: int, base: str, count: str | None, moves: bool = True) -> str:
        store = self.loop.stores[index]
        dtype = self.loop.statements[store.value].dtype
        stored = STORAGE_NAME[dtype]
        number = self.store_access[index]
        if moves and len(self.space.accesses[number].inner) > 1:
            target = f"q{index} + {base}{number}, convert_long_v(lanes{number})"
            return f"scatter_{stored}(v{store.value}, {target}, {count or 'VECTOR_WIDTH'});"
        stride = self._stride(number) if moves else "0"
        start = f"q{index} + {base}{number}" + ("" if stride == "0" else f" + (i) * {stride}")
        if not moves:
            return f"store_strided_{stored}(v{store.value}, {start}, 1, 1);"
        if stride == "1" and count is None:
            streams = store.last and size_of(self.loop.space) * dtype.itemsize >= STREAMED
            return f"{'stream' if streams else 'store'}_{stored}(v{store.value}, {start});"
        return f"store_{_reach(count)}_{stored}(v{store.value}, {start}, {stride}, {count or 'VECTOR_WIDTH'});"

    def declare_stash(self, number: int, kind: str, item: int) -> None:
        """Add the parameter for scratch memory that keeps values of one row for a later pass."""
        self._parameter(f"__global {kind} *stash{number}", Memory(item))

    def closure(self, wanted: list[int], level: str | None = None, known: Collection[int] = ()) -> list[int]:
        """The statements that `wanted` needs, in order, without the arguments of reductions and of `known` statements.

        With a `level`, only statements of that level and the path through them.
        """
        found: set[int] = set()
        stack = list(wanted)
        while stack:
            place = stack.pop()
            statement = self.loop.statements[place]
            if place in found or (level is not None and statement.level != level):
                continue
            found.add(place)
            if (
                place not in known
                and isinstance(statement.what, Compute)
                and not isinstance(statement.what.primitive, Reduction)
            ):
                stack.extend(statement.what.arguments)
        return sorted(found)

    def generated(self, defines: list[tuple[str, str]]) -> Generated:
        shared = [
            ("index_t", self.space.index_type),
            ("PARAMETERS", "".join(f"{parameter}, " for parameter in self.parameters)),
            ("SETUP", self.setup),
            ("ROW_SETUP", self.row_setup),
        ]
        return Generated(shared + defines, self.arguments, self.space)


def _storage(dtype: DType) -> str:
    return f"storage_{STORAGE_NAME[dtype]}"


def rounded(text: str, dtype: DType) -> str:
    """The expression as a value of `dtype`: 0 or 1 for bool, rounded as if it had been stored for float16."""
    if dtype == bool_:
        return f"(convert_uchar_v({text}) & (uchar_v)(1))"
    if dtype == float16:
        return f"round_half_float({text})"
    return f"({text})"


def block(lines: list[str]) -> str:
    """A C block of these statements."""
    return "{\n" + "\n".join(line for line in lines if line) + "\n}"


def _reach(count: str | None) -> str:
    """Which functions access lanes that are apart: a function of its own where `count` of them are all that is left."""
    return "part" if count else "strided"

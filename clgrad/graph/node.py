"""Nodes, which are pending or computed values, and the storage of computed ones. Knows no op by name."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import count
from typing import TYPE_CHECKING, Any, ClassVar
from weakref import ref

from clgrad.dtypes import DType
from clgrad.graph.capture import current
from clgrad.graph.origin import user_line
from clgrad.primitives import RESULT, VIEW, Joint, Primitive
from clgrad.runtime.debugging import is_debugging
from clgrad.shapes import Shape, contiguous_strides

if TYPE_CHECKING:
    from clgrad.runtime.device import Device
    from clgrad.runtime.memory import Buffer

_serial = count()

# Whether every node notes the user's line that made it.
DEBUG = is_debugging()


class Storage:
    """Where a computed value lies: a buffer, an element offset and strides in elements."""

    __slots__ = ("__weakref__", "buffer", "offset", "strides")

    def __init__(self, buffer: Buffer, offset: int, strides: Shape) -> None:
        self.buffer = buffer
        self.offset = offset
        self.strides = strides
        if buffer.first is None:
            # Most buffers hold one storage, and a weak reference without a callback is quicker to make.
            buffer.first = ref(self)
        else:
            buffer.others.add(ref(self, buffer.others.discard))

    @property
    def is_alone(self) -> bool:
        """Whether no other storage lies in the same buffer."""
        first = self.buffer.first
        assert first is not None
        others = len(self.buffer.others)
        return others == 0 if first() is self else others == 1 and first() is None

    def copy(self) -> Storage:
        """Another object for the same memory."""
        return Storage(self.buffer, self.offset, self.strides)


class Scalar:
    """A Python number among a node's inputs: an argument of the plan, never part of its structure.

    Under capture the value may be a `Deferred` number.
    """

    __slots__ = ("value",)
    entry: ClassVar[None] = None
    # A number is never pending.
    storage: ClassVar[tuple[()]] = ()

    def __init__(self, value: Any) -> None:
        self.value = value

    def __repr__(self) -> str:
        return repr(self.value)


class Node:
    """An immutable array value, pending or computed.

    Pending: `primitive`, `inputs` and `attributes` say how to compute it. Computed: `storage` is set, and
    primitive and inputs are gone, so that the inputs can be freed. `serial` counts up, so a node always has a larger
    one than its inputs. `entry` belongs to the tape, `handle` is a weak reference to the user's array, `origin` is the
    user's source line.
    """

    __slots__ = (
        "__weakref__", "attributes", "device", "dtype", "entry", "handle",
        "inputs", "origin", "primitive", "serial", "shape", "storage",
    )  # fmt: skip

    primitive: Primitive | None
    inputs: tuple[Any, ...]
    storage: Storage | None

    def __init__(
        self,
        primitive: Primitive | None,
        inputs: tuple[Any, ...],
        attributes: Any,
        shape: Shape,
        dtype: DType,
        device: Device,
        storage: Storage | None = None,
    ) -> None:
        self.primitive = primitive
        self.inputs = inputs
        self.attributes = attributes
        self.shape = shape
        self.dtype = dtype
        self.device = device
        self.storage = storage
        self.serial = next(_serial)
        self.entry: Any = None
        self.handle: Any = None
        self.origin = user_line() if DEBUG else None

    def settle(self, storage: Storage) -> None:
        """Turn from pending to computed."""
        self.storage = storage
        self.primitive = None
        self.inputs = ()
        self.attributes = None

    def view(self, shape: Shape, strides: Shape, offset: int = 0) -> Node:
        """A node with other strides over this node's elements; it needs no work if this node is computed.

        `strides` and `offset` refer to `layout()`: real memory for a computed node, the row-major order
        of the base for a pending one. Under capture a view of a computed node is pending, because the next call
        takes the view of another node.
        """
        # Another thread may settle this node meanwhile, so its inputs are read before its storage.
        base = next(iter(self.inputs), self) if self.primitive is VIEW else self
        if self.storage is not None and current() is None:
            storage = Storage(self.storage.buffer, offset, strides)
            return type(self)(None, (), None, shape, self.dtype, self.device, storage)
        return type(self)(VIEW, (base,), (strides, offset), shape, self.dtype, self.device)

    def layout(self) -> tuple[Shape, int]:
        """(strides, offset) of this node's elements, as `view` understands them."""
        primitive, attributes = self.primitive, self.attributes
        if self.storage is not None:
            return self.storage.strides, self.storage.offset if current() is None else 0
        if primitive is VIEW:
            strides, offset = attributes
            return strides, offset
        return contiguous_strides(self.shape), 0


class Several(Node):
    """A call with several results: each is a node that refers to this one, and this one refers to them weakly.

    When one result is computed, all results that anybody holds are computed too, so that the call runs once. `kind` is
    their class, and `described` gives their shapes and dtypes. A recorded call keeps the results with numbers in
    `needs`, which the gradient rule reads, even if nobody holds them. A kept storage counts as an owner of its buffer,
    so that its memory is not reused.
    """

    __slots__ = ("_kept", "_results", "described", "kind", "needs")

    def __init__(
        self,
        kind: type[Node],
        primitive: Joint,
        inputs: tuple[Any, ...],
        attributes: Any,
        described: Sequence[tuple[Shape, DType]],
        device: Device,
        needs: tuple[int, ...] = (),
    ) -> None:
        super().__init__(primitive, inputs, attributes, *described[0], device)
        self.kind = kind
        self.described = described
        self.needs = needs
        self._kept: dict[int, Storage] = {}
        self._results: dict[int, ref[Any]] = {}

    def result(self, which: int) -> Any:
        """Result number `which`: the node that somebody holds, or a new one."""
        held = self._results.get(which, _nothing)()
        if held is not None:
            return held
        shape, dtype = self.described[which]
        kept = self._kept.get(which)
        if kept is None:
            made = self.kind(RESULT, (self,), which, shape, dtype, self.device)
        else:
            made = self.kind(None, (), None, shape, dtype, self.device, kept.copy())
        self._results[which] = ref(made)
        return made

    def like(self, inputs: tuple[Any, ...]) -> Several:
        """The same call on other inputs."""
        assert isinstance(self.primitive, Joint)
        return Several(self.kind, self.primitive, inputs, self.attributes, self.described, self.device, self.needs)

    def attach(self, which: int, result: Node) -> None:
        """Make an existing node result number `which`."""
        self._results[which] = ref(result)

    def keep(self, which: int, storage: Storage) -> None:
        """Keep a computed result for the gradient."""
        self._kept[which] = storage.copy()

    def held(self) -> list[Node]:
        """The pending results that anybody holds."""
        found = [reference() for reference in [*self._results.values()]]
        return [result for result in found if result is not None and result.storage is None]


def _nothing() -> None:
    """A dead reference, for a result that was never made."""

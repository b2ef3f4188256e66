"""`jit`: the first call of a function captures its ops as one plan; later calls only launch that plan.

    def step(x, rate): w[:] -= rate * x      w and x are arrays, rate is a number
    first call    runs `step` without values: the root of the plan is the node w - rate * x; its leaves are x, an
                  argument, and w, an array from outside; rate is one of its numbers
    each call     puts a new value into w; if the old value dies by that, the plan may write into its memory

Memory is reused only if weak references show that nobody else holds the old value.
"""

from __future__ import annotations

import functools
import gc
from collections.abc import Callable, Collection, Iterator, Sequence
from typing import Any
from weakref import WeakKeyDictionary, ref

from clgrad.array.assembly import ndarray
from clgrad.array.handle import Handle
from clgrad.errors import ArgumentError, CaptureError, GradientError
from clgrad.graph.capture import Capture, Deferred, Run, capturing, current
from clgrad.graph.execute import flush, run_prepared
from clgrad.graph.node import Node, Storage
from clgrad.graph.pending import MINE, waiting_anywhere
from clgrad.graph.prepared import PreparedPlan, prepare
from clgrad.graph.trace import Trace
from clgrad.ops.operation import Value
from clgrad.ops.random import next_stream
from clgrad.primitives import COPY, VIEW, Library
from clgrad.runtime.device import Device
from clgrad.tape import STATE

# Bounds the captures of one function, which has one for each combination of shapes, dtypes and constants of arguments.
MOST_CAPTURES = 64


def jit(function: Callable[..., Any] | None = None, *, donate: Sequence[int] = ()) -> Any:
    """A function that runs as one plan: forward, backward and update of a whole training step in one call.

    The first call runs the function without computing anything, and plans all its ops together. Later calls with
    arguments of the same structure run that plan: no op is called again, and nothing is planned. Results are those of
    the function without jit, bit for bit.

    Arguments are arrays, numbers, and lists, tuples and dicts of these, by position or by name. A call with other
    shapes or dtypes captures the function again. Python's ints and floats may change from call to call, as a learning
    rate does, unless the function does more than arithmetic with them: comparing a number makes it part of the
    structure. Everything else (strings, None, booleans) is part of the structure.

    Arrays that the function reads from outside are read anew at each call; arrays that it writes in place - parameters,
    moments, running statistics, gradients - are written at each call. Random numbers advance.

    The function must not read values: `print`, `float`, `asnumpy` raise `CaptureError`, which names the line. Later
    calls do not run its Python code. So effects other than on arrays happen once, at the capture; and if a name outside
    gets another array afterwards, calls still use the old one. Call `autograd.record()` inside of the function, not
    around it.

    Parameters
    ----------
    function : callable
        A function or a method. Without it, `jit(donate=...)` is a decorator.
    donate : sequence of int
        Places of positional arguments. Results may overwrite their arrays, which must not be used afterwards.

    Examples
    --------
    >>> from clgrad import autograd, jit, np
    >>> w = np.ones(3)
    >>> w.attach_grad()
    >>> @jit
    ... def step(x, rate):
    ...     with autograd.record():
    ...         loss = ((x * w).sum() - 1) ** 2
    ...     loss.backward()
    ...     w[:] -= rate * w.grad
    ...     return loss
    >>> x = np.array([1, 2, 3])
    >>> [round(float(step(x, rate)), 2) for rate in (0.01, 0.02)]
    [25.0, 12.96]
    """
    if function is None:
        return lambda function: jit(function, donate=donate)
    return Jitted(function, donate)


class Jitted:
    """A function under `jit`."""

    def __init__(self, function: Callable[..., Any], donate: Sequence[int] = ()) -> None:
        functools.update_wrapper(self, function)
        self._function = function
        self._donate = frozenset(donate)
        self._name: str = getattr(function, "__qualname__", type(function).__name__)
        self._captures: dict[Any, Captured] = {}
        # For each structure without numbers: the places of the numbers that are part of it.
        self._fixed: dict[Any, tuple[int, ...]] = {}
        self._methods: WeakKeyDictionary[Any, Jitted] = WeakKeyDictionary()

    def __repr__(self) -> str:
        return f"<jit of {self._name}>"

    def __get__(self, instance: Any, owner: type | None = None) -> Any:
        """The method of an instance; each instance has captures of its own."""
        if instance is None:
            return self
        method = self._methods.get(instance)
        if method is None:
            # A weak reference, so that the captures go when the instance goes.
            instance_of = ref(instance)
            method = Jitted(functools.wraps(self._function)(_Method(self._function, instance_of)), (*self._donate,))
            self._methods[instance] = method
        return method

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        if current() is not None:
            return self._function(*arguments, **named)
        if STATE.recording:
            raise GradientError(
                f"jit: {self._name} is called under record(), and no gradient passes through it. Call record() and "
                "backward() inside of the function"
            )
        given = _Flat()
        spec = (given.add(arguments), given.add(named), STATE.training)
        for _ in range(2):
            fixed = self._fixed.get(spec, ())
            key = (spec, tuple([given.numbers[place] for place in fixed]))
            captured = self._captures.get(key)
            if captured is None:
                captured = self._capture(arguments, named, given)
                self._fixed[spec] = fixed = tuple(sorted({*fixed, *captured.fixed}))
                key = (spec, tuple([given.numbers[place] for place in fixed]))
                if len(self._captures) >= MOST_CAPTURES:
                    del self._captures[next(iter(self._captures))]
                self._captures[key] = captured
            try:
                return captured.run(given)
            except _StaleError:
                # An array from outside of the function has another shape now, or is gone: capture again.
                del self._captures[key]
        raise CaptureError(
            f"jit: the arrays that {self._name} reads change while it is captured. Usual cause: another thread writes "
            "them. Let that thread wait"
        )

    def _capture(self, arguments: Any, named: Any, given: _Flat) -> Captured:
        # Work that is pending now is not part of the function.
        flush(waiting_anywhere())
        capture = Capture(self._name)
        noted = len(MINE.waiting.references)
        numbers = iter([capture.argument(place, value) for place, value in enumerate(given.numbers)])
        try:
            with capturing(capture):
                result = self._function(*_with_numbers(arguments, numbers), **_with_numbers(named, numbers))
                found = _Flat()
                found.add(result)
                final = {key: array._node for key, (array, _) in capture.written.items()}
                written = [array for array, _ in capture.written.values()]
                known = _with_bases([*found.arrays, *written, *capture.views])
                _refuse_escapes(self._name, MINE.waiting.references[noted:], known)
                donated = self._donated(arguments, given)
                return Captured(self._name, capture, given, found, _template(result, found), final, donated)
        finally:
            for array, before in capture.written.values():
                array._node = before
            # Numbers refer to their capture, which must not keep old values alive.
            capture.written.clear()
            capture.views.clear()
            del MINE.waiting.references[noted:]

    def _donated(self, arguments: Any, given: _Flat) -> set[int]:
        """The places, among all argument arrays, of the arrays that may be overwritten."""
        ids = set()
        for place in self._donate:
            if place >= len(arguments):
                raise ArgumentError(
                    f"jit: donate names argument {place}, and {self._name} has {len(arguments)} positional arguments"
                )
            part = _Flat()
            part.add(arguments[place])
            ids |= set(map(id, part.arrays))
        return {place for place, array in enumerate(given.arrays) if id(array) in ids}


class _Method:
    """A function bound to an instance, to which it holds a weak reference only."""

    def __init__(self, function: Callable[..., Any], instance: ref[Any]) -> None:
        self.function = function
        self.instance = instance

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        return self.function(self.instance(), *arguments, **named)


class _StaleError(Exception):
    """A capture does not fit the present arrays."""


class _Flat:
    """Collects the arrays and numbers in nested lists, tuples and dicts; `add` returns the structure without them."""

    def __init__(self) -> None:
        self.arrays: list[Handle] = []
        self.numbers: list[Any] = []
        self._places: dict[int, int] = {}

    def place_of(self, array: Handle) -> int:
        """The number of an array among all."""
        return self._places[id(array)]

    def add(self, value: Any) -> Any:
        """The structure of a value: hashable, and equal for equal structures."""
        kind = type(value)
        if kind is float or kind is int:
            self.numbers.append(value)
            return kind
        if isinstance(value, Handle):
            place = self._places.setdefault(id(value), len(self.arrays))
            if place == len(self.arrays):
                self.arrays.append(value)
            return place, _description(value)
        if isinstance(value, (list, tuple)):
            return kind, tuple([self.add(one) for one in value])
        if isinstance(value, dict):
            return kind, tuple(value), tuple([self.add(one) for one in value.values()])
        if isinstance(value, Deferred):
            self.numbers.append(value)
            return Deferred
        try:
            hash(value)
        except TypeError:
            raise ArgumentError(
                f"jit: {kind.__name__} is neither an array, a number, a list, tuple or dict of these, nor hashable"
            ) from None
        return "constant", kind, value


def _description(array: Handle) -> Any:
    """The facts about an array that a capture depends on: layout of its value, gradient, and the base of a view."""
    if current() is not None:
        return ()
    node = array._value
    leaf, link = array._leaf, array._link
    if node.storage is None:
        flush((node,))
    if node.entry is not None and leaf is None:
        raise GradientError("jit: an argument has a history, and no gradient passes through the function; detach() it")
    storage = node.storage
    assert storage is not None
    base = None if link is None else _description(link.base)
    return node.shape, node.dtype, storage.strides, node.device, None if leaf is None else leaf.grad_req, base


def _with_numbers(value: Any, numbers: Iterator[Any]) -> Any:
    """The same structure with other numbers."""
    if type(value) in (int, float):
        return next(numbers)
    return value if isinstance(value, Handle) else _mapped(lambda part: _with_numbers(part, numbers), value)


class _Place:
    """Where a capture finds an array at each call.

    Argument number `argument`, or if `depth` is not 0 the base of that view, its base, and so on. Without an argument,
    the array outside of the function that `array` is.
    """

    def __init__(self, array: Handle, argument: int | None, depth: int) -> None:
        self._array = ref(array)
        self._argument = argument
        self._depth = depth

    def array(self, given: _Flat) -> Handle:
        """The array of this call."""
        if self._argument is None:
            outside = self._array()
            if outside is None:
                raise _StaleError
            return outside
        array = given.arrays[self._argument]
        for _ in range(self._depth):
            assert array._link is not None
            array = array._link.base
        return array


class Captured:
    """The plan of a function for one structure of its arguments.

    There are two versions of the plan. The quick one overwrites the old values of written and donated arrays; the
    careful one runs if somebody else still needs one of these.
    """

    def __init__(
        self, name: str, capture: Capture, given: _Flat, found: _Flat, template: Any, final: dict[int, Any],
        donated: Collection[int],
    ) -> None:  # fmt: skip
        self._draws = capture.draws
        self._template = template
        self._result_numbers = found.numbers
        inside = _places_inside(given)
        written = [array for array, _ in capture.written.values()]
        roots = _own([array._value for array in found.arrays] + [final[id(array)] for array in written])
        self._device = _one_device(name, roots, given)
        trace = Trace(roots, self._device)
        self.fixed = capture.fixed
        self._numbers: list[Any] = [*trace.numbers]
        self._written = [_Place(array, *inside.get(id(array), (None, 0))) for array in written]
        self._sources: list[_Place | Storage] = []
        before = {id(node): array for array, node in capture.written.values()}
        overwritten: dict[int, int] = {}
        donatable = set()
        positions = {id(array): position for position, array in enumerate(written)}
        for place, (node, storage) in enumerate(zip(trace.leaf_nodes, trace.storages)):
            array = before.get(id(node))
            if array is None and node.handle is not None:
                array = node.handle()
            if array is None or (array._node is not node and id(node) not in before):
                self._sources.append(storage)
                continue
            self._sources.append(_Place(array, *inside.get(id(array), (None, 0))))
            if id(array) in positions:
                overwritten[place] = positions[id(array)]
            elif any(one is array for one in map(given.arrays.__getitem__, donated)):
                donatable.add(place)
        self._overwritten = overwritten
        self._donated = donatable
        self._leaves = [
            (node.shape, node.dtype, storage.strides) for node, storage in zip(trace.leaf_nodes, trace.storages)
        ]
        self._careful_structure = trace.whole(())
        self._careful: PreparedPlan | None = None
        self._quick = prepare(trace.whole({*overwritten, *donatable}), self._device)
        self._shapes = [(root.shape, root.dtype) for root in roots]
        order = {number: position for position, (number, _) in enumerate(self._quick.plan.outputs)}
        self._order = [order[number] for number in trace.places(roots)]

    def run(self, given: _Flat) -> Any:
        """Launch the plan on the arrays and numbers of this call."""
        with self._device.lock:
            written = [place.array(given) for place in self._written]
            storages = [self._storage(place, source, given) for place, source in enumerate(self._sources)]
            # Only now is it certain that this call runs, and that random numbers advance.
            run = Run(given.numbers, [next_stream() for _ in range(self._draws)])
            numbers = [one.compute(run) if isinstance(one, Deferred) else one for one in self._numbers]
            values, alone = self._new_values(written, storages, given)
            prepared = self._quick if alone else self._careful_plan()
            found = run_prepared(prepared, storages, numbers)
            results = [found[position][1] for position in self._order]
            for value, storage in zip(values, results[len(results) - len(written) :]):
                value.storage = storage
        arrays = [
            ndarray(Value(None, (), None, shape, dtype, self._device, storage))
            for (shape, dtype), storage in zip(self._shapes, results[: len(results) - len(written)])
        ]
        plain = [one.compute(run) if isinstance(one, Deferred) else one for one in self._result_numbers]
        return _filled(self._template, arrays, iter(plain))

    def _storage(self, place: int, source: _Place | Storage, given: _Flat) -> Storage:
        """The storage of a leaf in this call."""
        if isinstance(source, Storage):
            return source
        node = source.array(given)._value
        if node.storage is None:
            flush((node,))
        storage = node.storage
        assert storage is not None
        if (node.shape, node.dtype, storage.strides) != self._leaves[place] or node.device is not self._device:
            raise _StaleError
        return storage

    def _new_values(self, written: list[Handle], storages: list[Storage], given: _Flat) -> tuple[list[Value], bool]:
        """New values for the written arrays, and whether nobody else needs the memory of old and donated values."""
        old: list[ref[Node] | None] = []
        values: list[Value] = []
        for array in written:
            node = array._node
            assert node is not None
            value = Value(None, (), None, node.shape, node.dtype, node.device, node.storage)
            if value.storage is None:
                # The function never reads this old value, but an array must have a storage until the plan gives it one.
                flush((node,))
                value.storage = node.storage
            leaf = array._leaf
            if leaf is not None and leaf.grad_req != "null":
                value.entry = leaf
            value.handle = ref(array)
            old.append(ref(node))
            array._node = value
            values.append(value)
            del node
        alone = True
        for place, position in self._overwritten.items():
            reference = old[position]
            assert reference is not None
            alone = alone and reference() is None and len(storages[place].buffer.owners) == 1
        for place in self._donated:
            source = self._sources[place]
            assert isinstance(source, _Place)
            alone = _give_away(source.array(given), storages[place]) and alone
        return values, alone

    def _careful_plan(self) -> PreparedPlan:
        """The plan for a call while somebody else needs a value that the quick plan overwrites."""
        if self._careful is None:
            self._careful = prepare(self._careful_structure, self._device)
        return self._careful


def _raise_donated(problem: Any) -> Any:
    raise ArgumentError("this array was donated to a function under jit, which took over its memory; use the result")


_DONATED = Library("donated", _raise_donated)


def _give_away(array: Handle, storage: Storage) -> bool:
    """Make an array unusable; returns whether nobody else needs its memory."""
    node = array._node
    if node is None:
        return False
    reference = ref(node)
    array._node = Value(_DONATED, (), None, node.shape, node.dtype, node.device)
    del node
    return reference() is None and len(storage.buffer.owners) == 1


def _places_inside(given: _Flat) -> dict[int, tuple[int, int]]:
    """By the id of an array: number of the argument that is the array or a view of it, and number of views between."""
    inside: dict[int, tuple[int, int]] = {}
    for place, argument in enumerate(given.arrays):
        array, depth = argument, 0
        while True:
            inside.setdefault(id(array), (place, depth))
            if array._link is None:
                break
            array, depth = array._link.base, depth + 1
    return inside


def _own(values: Sequence[Value]) -> list[Node]:
    """The values as results with memory of their own; a view, an input or a repeated value is copied."""
    roots: list[Node] = []
    seen: set[int] = set()
    for value in values:
        root: Node = value
        if value.storage is not None or value.primitive is VIEW or value.serial in seen:
            root = Node(COPY, (value,), value.dtype, value.shape, value.dtype, value.device)
        seen.add(root.serial)
        roots.append(root)
    return roots


def _one_device(name: str, roots: Sequence[Node], given: _Flat) -> Device:
    devices = dict.fromkeys([*(root.device for root in roots), *(array._value.device for array in given.arrays)])
    if len(devices) != 1:
        raise CaptureError(
            f"jit: {name} computes on {len(devices)} devices"
            + (": " + ", ".join(map(str, devices)) if devices else "")
            + "; a function under jit takes or returns arrays of one device"
        )
    return next(iter(devices))


def _with_bases(arrays: Sequence[Handle]) -> list[Handle]:
    """The arrays, and the bases of those that are views."""
    known = list(arrays)
    for array in known:
        if array._link is not None:
            known.append(array._link.base)
    return known


def _refuse_escapes(name: str, made: Sequence[ref[Any]], known: Sequence[Handle]) -> None:
    """Raise for an array that was made inside, is not returned, and still lives: later calls would not renew it."""
    ids = set(map(id, known))
    for collect in (False, True):
        if collect:
            gc.collect()
        kept = [array for reference in made if (array := reference()) is not None and id(array) not in ids]
        if not kept:
            return
    raise CaptureError(
        f"jit: {name} keeps an array of shape {kept[0].shape} that it made, outside of itself; later calls would not "
        "renew it. Return it, or write it into an array that was there before: a[:] = ..."
    )


class _ArrayHole:
    """Where a result has an array."""

    def __init__(self, place: int) -> None:
        self.place = place


class _NumberHole:
    """Where a result has a number."""


def _template(result: Any, found: _Flat) -> Any:
    """The structure of a result with holes for its arrays and numbers, so that none of these is kept alive."""
    if isinstance(result, Handle):
        return _ArrayHole(found.place_of(result))
    if type(result) in (int, float) or isinstance(result, Deferred):
        return _NumberHole()
    return _mapped(lambda part: _template(part, found), result)


def _filled(template: Any, arrays: Sequence[Any], numbers: Iterator[Any]) -> Any:
    """A result with the arrays and numbers of this call in its holes."""
    if isinstance(template, _ArrayHole):
        return arrays[template.place]
    if isinstance(template, _NumberHole):
        return next(numbers)
    return _mapped(lambda part: _filled(part, arrays, numbers), template)


def _mapped(change: Callable[[Any], Any], value: Any) -> Any:
    """A list, tuple or dict with changed parts; any other value as it is."""
    if isinstance(value, (list, tuple)):
        parts = [change(part) for part in value]
        return type(value)(*parts) if hasattr(value, "_fields") else type(value)(parts)
    if isinstance(value, dict):
        return {key: change(part) for key, part in value.items()}
    return value

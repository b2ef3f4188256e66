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
from collections.abc import Callable, Sequence
from typing import Any
from weakref import WeakKeyDictionary, ref

from clgrad.array.handle import Handle
from clgrad.errors import ArgumentError, CaptureError, GradientError
from clgrad.graph.capture import Capture, capturing, current
from clgrad.graph.execute import flush
from clgrad.graph.pending import MINE, waiting_anywhere
from clgrad.jitted.captured import Captured, StaleError
from clgrad.jitted.nested import Flat, arrays_in, with_numbers
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
        given = Flat()
        spec = (given.add(arguments), given.add(named), STATE.training)
        for _ in range(2):
            key = self._key(spec, given)
            captured = self._captures.get(key)
            if captured is None:
                captured = self._capture(arguments, named, given)
                self._fixed[spec] = tuple(sorted({*self._fixed.get(spec, ()), *captured.fixed}))
                key = self._key(spec, given)
                if len(self._captures) >= MOST_CAPTURES:
                    del self._captures[next(iter(self._captures))]
                self._captures[key] = captured
            try:
                return captured.run(given)
            except StaleError:
                # An array from outside of the function has another shape now, or is gone: capture again.
                del self._captures[key]
        raise CaptureError(
            f"jit: the arrays that {self._name} reads change while it is captured. Usual cause: another thread writes "
            "them. Let that thread wait"
        )

    def _key(self, spec: Any, given: Flat) -> Any:
        """The structure of a call with the numbers that are part of it."""
        return spec, tuple([given.numbers[place] for place in self._fixed.get(spec, ())])

    def _capture(self, arguments: Any, named: Any, given: Flat) -> Captured:
        # Work that is pending now is not part of the function.
        flush(waiting_anywhere())
        capture = Capture(self._name)
        noted = len(MINE.waiting.references)
        numbers = iter([capture.argument(place, value) for place, value in enumerate(given.numbers)])
        try:
            with capturing(capture):
                result = self._function(*with_numbers(arguments, numbers), **with_numbers(named, numbers))
                written = [array for array, _ in capture.written.values()]
                known = _with_bases([*arrays_in(result), *written, *capture.views])
                _refuse_escapes(self._name, MINE.waiting.references[noted:], known)
                return Captured(capture, given, result, self._donated(arguments))
        finally:
            for array, before in capture.written.values():
                array._node = before
            # Numbers refer to their capture, which must not keep old values alive.
            capture.written.clear()
            capture.views.clear()
            del MINE.waiting.references[noted:]

    def _donated(self, arguments: Any) -> set[int]:
        """The ids of the arrays that may be overwritten."""
        ids: set[int] = set()
        for place in self._donate:
            if place >= len(arguments):
                raise ArgumentError(
                    f"jit: donate names argument {place}, and {self._name} has {len(arguments)} positional arguments"
                )
            ids.update(map(id, arrays_in(arguments[place])))
        return ids


class _Method:
    """A function bound to an instance, to which it holds a weak reference only."""

    def __init__(self, function: Callable[..., Any], instance: ref[Any]) -> None:
        self.function = function
        self.instance = instance

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        return self.function(self.instance(), *arguments, **named)


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

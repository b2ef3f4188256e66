"""Makes kernel objects share the Python functions that pyopencl generates, instead of compiling some for each."""

from __future__ import annotations

from types import ModuleType
from typing import Any


def share_invokers(pyopencl: ModuleType) -> None:
    """Let kernels with the same number of arguments share the functions with which pyopencl calls them.

    pyopencl compiles two Python functions for each kernel object, in a module with a unique name. The search
    for such a name takes longer with every kernel that the process has made. The functions depend on the number of
    arguments alone, unless `set_arg_types` declares their types. clgrad itself launches without them.
    """
    invoker = pyopencl.invoker
    generate = invoker.generate_enqueue_and_set_args
    shared: dict[int, Any] = {}

    def generate_once(name: str, passed: int, expected: int, types: Any, *others: Any, **named: Any) -> Any:
        if types is not None:
            return generate(name, passed, expected, types, *others, **named)
        found = shared.get(passed)
        if found is None:
            found = shared[passed] = generate(f"kernel_{passed}", passed, expected, None, *others, **named)
        return found

    invoker.generate_enqueue_and_set_args = generate_once

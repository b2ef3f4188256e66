"""Guards against fork: a driver's threads do not exist in the child, where its first call hangs."""

from __future__ import annotations

import os
from collections.abc import Callable

from clgrad.errors import DeviceError

in_forked_child = False
_uses_drivers = False
_hooks: list[Callable[[], None]] = []


def mark_drivers_used() -> None:
    """Note that this process has called a driver, so that its forked children must not."""
    global _uses_drivers
    _uses_drivers = True


def after_fork(hook: Callable[[], None]) -> None:
    """Call `hook` in forked children of a process that uses drivers, to make new locks."""
    _hooks.append(hook)


def check_process() -> None:
    """Raise in a child that was forked after its parent had used a device."""
    if in_forked_child:
        raise forked_error()


def forked_error() -> DeviceError:
    """The error for a driver call in a forked child, which would hang."""
    return DeviceError(
        "this process was forked from one that had already used an OpenCL device; drivers hang there. Start "
        "processes with multiprocessing.get_context('spawn') or 'forkserver', or fork before the first array"
    )


def _enter_child() -> None:
    global in_forked_child
    if _uses_drivers:
        in_forked_child = True
        for hook in _hooks:
            hook()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_enter_child)

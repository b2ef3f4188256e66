"""`python -m clgrad devices`: the devices that were found, the device that is chosen, and why others are not used."""

from __future__ import annotations

import os

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from clgrad.cli.trial import Crash, find_crashes
from clgrad.errors import DeviceNotFoundError
from clgrad.runtime.byte_sizes import format_bytes
from clgrad.runtime.device import Device, RejectedDevice, default_device, devices, rejected_devices
from clgrad.runtime.inspection import KINDS
from clgrad.runtime.platforms import Platform, find_platforms


def show_devices(console: Console) -> int:
    """Prints the tables; returns 0 if a device can be chosen."""
    crashes = find_crashes()
    if crashes:
        _show_crashes(console, crashes)
        return 1
    working, rejected = devices(), rejected_devices()
    idle = [platform for platform in find_platforms() if platform.problem]
    try:
        chosen, missing = default_device(), None
    except DeviceNotFoundError as problem:
        chosen, missing = None, problem
    if working:
        console.print(device_table(working, chosen))
    if rejected or idle:
        console.print(rejected_table(rejected, idle))
    if chosen is None:
        console.print(str(missing), style="red", markup=False)
        return 1
    console.print(f"Chosen: [bold green]{escape(describe_choice(chosen))}")
    return 0


def _show_crashes(console: Console, crashes: list[Crash]) -> None:
    for crash in crashes:
        console.print(f"{crash.subject}: {crash.text}", style="red", markup=False)
        for fix in crash.fixes:
            console.print(f"  {fix}", markup=False, soft_wrap=True)


def device_table(working: list[Device], chosen: Device | None) -> Table:
    """One row for each device that works; the chosen one is marked."""
    table = Table(title="Devices that work", title_justify="left")
    for heading in ("", "Device", "Kind", "Name", "Platform, driver", "Memory", "Capabilities"):
        table.add_column(heading, overflow="fold")
    for device in working:
        table.add_row(
            "[green]->" if device is chosen else "",
            str(device),
            device.kind,
            escape(device.name),
            escape(f"{device.platform_name} {device.driver_version}"),
            _describe_memory(device),
            _describe_capabilities(device),
        )
    return table


def _describe_memory(device: Device) -> str:
    can = device.capabilities
    shared = "shared with the host" if can.unified_memory else "its own"
    return (
        f"{format_bytes(can.global_memory)}, {shared}\none array: {format_bytes(can.max_allocation)}\n"
        f"local: {format_bytes(can.local_memory)}"
    )


def _describe_capabilities(device: Device) -> str:
    can = device.capabilities
    return (
        f"{'float64' if can.fp64 else 'no float64'}\n"
        f"{can.compute_units} compute units, groups up to {can.max_group_size}\n"
        f"{can.kernel_shape}-shaped kernels, vectors of {can.vector_width}"
    )


def rejected_table(rejected: list[RejectedDevice], idle: list[Platform]) -> Table:
    """One row for each device that does not work, and each platform without devices."""
    table = Table(title="Not used", title_justify="left")
    for heading in ("Name", "Kind", "Platform, driver", "Why"):
        table.add_column(heading, overflow="fold")
    for device in rejected:
        driver = f"{device.platform_name} {device.driver_version}"
        table.add_row(escape(device.name), device.kind, escape(driver), escape(device.reason))
    for platform in idle:
        table.add_row("", "", escape(f"{platform.name} ({platform.version})"), escape(platform.problem or ""))
    return table


def describe_choice(chosen: Device) -> str:
    """The device of new arrays, and why it was chosen."""
    given = os.environ.get("CLGRAD_DEVICE")
    order = " before ".join(KINDS)
    reason = f"CLGRAD_DEVICE={given}" if given else f"the first that works, {order}"
    return f"{chosen}, {chosen.name} on {chosen.platform_name} ({reason})"

"""`python -m clgrad doctor`: looks for everything that can be wrong, and prints the commands that fix it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from typing import Literal

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from clgrad.cli.devices import describe_choice
from clgrad.cli.remedies import fix_cache, fix_driver
from clgrad.cli.trial import Crash, find_crashes
from clgrad.errors import ClgradError
from clgrad.runtime import shell
from clgrad.runtime.byte_sizes import format_bytes
from clgrad.runtime.device import default_device, devices, rejected_devices
from clgrad.runtime.disk_cache import default_cache
from clgrad.runtime.drivers import (
    VENDORS_VARIABLE,
    driver_problem,
    find_drivers,
    install_commands,
)
from clgrad.runtime.platforms import find_platforms
from clgrad.runtime.pocl_cache import other_pocl_cache, pocl_cache_folder, pocl_cache_problem
from clgrad.runtime.probe import find_problem

SETTINGS = {
    "CLGRAD_DEVICE": "the device of new arrays: cpu, gpu, gpu:1, or words of a name",
    "CLGRAD_KERNEL_SHAPE": "cpu or gpu: forces the shape of all kernels",
    "CLGRAD_VECTOR_WIDTH": "4, 8 or 16: forces the lanes of vectors in CPU shape",
    "CLGRAD_MEMORY_LIMIT": "device memory that may be in use, such as 4G",
    "CLGRAD_CACHE_DIR": "the folder of the cache of compiled programs",
    "CLGRAD_CACHE_LIMIT": "the size of that cache, such as 256M; 0 turns it off",
    "CLGRAD_DEBUG": "1: wait after each launch, so that errors name their op, and show warnings; 2: print each launch",
    "OCL_ICD_VENDORS": "the folder of .icd files, or the one driver, that the OpenCL loader reads",
}

Verdict = Literal["ok", "note", "bad"]
STYLES: dict[Verdict, str] = {"ok": "green", "note": "yellow", "bad": "red"}


@dataclass(frozen=True)
class Finding:
    """One line of the diagnosis. Only a `bad` one keeps clgrad from working."""

    verdict: Verdict
    subject: str
    text: str
    fixes: tuple[str, ...] = ()


def show_diagnosis(console: Console) -> int:
    """Prints the findings and the commands that fix them; returns 0 if a device works."""
    crashes = find_crashes()
    # If a driver ends the process, this process must not use any driver.
    check_devices = partial(_report, crashes) if crashes else _check_devices
    checks = (
        _check_packages, _check_settings, _check_drivers, check_devices, _check_cache, _check_pocl_cache,
    )  # fmt: skip
    findings = [finding for check in checks for finding in check()]
    table = Table(title="Diagnosis", title_justify="left")
    for heading in ("", "What", "Found"):
        table.add_column(heading, overflow="fold")
    for finding in findings:
        mark = f"[{STYLES[finding.verdict]}]{finding.verdict}"
        table.add_row(mark, escape(finding.subject), escape(finding.text))
    console.print(table)
    _show_fixes(console, [finding for finding in findings if finding.fixes])
    works = not any(finding.verdict == "bad" for finding in findings)
    console.print("[green]clgrad works here." if works else "[red]clgrad does not work here yet.")
    return 0 if works else 1


def _show_fixes(console: Console, findings: list[Finding]) -> None:
    subjects: dict[tuple[str, ...], list[str]] = {}
    for finding in findings:
        subjects.setdefault(finding.fixes, []).append(finding.subject)
    for fixes, names in subjects.items():
        run = "run" if len(fixes) == 1 else "run one of"
        console.print(f"To fix {', '.join(names)}, {run}", markup=False, style="bold")
        for fix in fixes:
            console.print(f"  {fix}", markup=False, soft_wrap=True)


def _check_packages() -> Iterator[Finding]:
    for package in ("clgrad", "pyopencl", "numpy"):
        try:
            yield Finding("ok", package, version(package))
        except PackageNotFoundError:
            # clgrad itself has no version in a source checkout that was not installed.
            yield Finding("note", package, "not installed with pip")


def _check_settings() -> Iterator[Finding]:
    for name, meaning in SETTINGS.items():
        if os.environ.get(name):
            yield Finding("ok", name, f"{os.environ[name]} ({meaning})")


def _check_drivers() -> Iterator[Finding]:
    drivers = find_drivers()
    if not drivers:
        where = os.environ.get(VENDORS_VARIABLE) or "the system, the environment, or pyopencl's wheel"
        fixes = (shell.unset_variable(VENDORS_VARIABLE),) if os.environ.get(VENDORS_VARIABLE) else install_commands()
        yield Finding("note", "drivers", f"no .icd file in {where}", fixes)
    for driver in drivers:
        problem = driver_problem(driver)
        subject = f"driver {driver.icd.name} ({driver.origin})"
        if problem is None:
            yield Finding("ok", subject, driver.library)
        else:
            yield Finding("note", subject, f"{driver.icd}: {problem}", fix_driver(driver))


def _report(crashes: list[Crash]) -> Iterator[Finding]:
    for crash in crashes:
        yield Finding("bad", crash.subject, crash.text, crash.fixes)


def _check_devices() -> Iterator[Finding]:
    try:
        working, rejected = devices(), rejected_devices()
    except ClgradError as problem:
        yield Finding("bad", "devices", str(problem))
        return
    for device in working:
        # Test the device again, even if it worked in an earlier process.
        fault = find_problem(device)
        text = f"{device.name} on {device.platform_name}"
        yield Finding("bad" if fault else "ok", f"device {device}", f"{text}: {fault}" if fault else text)
    fixes = () if working else install_commands()
    for platform in find_platforms():
        if platform.problem:
            yield Finding("note", f"platform {platform.name}", platform.problem, fixes)
    for one in rejected:
        subject = f"device {one.name} ({one.platform_name} {one.driver_version})"
        yield Finding("note", subject, one.reason, fixes)
    if working:
        yield _check_choice()
    else:
        yield Finding("bad", "devices", "no OpenCL device works", fixes)


def _check_choice() -> Finding:
    try:
        return Finding("ok", "choice", describe_choice(default_device()))
    except ClgradError as problem:
        return Finding("bad", "choice", str(problem), (shell.unset_variable("CLGRAD_DEVICE"),))


def _check_pocl_cache() -> Iterator[Finding]:
    if not any("pocl" in driver.library for driver in find_drivers()):
        return
    problem = pocl_cache_problem()
    if problem:
        yield Finding("note", "cache of PoCL", problem, (other_pocl_cache(),))
    else:
        yield Finding("ok", "cache of PoCL", f"{pocl_cache_folder()} can be written")


def _check_cache() -> Iterator[Finding]:
    try:
        cache = default_cache()
    except ClgradError as problem:
        yield Finding("bad", "program cache", str(problem), (shell.unset_variable("CLGRAD_CACHE_LIMIT"),))
        return
    try:
        cache.check()
    except OSError as problem:
        text = f"{cache.folder} cannot be used, so every process compiles its kernels again: {problem}"
        yield Finding("note", "program cache", text, fix_cache(cache.folder))
        return
    yield Finding("ok", "program cache", f"{cache.folder}, at most {format_bytes(cache.limit)}")

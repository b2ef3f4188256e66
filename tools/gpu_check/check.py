"""Compiles the programs of all devices for the targets that are wanted, several at a time, and judges the kernels."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from clgrad.runtime.program_text import device_text
from clgrad.sources import Source
from tools.gpu_check.budgets import Budget, budget_of, problems
from tools.gpu_check.capture import Kernel, Program, captured, programs
from tools.gpu_check.devices import DEVICES, DeviceClass
from tools.gpu_check.families import FAMILIES, Family
from tools.gpu_check.usage import CompileError, Usage

_SAID = re.compile(r"^.*\berror\b.*$", re.MULTILINE | re.IGNORECASE)


class Job(NamedTuple):
    """A program to compile for targets of one family."""

    family: Family
    targets: tuple[str, ...]
    program: Program


class Result(NamedTuple):
    """A kernel on a target: its usage, None if the program did not compile; and its problems."""

    family: str
    target: str
    label: str
    name: str
    group: int
    cases: list[str]
    usage: Usage | None
    problems: list[str]


def jobs(wanted: Sequence[str], devices: Sequence[DeviceClass] = DEVICES) -> list[Job]:
    """The work for these targets. Equal kernels of several classes of devices are compiled once for each target."""
    kernels: dict[tuple[str, tuple[str, ...]], dict[Source, Kernel]] = {}
    texts = {}
    for device in devices:
        targets = tuple(target for target in device.targets if target in wanted)
        if targets:
            # Programs also contain the facts about the device.
            key = device_text(device.capabilities), targets
            texts[key] = device.capabilities
            found = kernels.setdefault(key, {})
            for kernel in captured(device.capabilities):
                found.setdefault(kernel.source, kernel)
    return [
        Job(family, targets, program)
        for (text, targets), found in kernels.items()
        for family in FAMILIES
        if set(targets) <= set(family.targets)
        for program in programs([*found.values()], texts[text, targets])
    ]


def run(work: Sequence[Job], budgets: list[Budget]) -> list[Result]:
    """Compile everything, as many programs at a time as there are processors."""
    with TemporaryDirectory() as folder, ThreadPoolExecutor(os.cpu_count()) as pool:
        places = [Path(folder) / f"program{number}.cl" for number in range(len(work))]
        found = pool.map(lambda job, place: [*_results(job, place, budgets)], work, places)
        return [result for results in found for result in results]


def _results(job: Job, source: Path, budgets: list[Budget]) -> Iterator[Result]:
    source.write_text(job.program.text)
    kernels = job.program.kernels
    try:
        groups = {name: kernel.group for name, kernel in kernels.items()}
        compiled = job.family.compile_program(source, job.targets, groups)
    except CompileError as problem:
        said = "\n".join(_SAID.findall(str(problem))[:5]) or str(problem)[:1000]
        label = f"a program with {', '.join(sorted({kernel.label for kernel in kernels.values()}))}"
        for target in job.targets:
            yield Result(job.family.name, target, label, source.name, 0, [], None, [f"does not compile:\n{said}"])
        return
    for target, usages in compiled.items():
        for name, kernel in kernels.items():
            usage = usages.get(name)
            found = _judged(usage, target, budget_of(kernel.label, budgets))
            yield Result(job.family.name, target, kernel.label, name, kernel.group, kernel.cases, usage, found)


def _judged(usage: Usage | None, target: str, budget: Budget) -> list[str]:
    return ["is missing from what the compiler wrote"] if usage is None else problems(usage, target, budget)

"""`run.py gpu-check`: the budgets of kernels, what it says of kernels that fail and of compilers that are missing."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from tools.gpu_check import __main__ as command
from tools.gpu_check import check, install, needs
from tools.gpu_check.budgets import Budget, budget_of, problems, read_budgets
from tools.gpu_check.capture import captured, programs
from tools.gpu_check.check import Job, Result
from tools.gpu_check.devices import DEVICES
from tools.gpu_check.families import Family
from tools.gpu_check.needs import Need
from tools.gpu_check.report import markdown, problems_in, write_json
from tools.gpu_check.usage import CompileError, Usage, Usages

SMALL = Budget("*", nvidia=64, gcn=48, rdna=72, intel=16)
NVIDIA = DEVICES[0]


@pytest.mark.parametrize(
    ("target", "usage", "said"),
    [
        ("sm_80", Usage(64), []),
        ("sm_80", Usage(65), ["takes 65 registers, and its budget is 64"]),
        ("gfx900", Usage(49), ["takes 49 registers, and its budget is 48"]),
        ("gfx1030", Usage(49), []),
        ("gfx1100", Usage(73), ["takes 73 registers, and its budget is 72"]),
        ("dg2", Usage(lanes=16), []),
        ("dg2", Usage(lanes=8), ["computes 8 work-items together, and its budget is 16"]),
        ("sm_80", Usage(8, spilled=4, scratch=16), ["spills 4 bytes", "takes 16 bytes of private memory"]),
        ("spirv", Usage(), []),
    ],
)
def test_problems_of_a_kernel(target: str, usage: Usage, said: list[str]) -> None:
    assert problems(usage, target, SMALL) == said


def test_the_first_budget_that_fits_counts() -> None:
    rows = [SMALL._replace(kernels="matmul_tiles 128x128 *", nvidia=128), SMALL]
    assert budget_of("matmul_tiles 128x128 float", rows).nvidia == 128
    assert budget_of("matmul_tiles 64x64 float", rows).nvidia == 64
    with pytest.raises(LookupError, match=r"budgets\.toml has no budget for 'rows'"):
        budget_of("rows", rows[:1])


def test_every_budget_is_some_kernels() -> None:
    budgets = read_budgets()
    used = {budget_of(kernel.label, budgets) for kernel in captured(NVIDIA.capabilities)}
    assert used == {*budgets}


@pytest.fixture
def no_programs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A machine without any compiler."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(needs, "find_spec", lambda name: None)


def test_what_is_missing_is_named_with_the_command_that_brings_it(
    no_programs: None, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command.main([]) == 0
    said = capsys.readouterr().out
    for line in (
        "NOT RUN NVIDIA: clang is missing. Install it: apt-get install clang-19",
        "NOT RUN NVIDIA: ptxas is missing. Install it: ",
        "NOT RUN AMD: clang is missing",
        "NOT RUN Intel: ocloc is missing. Install it: apt-get install intel-opencl-icd",
        "NOT RUN SPIR-V: llvm-spirv is missing. Install it: apt-get install llvm-spirv-19 clang-19 or ",
        "NOT RUN SPIR-V: spirv-val is missing. Install it: apt-get install spirv-tools",
        "4 of 4 compilers not run",
    ):
        assert line in said
    assert "passed" not in said


def test_what_is_required_must_run(no_programs: None) -> None:
    assert command.main(["--require", "sm_80"]) == 1


def test_targets_by_name() -> None:
    assert command.chosen(["AMD", "sm_80"]) == ["sm_80", "gfx900", "gfx1030", "gfx1100"]
    with pytest.raises(SystemExit, match="no compiler or target is named sm_20"):
        command.chosen(["sm_20"])


def results_of(compile_program: object) -> list[Result]:
    """The results of the first kernels on a target with this compiler."""
    (program,) = programs(captured(NVIDIA.capabilities)[:3], NVIDIA.capabilities)
    family = Family("NVIDIA", ("sm_80",), (), compile_program)  # type: ignore[arg-type]
    return check.run([Job(family, ("sm_80",), program)], [SMALL])


def test_a_program_that_does_not_compile_fails() -> None:
    def refuse(source: Path, targets: Sequence[str], groups: Mapping[str, int]) -> dict[str, Usages]:
        raise CompileError("note\nkernels/matmul.cl:7:3: error: no such thing\nnote")

    (result,) = results_of(refuse)
    assert result.problems == ["does not compile:\nkernels/matmul.cl:7:3: error: no such thing"]
    assert "matmul_tiles" in result.label


def test_a_kernel_that_the_compiler_left_out_fails() -> None:
    found = results_of(lambda source, targets, groups: {"sm_80": {}})
    assert len(found) == 3
    assert {problem for one in found for problem in one.problems} == {"is missing from what the compiler wrote"}


def test_the_report_names_kernel_program_and_problem(tmp_path: Path) -> None:
    found = results_of(
        lambda source, targets, groups: {"sm_80": {name: Usage(100, local=512, occupancy=25) for name in groups}}
    )
    said = problems_in(found)
    assert len(said) == 3
    assert "as in 'product" in said[0]
    assert "takes 100 registers, and its budget is 64" in said[0]
    table = markdown(found)
    assert "| 512 | 100 registers, 25 % (1 fail) |" in table
    write_json(found, ["NOT RUN Intel"], tmp_path / "found.json")
    written = json.loads((tmp_path / "found.json").read_text())
    assert written["not_run"] == ["NOT RUN Intel"]
    assert {row["usage"]["registers"] for row in written["results"]} == {100}


def test_a_compiler_without_numbers_gets_a_line_instead_of_a_table() -> None:
    found = results_of(lambda source, targets, groups: {"sm_80": dict.fromkeys(groups, Usage())})
    assert "NVIDIA: 3 kernels, of which none fail." in markdown(found)
    assert "|" not in markdown(found)


def test_installing_removes_no_package(monkeypatch: pytest.MonkeyPatch) -> None:
    ran: list[list[str]] = []
    monkeypatch.setattr(install.shutil, "which", lambda name: f"/usr/bin/{name}")
    monkeypatch.setattr(install, "is_root", lambda: True)
    monkeypatch.setattr(install, "is_offered", lambda package: not package.endswith("-15"))
    monkeypatch.setattr(install.subprocess, "run", lambda command, check: ran.append(command))
    packages = (("libclc-15",), ("libclc-19", "clang-19"))
    install.install([Need("a", lambda: None, packages), Need("b", lambda: None, wheel="ptxas==1")])
    update, packages_installed, wheel_installed = ran
    assert update[:2] == ["apt-get", "update"]
    assert "--no-remove" in packages_installed
    assert packages_installed[-2:] == ["libclc-19", "clang-19"]
    assert wheel_installed[-2:] == ["--quiet", "ptxas==1"]

"""`run.py` and what it does before clgrad is installed: on old Pythons, other systems, and half-made environments."""

from __future__ import annotations

import ast
import re
import sys
from pathlib import Path

import pytest

import run
from tests.processes import ROOT
from tools import commands, environment, oclgrind
from tools.environment import Environment, SetupError

NEWER_THAN_PYTHON_2 = (
    ast.AnnAssign, ast.AsyncFunctionDef, ast.JoinedStr, ast.NamedExpr, ast.Nonlocal, ast.Starred, ast.YieldFrom,
)  # fmt: skip


def test_run_has_only_syntax_that_old_pythons_read() -> None:
    nodes = list(ast.walk(ast.parse((ROOT / "run.py").read_text())))
    assert [node for node in nodes if isinstance(node, NEWER_THAN_PYTHON_2)] == []
    functions = [node for node in nodes if isinstance(node, ast.FunctionDef)]
    assert functions
    for one in functions:
        assert one.returns is None
        assert one.args.kwonlyargs == []
        assert all(argument.annotation is None for argument in one.args.args)


@pytest.fixture
def old_python(monkeypatch: pytest.MonkeyPatch) -> None:
    """An interpreter that is too old."""
    monkeypatch.setattr(sys, "version_info", (3, 8, 18, "final", 0))


def test_an_old_python_says_so_where_there_is_no_newer_one(
    old_python: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert run.start(["demo"]) == 1
    assert re.search(r"clgrad needs Python 3\.10 or newer, and .* is Python 3\.8\.18", capsys.readouterr().err)


@pytest.mark.skipif(sys.platform == "win32", reason="a symbolic link stands for the newer Python")
def test_an_old_python_hands_over_to_a_newer_one(
    old_python: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "python3.12").symlink_to(sys.executable)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert run.start(["help"]) == 0
    assert "demo " in capfd.readouterr().out


def test_every_command_is_a_target_of_make() -> None:
    (targets,) = re.findall(r"^\.PHONY: (.*)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert set(targets.split()) == set(commands.COMMANDS)


def test_the_readmes_commands_exist_and_continuous_integration_runs_its_test() -> None:
    first, second = re.findall(r"^python3 run\.py (\w+)", (ROOT / "README.md").read_text(), re.MULTILINE)[:2]
    assert {first, second} <= set(commands.COMMANDS)
    assert f"\npython3 run.py {second}\n" in (ROOT / ".ci/run").read_text()


def test_help_lists_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert commands.main([]) == 0
    listed = re.findall(r"^  ([\w-]+) +\w", capsys.readouterr().out, re.MULTILINE)
    assert listed == list(commands.COMMANDS)


@pytest.mark.parametrize(
    ("platform", "python"), [("win32", "Scripts/python.exe"), ("darwin", "bin/python"), ("linux", "bin/python")]
)
def test_the_python_of_an_environment(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, platform: str, python: str
) -> None:
    monkeypatch.setattr(sys, "platform", platform)
    assert Environment(tmp_path).python == tmp_path / python


@pytest.fixture
def executed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[list[str]]:
    """What would be run, in a checkout that holds pyproject.toml alone."""
    ran: list[list[str]] = []

    def execute(command: list[str], variables: object = None) -> None:
        ran.append(command)
        if "venv" in command:
            made = Environment(Path(command[-1]))
            made.programs.mkdir(parents=True)
            made.python.touch()
            (made.folder / "pyvenv.cfg").touch()

    checkout = tmp_path / "checkout"
    checkout.mkdir()
    (checkout / "pyproject.toml").write_text("[project]")
    monkeypatch.setattr(environment, "ROOT", checkout)
    monkeypatch.setattr(environment, "execute", execute)
    monkeypatch.setattr(environment, "answers", lambda command: True)
    return ran


def test_a_second_run_installs_nothing_unless_the_project_file_changed(
    executed: list[list[str]], tmp_path: Path
) -> None:
    def installed() -> int:
        executed.clear()
        Environment(tmp_path / "environment").install("cpu,test", "clgrad")
        return sum("install" in command for command in executed)

    assert [installed(), installed()] == [1, 0]
    (environment.ROOT / "pyproject.toml").write_text("[project]\nname = 'other'")
    assert [installed(), installed()] == [1, 0]


def test_each_set_of_extras_is_installed_once(executed: list[list[str]], tmp_path: Path) -> None:
    for extras in ("cpu,test", "cpu,bench", "cpu,test"):
        Environment(tmp_path / "environment").install(extras, "clgrad")
    assert [command[-1] for command in executed if "install" in command] == [".[cpu,test]", ".[cpu,bench]"]


def test_an_environment_without_its_python_is_made_anew(executed: list[list[str]], tmp_path: Path) -> None:
    one = Environment(tmp_path / "environment")
    one.install("cpu,test", "clgrad")
    one.python.unlink()
    one.install("cpu,test", "clgrad")
    assert sum("venv" in command for command in executed) == 2


def test_a_folder_with_other_things_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("mine")
    with pytest.raises(SetupError, match="is not a Python environment"):
        environment.create_environment(tmp_path)
    assert (tmp_path / "letter.txt").exists()


def test_without_venv_the_error_names_the_command_that_brings_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(environment, "find_spec", lambda name: None)
    monkeypatch.setattr(environment.shutil, "which", lambda name, path=None: "/usr/bin/apt-get" * (name == "apt-get"))
    monkeypatch.setattr(sys, "executable", "/usr/bin/python3")
    assert commands.main(["--environment", str(tmp_path / "environment"), "demo"]) == 1
    assert re.search(r"^  (sudo )?apt-get install python3-venv$", capsys.readouterr().err, re.MULTILINE)


def test_a_python_beside_the_systems_has_a_package_of_its_own_version(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/usr/bin/python-of-another-version")
    assert environment.debian_command() == f"apt-get install python3.{sys.version_info.minor}-venv"


@pytest.mark.parametrize(("pocl", "given", "chosen"), [(True, "", "portable"), (True, "gpu", None), (False, "", None)])
def test_the_suite_runs_on_a_system_pocl_unless_told_otherwise(
    monkeypatch: pytest.MonkeyPatch, pocl: bool, given: str, chosen: str | None
) -> None:
    monkeypatch.setenv("CLGRAD_DEVICE", given)
    assert commands.test_variables(pocl).get("CLGRAD_DEVICE") == chosen


def test_arguments_go_to_the_program(monkeypatch: pytest.MonkeyPatch) -> None:
    received: list[list[str]] = []
    monkeypatch.setitem(commands.COMMANDS, "pytest", lambda environment, arguments: received.append(arguments))
    assert commands.main(["pytest", "-k", "softmax", "--maxfail=1"]) == 0
    assert received == [["-k", "softmax", "--maxfail=1"]]


def test_errors_that_oclgrind_logs_are_failures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one = Environment(tmp_path)
    log = tmp_path / "oclgrind-gpu.log"
    monkeypatch.setattr(Environment, "run", lambda *_, **__: log.write_text("Read-write data race at local memory"))
    with pytest.raises(SetupError, match="data race"):
        oclgrind.check_kernels(one, tmp_path / "a/b/c/library.so", "gpu")


def test_the_tools_use_the_standard_library_alone() -> None:
    """Except for the checks of kernels, which `run.py` starts inside of the environment."""
    imported = set()
    files = [file for file in (ROOT / "tools").rglob("*.py") if not {"gpu_check", "memory_check"} & {*file.parts}]
    assert files
    for file in files:
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Import):
                imported |= {name.name.partition(".")[0] for name in node.names}
            elif isinstance(node, ast.ImportFrom):
                imported.add(str(node.module).partition(".")[0])
    assert imported - sys.stdlib_module_names == {"tools"}

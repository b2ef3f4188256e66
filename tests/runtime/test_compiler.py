"""Programs: their text, what is built once and shared, and what a refused one says."""

from __future__ import annotations

import linecache
from collections.abc import Iterator
from pathlib import Path

import numpy
import pytest

from clgrad.errors import BuildError
from clgrad.runtime import programs, shared_files
from clgrad.runtime.build_log import build_error, places
from clgrad.runtime.compiler import Compiler
from clgrad.runtime.device import Device, devices
from clgrad.runtime.disk_cache import DiskCache
from clgrad.runtime.inspection import read_capabilities
from clgrad.runtime.pocl_cache import keeps_programs
from clgrad.runtime.program_text import preamble
from clgrad.runtime.shared_files import KERNEL_DIRECTORY, SHARED_FILES, kernel_text
from clgrad.runtime.statistics import statistics
from clgrad.sources import KernelSource
from tests.processes import output_of, run

MAP = """// Writes EXPRESSION of each element.
#ifndef KERNEL
#define KERNEL(n) n
#define ENTRY_map 1
#define ENTRY_add 1
#define EXPRESSION x      // of x
#endif
#ifdef ENTRY_map
kernel void KERNEL(map)(global float *values) {
    float x = values[get_global_id(0)];
    values[get_global_id(0)] = EXPRESSION;
}
#endif
#ifdef ENTRY_add
kernel void KERNEL(add)(global float *values, float amount) { values[get_global_id(0)] += amount + SHARED; }
#endif
"""


@pytest.fixture(autouse=True)
def kernel_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    folder = tmp_path / "cl_kernels"
    (folder / "functions").mkdir(parents=True)
    (folder / "kernels").mkdir()
    (folder / "functions/common.cl").write_text("#define SHARED 100.0f\n")
    (folder / "functions/halves.cl").write_text("static inline float half_of(float x) { return x / 2; }\n")
    (folder / "kernels/map.cl").write_text(MAP)
    monkeypatch.setattr(shared_files, "KERNEL_DIRECTORY", folder)
    monkeypatch.setattr(shared_files, "FUNCTION_FILES", ("functions/halves.cl",))
    monkeypatch.setattr(shared_files, "SHARED_FILES", ("functions/common.cl", "functions/halves.cl"))
    forget_files()
    yield folder
    forget_files()


def forget_files() -> None:
    kept_texts = kernel_text, shared_files.shared_text_hash, shared_files.shared_macros, shared_files.shared_pieces
    for kept in kept_texts:
        kept.cache_clear()


@pytest.fixture(params=devices(), ids=str)
def device(request: pytest.FixtureRequest) -> Device:
    found: Device = request.param
    return found


@pytest.fixture
def compiler(device: Device, tmp_path: Path) -> Compiler:
    """A compiler that has nothing in memory or on disk."""
    return fresh_compiler(device, tmp_path)


def fresh_compiler(device: Device, folder: Path) -> Compiler:
    cache = DiskCache(folder / "programs", 1 << 24)
    return Compiler(device.context, device.cl, device.capabilities, cache)


def mapped(expression: str) -> KernelSource:
    return KernelSource("map.cl", "map", (("EXPRESSION", expression),))


ADD = KernelSource("map.cl", "add")


def result_of(device: Device, compiler: Compiler, source: KernelSource, *arguments: object) -> list[float]:
    values = numpy.arange(4, dtype="float32")
    buffer = device.memory.allocate(values.nbytes)
    device.queue.write(buffer, 0, values)
    kernel = compiler.kernels([source])[0].instantiate()
    kernel.set_args(buffer.cl, *arguments)
    device.queue.launch(kernel, (4,), (1,))
    device.queue.read(buffer, 0, values)
    found: list[float] = values.tolist()
    return found


def test_defines_specialise_a_kernel(device: Device, compiler: Compiler) -> None:
    assert result_of(device, compiler, mapped("x * 3")) == [0, 3, 6, 9]
    assert result_of(device, compiler, mapped("half_of(x)")) == [0, 0.5, 1, 1.5]
    assert result_of(device, compiler, mapped("x\n+ 1\n+ 1")) == [2, 3, 4, 5]
    assert result_of(device, compiler, ADD, numpy.float32(1)) == [101, 102, 103, 104]


COUNTED = ("builds", "kernels_built", "disk_cache_hits")


def counts_of(compiler: Compiler, *sources: KernelSource) -> tuple[float, ...]:
    """How many builds, built kernels and programs from the disk it takes to get these kernels."""
    before = statistics()
    compiler.kernels(sources)
    now = statistics()
    return tuple(now[name] - before[name] for name in COUNTED)


def test_all_missing_kernels_are_one_program(compiler: Compiler) -> None:
    sources = [mapped(f"x + {number}") for number in range(5)] + [ADD]
    before = statistics()
    first = compiler.kernels(sources)
    assert [kernel.source for kernel in first] == sources
    assert statistics()["build_seconds"] > before["build_seconds"]
    assert counts_of(compiler, *sources, mapped("x + 5"), mapped("x + 6")) == (1, 2, 0)
    again = compiler.kernels([sources[3], mapped("x + 3"), ADD])
    assert again == [first[3], first[3], first[5]]


def test_kernels_are_on_disk_one_by_one(device: Device, tmp_path: Path) -> None:
    """Whatever they were built together with; what is new is built, alone, and a program is loaded once."""
    one, two, three, four = (mapped(f"x * {number}") for number in range(2, 6))
    assert counts_of(fresh_compiler(device, tmp_path), one, ADD, two) == (1, 3, 0)
    later = fresh_compiler(device, tmp_path)
    assert counts_of(later, two, ADD) == (0, 0, 1), "neither number nor order of the kernels matters"
    assert counts_of(later, three, two) == (1, 1, 0)
    assert counts_of(later, one) == (0, 0, 0), "its program is here already"
    last = fresh_compiler(device, tmp_path)
    assert counts_of(last, one, two, three, four, ADD) == (1, 1, 2)
    assert counts_of(fresh_compiler(device, tmp_path), one, two, three, four, ADD) == (0, 0, 3)
    assert [result_of(device, last, source)[1] for source in (one, two, three, four)] == [2, 3, 4, 5]


def test_other_shared_functions_make_other_kernels(device: Device, kernel_files: Path, tmp_path: Path) -> None:
    source = mapped("half_of(x)")
    assert result_of(device, fresh_compiler(device, tmp_path), source) == [0, 0.5, 1, 1.5]
    (kernel_files / "functions/halves.cl").write_text("static inline float half_of(float x) { return x / 4; }\n")
    forget_files()
    assert result_of(device, fresh_compiler(device, tmp_path), source) == [0, 0.25, 0.5, 0.75]


def test_a_kernel_of_a_program_that_is_gone_is_built_again(device: Device, tmp_path: Path) -> None:
    sources = [mapped("x + 7"), ADD]
    assert counts_of(fresh_compiler(device, tmp_path), *sources) == (1, 2, 0)
    largest = max((tmp_path / "programs").glob("*.entry"), key=lambda file: file.stat().st_size)
    largest.unlink()
    assert counts_of(fresh_compiler(device, tmp_path), sources[0]) == (1, 1, 0)
    assert counts_of(fresh_compiler(device, tmp_path), *sources) == (1, 1, 1)
    assert counts_of(fresh_compiler(device, tmp_path), *sources) == (0, 0, 2)


@pytest.mark.parametrize("keeps", [False, True])
def test_drivers_with_a_cache_of_their_own_are_not_asked_for_binaries(
    device: Device, tmp_path: Path, keeps: bool
) -> None:
    """PoCL would generate all code once more for one; it finds the text in its own cache."""
    if device.capabilities.keeps_programs and not keeps:
        pytest.skip("not run: takes PoCL twice the time")
    capabilities = device.capabilities._replace(keeps_programs=keeps)
    cache = DiskCache(tmp_path / "programs", 1 << 24)
    sources = [mapped("x + 8"), ADD]
    for counts in ((1, 2, 0), (0, 0, 1)):
        compiler = Compiler(device.context, device.cl, capabilities, cache)
        assert counts_of(compiler, *sources) == counts
        assert result_of(device, compiler, ADD, numpy.float32(1)) == [101, 102, 103, 104]
    texts = [file for file in cache.folder.glob("*.entry") if b"#define VECTOR_WIDTH" in file.read_bytes()]
    assert len(texts) == keeps


def test_pocl_keeps_programs_unless_it_is_told_not_to(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("POCL_KERNEL_CACHE", raising=False)
    assert keeps_programs("Portable Computing Language")
    assert not keeps_programs("Intel(R) OpenCL")
    monkeypatch.setenv("POCL_KERNEL_CACHE", "0")
    assert not keeps_programs("Portable Computing Language")


def test_kernel_objects_have_their_own_arguments(device: Device, compiler: Compiler) -> None:
    kernel = compiler.kernels([ADD])[0]
    one, two = kernel.instantiate(), kernel.instantiate()
    buffer = device.memory.allocate(16)
    device.queue.write(buffer, 0, numpy.zeros(4, "float32"))
    one.set_args(buffer.cl, numpy.float32(1))
    two.set_args(buffer.cl, numpy.float32(10))
    for launched in (one, two, one):
        device.queue.launch(launched, (4,), (1,))
    out = numpy.zeros(4, "float32")
    device.queue.read(buffer, 0, out)
    assert out.tolist() == [312] * 4
    assert kernel.max_group_size() >= 1


def test_more_kernel_objects_need_no_more_python_code(device: Device, compiler: Compiler) -> None:
    """pyopencl keeps what it writes for a kernel object in `linecache`; with many objects, new ones took longer."""
    first, *others = compiler.kernels([mapped("x"), mapped("x + 1"), mapped("x + 2")])
    first.instantiate()
    before = set(linecache.cache)
    objects = [kernel.instantiate() for kernel in others for _ in range(10)]
    assert len(objects) == 20
    assert set(linecache.cache) == before


def test_kernels_that_share_functions_are_called_as_pyopencl_does(device: Device, compiler: Compiler) -> None:
    """Also where the types of the arguments are declared, which changes the functions."""
    one, two, typed = (kernel.instantiate() for kernel in compiler.kernels([ADD, ADD, ADD]))
    typed.set_arg_types([None, numpy.float32])
    buffer = device.memory.allocate(16)
    device.queue.write(buffer, 0, numpy.zeros(4, "float32"))
    one(device.queue.cl, (4,), (1,), buffer.cl, numpy.float32(1))
    two(device.queue.cl, (4,), (1,), buffer.cl, numpy.float32(10))
    typed(device.queue.cl, (4,), (1,), buffer.cl, 20)
    with pytest.raises(TypeError, match="argument"):
        one(device.queue.cl, (4,), (1,), buffer.cl)
    out = numpy.zeros(4, "float32")
    device.queue.read(buffer, 0, out)
    assert out.tolist() == [331] * 4


def test_names_are_the_same_in_every_process() -> None:
    code = "from clgrad.sources import KernelSource; print(KernelSource('a', 'b').kernel_name)"
    assert output_of(code) == KernelSource("a", "b").kernel_name
    different = ((), (("c", "d"),), (("cd", ""),))
    assert len({KernelSource("a", "b", defines).suffix for defines in different}) == 3


def test_the_preamble_says_what_the_device_can_do(device: Device) -> None:
    text = preamble(device.capabilities, "half_of(x)")
    assert "#pragma OPENCL FP_CONTRACT OFF\n" in text
    assert f"#define VECTOR_WIDTH {device.capabilities.vector_width}\n" in text
    assert ("#define HAS_FP64 1\n" in text) == device.capabilities.fp64
    assert text.index('#line 1 "functions/common.cl"') < text.index('#line 1 "functions/halves.cl"')
    shaped = preamble(read_capabilities(device.cl, "gpu"), "")
    assert "#define GPU_SHAPE 1\n" in shaped
    assert "#define VECTOR_WIDTH 1\n" in shaped


def test_a_refused_kernel_names_file_line_and_expression(compiler: Compiler) -> None:
    with pytest.raises(BuildError) as caught:
        compiler.kernels([mapped("x"), mapped("undefined_name(x)"), ADD])
    message = str(caught.value)
    assert "kernels/map.cl:11: " in message.splitlines()[0]
    assert "undefined_name" in message.splitlines()[0]
    assert "kernels/map.cl:11: values[get_global_id(0)] = EXPRESSION;" in message
    assert "--- build log ---" in message


@pytest.fixture
def careless(kernel_files: Path) -> KernelSource:
    """A kernel that compilers warn of."""
    (kernel_files / "kernels/careless.cl").write_text(
        "// Warns of itself, on purpose and always.\n#warning careless\n"
        "kernel void KERNEL(careless)(global int *p) { p[0] = 1; }\n"
    )
    return KernelSource("careless.cl", "careless")


def test_a_warning_fails_the_tests(compiler: Compiler, careless: KernelSource) -> None:
    if programs.WARNINGS != "-Werror":
        pytest.skip("not run: this driver's compiler warns of every wide vector, whatever it is told")
    with pytest.raises(BuildError, match="careless"):
        compiler.kernels([careless])


def test_users_see_no_warnings(
    compiler: Compiler, careless: KernelSource, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("clgrad.runtime.programs.WARNINGS", "-w")
    compiler.kernels([careless])
    assert capfd.readouterr() == ("", "")


def test_who_debugs_sees_warnings(
    compiler: Compiler, careless: KernelSource, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("clgrad.runtime.programs.WARNINGS", "")
    compiler.kernels([careless])
    assert "careless" in capfd.readouterr().err


def test_users_see_nothing_of_a_build() -> None:
    code = "from clgrad import np; np.ones(3).wait_to_read()"
    done = run("-c", code, CLGRAD_CACHE_LIMIT="0")
    assert (done.stdout, done.stderr) == ("", "")


def test_debugging_asks_for_warnings() -> None:
    code = "from clgrad.runtime import programs; print(repr(programs.WARNINGS))"
    assert output_of(code) == "'-w'"
    assert output_of(code, CLGRAD_DEBUG="1") == "''"


def test_after_a_refusal_the_others_still_build(device: Device, compiler: Compiler) -> None:
    with pytest.raises(RuntimeError):
        compiler.kernels([mapped("(x"), ADD])
    assert result_of(device, compiler, ADD, numpy.float32(0)) == [100, 101, 102, 103]


def test_a_kernel_that_its_file_does_not_have_is_a_clear_error(compiler: Compiler) -> None:
    with pytest.raises(BuildError, match="absent_"):
        compiler.kernels([KernelSource("map.cl", "absent")])


TEXT = 'int a;\n#line 1 "functions/common.cl"\nint b;\nint c;\n#line 5 "kernels/map.cl"\nint d;\nint e;'


def test_lines_are_mapped_to_files() -> None:
    assert [f"{place.file}:{place.line}" for place in places(TEXT)] == [
        "program:1", "program:2", "functions/common.cl:1", "functions/common.cl:2", "functions/common.cl:3",
        "kernels/map.cl:5", "kernels/map.cl:6",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "log",
    [
        "kernels/map.cl:6:3: error: bad e\n    int e;",
        "Compilation started\nkernels/map.cl:6:3: fatal error: bad e\nCompilation failed",
        "error: kernels/map.cl:6:3: bad e\nDevice X failed to build the program",
        "input.cl:7:3: error: bad e",
        "<kernel>:7:3: error: bad e\nint e;\n  ^",
        "/tmp/OCL123.cl:7: error: bad e",
    ],
)
def test_logs_of_all_compilers_are_understood(log: str) -> None:
    first, place, *_ = str(build_error("device", TEXT, "BUILD_PROGRAM_FAILURE", log)).splitlines()
    assert first == "a program does not build on device: kernels/map.cl:6: bad e"
    assert place.strip() == "kernels/map.cl:6: int e;"


def test_a_log_without_a_place_is_shown_whole() -> None:
    message = str(build_error("device", TEXT, "it failed", "error: unknown target CPU 'generic'\n"))
    assert message.endswith("it failed\n--- build log ---\nerror: unknown target CPU 'generic'")
    assert "(the driver gave no log)" in str(build_error("device", TEXT, "it failed", ""))


def test_the_kernels_of_the_project_are_found() -> None:
    assert len(list(KERNEL_DIRECTORY.glob("*/*.cl"))) > len(SHARED_FILES)
    for file in SHARED_FILES:
        assert (KERNEL_DIRECTORY / file).is_file()

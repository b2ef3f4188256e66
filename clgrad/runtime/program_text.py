"""The text of programs: the defines of the device, the shared files, and each kernel between its defines."""

from __future__ import annotations

from collections.abc import Sequence

from clgrad.capabilities import Capabilities
from clgrad.runtime.shared_files import numbered, shared_text
from clgrad.sources import JointSource, KernelSource, Source


def device_text(capabilities: Capabilities) -> str:
    """The beginning of every program: pragmas, and the device's capabilities as defines."""
    lines = ["#pragma OPENCL FP_CONTRACT OFF"]
    if capabilities.fp64:
        lines += ["#pragma OPENCL EXTENSION cl_khr_fp64 : enable", "#define HAS_FP64 1"]
    if capabilities.fma:
        lines += ["#define HAS_FMA 1"]
    lines.append(f"#define VECTOR_WIDTH {capabilities.vector_width}")
    lines.append(f"#define GPU_SHAPE {int(capabilities.kernel_shape == 'gpu')}")
    return "\n".join(lines)


def preamble(capabilities: Capabilities, kernels: str) -> str:
    """The text before the kernels: the device's text, and the pieces of shared files that the kernels need."""
    return f"{device_text(capabilities)}\n{shared_text(kernels)}"


def program_text(capabilities: Capabilities, sources: Sequence[Source]) -> str:
    """The text of a program with these kernels."""
    kernels = "\n".join(text_of(source) for source in sources)
    return f"{preamble(capabilities, kernels)}\n{kernels}\n"


def text_of(source: Source) -> str:
    """The text of a kernel; of several parts, the functions and the kernel that calls them."""
    return _specialised(source) if isinstance(source, KernelSource) else _joint(source)


def _specialised(source: KernelSource) -> str:
    """The file between the defines of this kernel and their removal."""
    defines = (f"ENTRY_{source.name}", "1"), ("KERNEL(n)", f"n##_{source.suffix}"), *source.defines
    lines = [f"#define {name} {_continued(text)}" for name, text in defines]
    removals = [f"#undef {name.partition('(')[0]}" for name, _ in defines]
    return "\n".join((f'#line 1 "{source.kernel_name}.defines"', *lines, numbered(f"kernels/{source.file}"), *removals))


def _continued(text: str) -> str:
    return text.replace("\n", " \\\n")


def _joint(source: JointSource) -> str:
    functions = [_once(part) for part in dict.fromkeys(part.source for part in source.parts)]
    parameters: list[str] = []
    calls: list[str] = []
    for number, part in enumerate(source.parts):
        own = [f"{declaration}_{number}" for declaration in part.parameters]
        parameters += [*own, f"const long items_{number}"]
        given = ", ".join(declaration.split()[-1].lstrip("*") for declaration in own)
        call = f"{part.source.kernel_name}({given}, item, items_{number})"
        calls.append(f"    if (item < items_{number}) {{ {call}; return; }}\n    item -= items_{number};")
    head = f"LOOP_KERNEL void {source.kernel_name}({', '.join(parameters)}) {{\n    long item = get_global_id(0);"
    return "\n".join((*functions, f'#line 1 "{source.kernel_name}"', head, *calls, "}"))


def _once(source: KernelSource) -> str:
    """The text of a function, guarded so that a program has it once although several kernels need it."""
    guard = f"HAS_{source.kernel_name}"
    return f"#ifndef {guard}\n#define {guard}\n{text_of(source)}\n#endif"

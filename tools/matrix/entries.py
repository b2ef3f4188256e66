"""The rows of the matrix: each has a system, a Python, settings that choose a driver, and the tests to run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Part:
    """Some files of tests/, and the reason for this choice."""

    files: tuple[str, ...] | None
    """None for the whole suite"""
    reason: str = ""


@dataclass(frozen=True)
class System:
    """A Debian system that is made in a folder. Without a `suite` (Debian's release), it is the machine itself."""

    name: str
    title: str
    suite: str = ""
    packages: tuple[str, ...] = ()


@dataclass(frozen=True)
class Entry:
    """One row."""

    name: str
    system: System
    python: str
    part: Part
    variables: Mapping[str, str] = field(default_factory=dict)


HERE = System("here", "this machine")
DRIVERS = ("pocl-opencl-icd", "mesa-opencl-icd")
BASE = ("python3", "python3-venv", "ca-certificates")
TRIXIE = System("trixie", "Debian 13", "trixie", (*BASE, *DRIVERS))
SID = System("sid", "Debian sid", "sid", (*BASE, "python3.15", "python3.15-venv", *DRIVERS))
FRESH_12 = System("minimal-bookworm", "Debian 12 with Python alone", "bookworm", BASE)
FRESH_13 = System("minimal-trixie", "Debian 13 with Python alone", "trixie", BASE)

WHOLE = Part(None)
# The tests of every kernel, of every scalar function, and of the use of drivers.
DRIVER = Part(
    ("runtime/test_smoke.py", "runtime/test_device.py", "runtime/test_queue.py", "cl_kernels/test_tiny_kernels.py",
     "cl_kernels/test_functions.py", "cl_kernels/test_kernel_files.py", "kernels/test_matmul.py",
     "autograd/test_autograd.py", "autograd/test_seed_chapter.py"),
    "the files that test every kernel and scalar function, and the use of drivers; the other files do not depend on "
    "the driver",
)  # fmt: skip
# Mesa's software rasteriser compiles and runs ten times slower than the other drivers.
SLOW_DRIVER = Part(
    ("runtime/test_smoke.py", "runtime/test_device.py", "runtime/test_queue.py", "cl_kernels/test_tiny_kernels.py",
     "autograd/test_seed_chapter.py"),
    "the files that test every kernel and the use of drivers; this driver takes ten times as long as the others",
)  # fmt: skip
# The tests of reference counts, weak references, threads, processes, imports and warnings.
PYTHON = Part(
    ("runtime/test_smoke.py", "runtime/test_memory.py", "runtime/test_disk_cache.py", "array/test_array.py",
     "array/test_placement.py", "array/test_interop.py", "array/test_threads.py", "autograd/test_autograd.py",
     "autograd/test_function.py", "autograd/test_in_place.py", "autograd/test_tape.py",
     "autograd/test_seed_chapter.py", "graph/test_taking_over.py", "numpy/test_public_names.py",
     "numpy_extension/test_files.py", "project/test_run.py", "project/test_documents.py"),
    "the files that depend on the Python version more than on kernels",
)  # fmt: skip

INTEL = {"CLGRAD_DEVICE": "intel"}
POCL = {"CLGRAD_DEVICE": "portable"}
RUSTICL = {
    "CLGRAD_DEVICE": "rusticl", "RUSTICL_ENABLE": "llvmpipe", "OCL_ICD_VENDORS": "/etc/OpenCL/vendors/rusticl.icd",
}  # fmt: skip
GPU_SHAPE = {"CLGRAD_KERNEL_SHAPE": "gpu"}

ENTRIES = (
    Entry("intel", HERE, "python3", WHOLE, INTEL),
    Entry("intel-gpu-shape", HERE, "python3", DRIVER, INTEL | GPU_SHAPE),
    *(Entry(f"intel-width-{width}", HERE, "python3", DRIVER, INTEL | {"CLGRAD_VECTOR_WIDTH": width})
      for width in ("4", "8", "16")),
    *(Entry(f"intel-{processor}", HERE, "python3", DRIVER, INTEL | {"CL_CONFIG_CPU_TARGET_ARCH": processor})
      for processor in ("core-avx2", "corei7")),
    Entry("pocl", HERE, "python3", WHOLE, POCL),
    Entry("pocl-gpu-shape", HERE, "python3", DRIVER, POCL | GPU_SHAPE),
    Entry("rusticl", HERE, "python3", SLOW_DRIVER, RUSTICL),
    *(Entry(f"python3.{minor}", HERE, f"python3.{minor}", PYTHON, INTEL) for minor in (10, 12, 13, 14)),
    Entry("trixie-pocl", TRIXIE, "python3", DRIVER, POCL),
    Entry("trixie-pocl-gpu-shape", TRIXIE, "python3", DRIVER, POCL | GPU_SHAPE),
    Entry("trixie-python", TRIXIE, "python3", PYTHON, POCL),
    Entry("trixie-rusticl", TRIXIE, "python3", SLOW_DRIVER, RUSTICL),
    Entry("trixie-rusticl-gpu", TRIXIE, "python3", SLOW_DRIVER, RUSTICL | {"RUSTICL_DEVICE_TYPE": "gpu"}),
    Entry("sid-pocl", SID, "python3", DRIVER, POCL),
    Entry("sid-rusticl-gpu", SID, "python3", SLOW_DRIVER, RUSTICL | {"RUSTICL_DEVICE_TYPE": "gpu"}),
    Entry("sid-python", SID, "python3", PYTHON, POCL),
    Entry("sid-newest-python", SID, "python3.15", PYTHON, POCL),
    Entry("sid-free-threaded", SID, "python3.14t", PYTHON, POCL),
    Entry("minimal-bookworm", FRESH_12, "python3", PYTHON, INTEL),
    Entry("minimal-trixie", FRESH_13, "python3", PYTHON, INTEL),
)  # fmt: skip

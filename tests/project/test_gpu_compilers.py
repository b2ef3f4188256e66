"""The resources of kernels, read from short samples of the output of the compilers that `run.py gpu-check` calls."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tools.gpu_check import amd, intel, nvidia
from tools.gpu_check.usage import CompileError, Usage, output_of

PTXAS = """\
ptxas info    : 0 bytes gmem, 680 bytes cmem[3]
ptxas info    : Compiling entry function 'rows_d1' for 'sm_80'
ptxas info    : Function properties for rows_d1
    0 bytes stack frame, 0 bytes spill stores, 0 bytes spill loads
ptxas info    : Used 39 registers, used 1 barriers, 2048 bytes smem, 456 bytes cmem[0]
ptxas info    : Compile time = 19.956 ms
ptxas info    : Compiling entry function 'matmul_tiles_a3' for 'sm_80'
ptxas info    : Function properties for matmul_tiles_a3
    48 bytes stack frame, 40 bytes spill stores, 44 bytes spill loads
ptxas info    : Used 255 registers, used 1 barriers, 33792 bytes smem, 520 bytes cmem[0]
ptxas info    : Compile time = 219.956 ms
"""


def test_ptxas() -> None:
    found = nvidia.usages(PTXAS, "sm_80", {"rows_d1": 128, "matmul_tiles_a3": 256})
    assert found == {
        "rows_d1": Usage(39, spilled=0, scratch=0, local=2048, occupancy=75),
        "matmul_tiles_a3": Usage(255, spilled=44, scratch=48, local=33792, occupancy=12),
    }


@pytest.mark.parametrize(
    ("target", "registers", "local", "group", "percent"),
    [
        ("sm_80", 32, 0, 256, 100),
        ("sm_80", 33, 0, 256, 75),  # registers are given out in steps of eight
        ("sm_80", 64, 0, 256, 50),
        ("sm_75", 64, 0, 256, 100),  # as many registers for half as many warps
        ("sm_80", 32, 48 << 10, 256, 37),  # three groups fit the local memory
        ("sm_80", 32, 0, 16, 50),  # half-empty warps, of which there are as many as groups
        ("sm_90", 168, 16 << 10, 256, 12),
    ],
)
def test_occupancy_of_nvidia(target: str, registers: int, local: int, group: int, percent: int) -> None:
    assert nvidia.occupancy(target, registers, local, group) == percent


AMD = """\
\t.amdhsa_kernel columns_04
\t\t.amdhsa_group_segment_fixed_size 0
\t.end_amdhsa_kernel
; Kernel info:
; codeLenInByte = 412
; NumSgprs: 20
; NumVgprs: 11
; ScratchSize: 0
; LDSByteSize: 0 bytes/workgroup (compile time only)
; NumVGPRsForWavesPerEU: 11
; Occupancy: 10
; WaveLimiterHint : 0
\t.amdhsa_kernel matmul_tiles_a3
\t\t.amdhsa_group_segment_fixed_size 33792
\t.end_amdhsa_kernel
; Kernel info:
; NumSgprs: 42
; NumVgprs: 256
; ScratchSize: 472
; LDSByteSize: 33792 bytes/workgroup (compile time only)
; Occupancy: 1
amdhsa.kernels:
  - .args:
      - .name:           p0
        .offset:         0
    .name:           columns_04
    .vgpr_count:     11
    .vgpr_spill_count: 0
  - .args:
      - .name:           a
        .offset:         0
    .name:           matmul_tiles_a3
    .vgpr_count:     256
    .vgpr_spill_count: 207
"""


def test_amd() -> None:
    assert amd.usages(AMD, "gfx900") == {
        "columns_04": Usage(11, occupancy=100),
        "matmul_tiles_a3": Usage(256, spilled=4 * 207, scratch=472, local=33792, occupancy=10),
    }


def test_libraries_of_a_processor_that_is_newer_than_they_are(tmp_path: Path) -> None:
    names = ("opencl", "ocml", "oclc_isa_version_900", "oclc_isa_version_90a", "oclc_isa_version_1036")
    for name in (*names, "oclc_wavefrontsize64_on", "oclc_wavefrontsize64_off"):
        (tmp_path / f"{name}.bc").touch()
    linked = [path.stem for path in amd.libraries(tmp_path, "gfx1100")]
    assert linked == ["opencl", "ocml", "oclc_wavefrontsize64_off", "oclc_isa_version_1036"]
    linked = [path.stem for path in amd.libraries(tmp_path, "gfx900")]
    assert linked == ["opencl", "ocml", "oclc_wavefrontsize64_on", "oclc_isa_version_900"]


INTEL = """\x7fELF\x00\x12 machine code \x00\x00---
version:         '1.20'
kernels:
  - name:            columns_04
    execution_env:
      grf_count:       128
      simd_size:       32
    payload_arguments:
      - arg_type:        arg_byvalue
        offset:          0
        size:            12
  - name:            of_a_work_item
    execution_env:
      simd_size:       16
      slm_size:        16896
    per_thread_memory_buffers:
      - type:            global
        usage:           private_space
        size:            288
        is_simt_thread:  true
  - name:            of_a_thread
    execution_env:
      simd_size:       8
    per_thread_memory_buffers:
      - type:            scratch
        usage:           spill_fill_space
        size:            2368
      - type:            scratch
        usage:           single_space
        size:            1024
kernels_misc_info:
  - name:            columns_04
    args_info:
      - index:           0
        name:            p0_base
...
\x00\x08"""


def test_intel() -> None:
    assert intel.usages(INTEL) == {
        "columns_04": Usage(lanes=32),
        "of_a_work_item": Usage(lanes=16, scratch=288, local=16896),
        "of_a_thread": Usage(lanes=8, spilled=296, scratch=128),
    }


def test_a_binary_without_a_description_is_an_error() -> None:
    with pytest.raises(CompileError, match="does not describe"):
        intel.usages("\x7fELF")


def test_a_compiler_that_fails_is_an_error_with_its_output(tmp_path: Path) -> None:
    program = tmp_path / "fails.py"
    program.write_text("import sys; print('rows.cl:7: error: no'); sys.exit(3)")
    with pytest.raises(CompileError, match=r"rows\.cl:7: error: no"):
        output_of([sys.executable, program])

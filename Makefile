# Everything is done by run.py, which needs no make: `make test` is `python3 run.py test`.
PYTHON ?= python3
PYTEST_ARGUMENTS ?=
BENCHMARK_ARGUMENTS ?=
MEMORY_CHECK_ARGUMENTS ?=
FUZZ_ARGUMENTS ?=
MATRIX_ARGUMENTS ?=
GPU_CHECK_ARGUMENTS ?=

.DEFAULT_GOAL := help
.PHONY: help demo devices test pytest lint oclgrind gpu-check memory-check fuzz bench build matrix clean

help demo devices lint oclgrind build clean:
	@$(PYTHON) run.py $@

test pytest:  # make pytest PYTEST_ARGUMENTS='-k softmax'
	@$(PYTHON) run.py $@ $(PYTEST_ARGUMENTS)

bench:  # make bench BENCHMARK_ARGUMENTS='--peers numpy,torch'
	@$(PYTHON) run.py $@ $(BENCHMARK_ARGUMENTS)

gpu-check:  # make gpu-check GPU_CHECK_ARGUMENTS='--install nvidia amd'
	@$(PYTHON) run.py $@ $(GPU_CHECK_ARGUMENTS)

memory-check:  # make memory-check MEMORY_CHECK_ARGUMENTS='--install'
	@$(PYTHON) run.py $@ $(MEMORY_CHECK_ARGUMENTS)

fuzz:  # make fuzz FUZZ_ARGUMENTS='--minutes 30'
	@$(PYTHON) run.py $@ $(FUZZ_ARGUMENTS)

matrix:  # make matrix MATRIX_ARGUMENTS='--only trixie-pocl'
	@$(PYTHON) run.py $@ $(MATRIX_ARGUMENTS)

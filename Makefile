# `make help` lists the targets. Everything is installed into .venv; nothing needs root.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
WORKERS ?= 2
PYTEST_ARGUMENTS ?=
BENCHMARK_ARGUMENTS ?= --peers numpy

# A system PoCL is what continuous integration tests on; without one the embedded runtime serves.
ifneq ($(wildcard /etc/OpenCL/vendors/pocl.icd),)
TEST_DEVICE ?= portable
endif
# Tests build hundreds of programs once: writing their binaries would cost PoCL another compilation of each.
TEST_ENVIRONMENT := CLGRAD_CACHE_LIMIT=0 $(if $(TEST_DEVICE),CLGRAD_DEVICE="$(TEST_DEVICE)")

.PHONY: help demo devices test pytest lint bench build clean

help:  ## list the targets
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## */  make \1\t/' | expand -t 18

demo: $(VENV)/.demo  ## set up, show the device and train a classifier on handwritten digits
	@$(BIN)/python -m clgrad devices
	@$(BIN)/python examples/digits.py

devices: $(VENV)/.demo  ## list the OpenCL devices and say which one is chosen and why
	@$(BIN)/python -m clgrad devices

test: lint pytest  ## set up, run the static checks and the whole test suite

pytest: $(VENV)/.test  ## run the test suite alone: make pytest PYTEST_ARGUMENTS='-k softmax'
	$(TEST_ENVIRONMENT) $(BIN)/python -m pytest -n $(WORKERS) --dist worksteal $(PYTEST_ARGUMENTS)

lint: $(VENV)/.test  ## run the static checks: ruff, mypy --strict, the import contracts
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(VENV)/.bench  ## measure against the device's limits: make bench BENCHMARK_ARGUMENTS='--peers numpy,torch'
	$(BIN)/python -m benchmarks $(BENCHMARK_ARGUMENTS)

build: $(VENV)/.test  ## build the sdist and the wheel into dist/
	rm -rf build dist
	$(BIN)/python -m build --outdir dist .

clean:  ## remove the environment and everything built
	rm -rf $(VENV) build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis

$(BIN)/python:
	@echo "Making the environment $(VENV) ..."
	tools/create_environment.sh $(VENV)

# A stamp per set of extras, so that a second `make` installs nothing unless pyproject.toml changed.
$(VENV)/.demo: pyproject.toml | $(BIN)/python
	@echo "Installing clgrad with an OpenCL runtime for the CPU (about 400 MB to download the first time) ..."
	$(PIP) --editable '.[cpu,examples]'
	@touch $@

$(VENV)/.test: pyproject.toml | $(BIN)/python
	@echo "Installing clgrad with an OpenCL runtime for the CPU and the test tools ..."
	$(PIP) --editable '.[cpu,test]'
	@touch $@

$(VENV)/.bench: pyproject.toml | $(BIN)/python
	$(PIP) --editable '.[cpu,bench]'
	@touch $@

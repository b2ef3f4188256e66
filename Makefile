# Everything is done by run.py, which needs no make: `make test` is `python3 run.py test`.
PYTHON ?= python3
PYTEST_ARGUMENTS ?=
BENCHMARK_ARGUMENTS ?=

.DEFAULT_GOAL := help
.PHONY: help demo devices test pytest lint oclgrind bench build clean

help demo devices lint oclgrind build clean:
	@$(PYTHON) run.py $@

test pytest:  # make pytest PYTEST_ARGUMENTS='-k softmax'
	@$(PYTHON) run.py $@ $(PYTEST_ARGUMENTS)

bench:  # make bench BENCHMARK_ARGUMENTS='--peers numpy,torch'
	@$(PYTHON) run.py $@ $(BENCHMARK_ARGUMENTS)

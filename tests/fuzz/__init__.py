"""Random programs, run in clgrad in several ways and in NumPy: all must agree. `python -m tests.fuzz --help`."""

"""Runs the suite on many drivers, processors and Pythons. See `python3 run.py matrix --help`."""

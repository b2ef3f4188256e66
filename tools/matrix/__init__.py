"""The suite on drivers, processors and Pythons that one machine does not have. `python3 run.py matrix --help`."""

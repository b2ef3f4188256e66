"""The code behind `run.py`: environment, commands, the suite on other systems. It needs only the standard library.

Except for `gpu_check`, which `run.py` starts inside of the environment.
"""

"""The code behind `run.py`: environment, commands, the suite on other systems. It needs only the standard library."""

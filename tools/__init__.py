"""What `run.py` does: the environment, the commands, and the suite on other systems. Only the standard library."""

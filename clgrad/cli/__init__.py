"""The commands of `python -m clgrad`."""

from clgrad.cli.command import main as main

"""`python -m clgrad`: the devices of this machine, and what to do when none works."""

from __future__ import annotations

import sys

from clgrad.cli import main

if __name__ == "__main__":
    sys.exit(main())

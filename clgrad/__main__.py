"""`python -m clgrad`: lists the devices of this machine, and says what to do if none works."""

from __future__ import annotations

import sys

from clgrad.cli import main

if __name__ == "__main__":
    sys.exit(main())

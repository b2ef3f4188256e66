"""Sets clgrad up and runs it, on every system: `python3 run.py demo`, `python3 run.py test`, `python3 run.py help`.

Every Python from 2.7 on can run this file. It looks for a Python that is new enough for the rest, and uses it.
"""

import os
import subprocess
import sys

NEEDED = (3, 10)
CHECK = "import sys; sys.exit(sys.version_info < (3, 10))"
OTHERS = ["python3." + str(minor) for minor in range(14, 9, -1)]


def is_new_enough(python):
    """Whether a command is a Python that is new enough for clgrad."""
    with open(os.devnull, "w") as nowhere:
        try:
            return subprocess.call([python, "-c", CHECK], stdout=nowhere, stderr=nowhere) == 0
        except OSError:
            return False


def start(arguments):
    """The exit status of the command."""
    if sys.version_info >= NEEDED:
        # Imported only here, because older Pythons cannot parse it.
        from tools.commands import main

        return main(arguments)
    for python in OTHERS:
        if is_new_enough(python):
            return subprocess.call([python, os.path.abspath(__file__)] + arguments)  # noqa: RUF005 - for Python 2
    version = ".".join(str(part) for part in sys.version_info[:3])
    sys.stderr.write("clgrad needs Python 3.10 or newer, and " + sys.executable + " is Python " + version + ".\n")
    sys.stderr.write("Install one, and start this file with it, as in: python3.12 run.py demo\n")
    return 1


if __name__ == "__main__":
    sys.exit(start(sys.argv[1:]))

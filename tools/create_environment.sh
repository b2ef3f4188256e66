#!/usr/bin/env bash
# Makes a virtual environment with pip in the folder $1, with the newest suitable Python, on whatever this machine
# offers for that: Debian splits `ensurepip` off into python3-venv, so `python3 -m venv` alone is not enough.
set -euo pipefail

folder=$1

suitable() {
    "$1" -c 'import sys; sys.exit(sys.version_info < (3, 10))' 2>/dev/null
}

for python in "${PYTHON:-python3}" python3.13 python3.12 python3.11 python3.10; do
    if suitable "$python"; then break; fi
    python=
done
if [ -z "$python" ]; then
    echo "clgrad needs Python 3.10 or newer; set PYTHON=/path/to/python3.10 or install one." >&2
    exit 1
fi

rm -rf "$folder"
if "$python" -c 'import ensurepip, venv' 2>/dev/null; then
    "$python" -m venv "$folder"
elif "$python" -m virtualenv --version >/dev/null 2>&1; then
    "$python" -m virtualenv --quiet "$folder"
elif command -v uv >/dev/null; then
    uv venv --quiet --seed --python "$python" "$folder"
elif "$python" -m pip --version >/dev/null 2>&1; then
    "$python" -m venv --without-pip "$folder"
    "$python" -m pip --python "$folder/bin/python" install --quiet pip
else
    echo "This Python can make no virtual environment. With root: apt-get install python3-venv;" >&2
    echo "without: install uv (https://docs.astral.sh/uv) or pip for your user. Then run make again." >&2
    exit 1
fi

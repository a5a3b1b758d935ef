#!/bin/sh
# Makes a virtual environment with a Python that is new enough, or says what is missing and how to get it.
set -eu
venv=$1

install_hint() {
    case "$(uname -s)" in
        Darwin) echo "brew install python@3.13" ;;
        *) if command -v apt-get >/dev/null; then echo "sudo apt-get install python3 python3-venv"
           elif command -v dnf >/dev/null; then echo "sudo dnf install python3.12"
           elif command -v pacman >/dev/null; then echo "sudo pacman -S python"
           else echo "install Python 3.11 or later with your system's package manager"; fi ;;
    esac
}

for python in ${PYTHON:-python3 python3.14 python3.13 python3.12 python3.11}; do
    command -v "$python" >/dev/null || continue
    "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || continue
    if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
        echo "error: $python is new enough, but has no venv module (Debian and Ubuntu ship it apart)" >&2
        echo " hint: $(install_hint)" >&2
        exit 4
    fi
    "$python" -m venv "$venv" && exit 0
    rm -rf "$venv"
    echo "error: $python -m venv $venv failed; its message is above" >&2
    exit 4
done
echo "error: no Python 3.11 or later was found${PYTHON:+ (PYTHON=$PYTHON)}" >&2
echo " hint: $(install_hint); or name one: make PYTHON=/path/to/python3" >&2
exit 4

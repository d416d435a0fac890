#!/usr/bin/env bash
# uv reads only the lower bound of a package's requires-python; pip reads all of it.
#
# Seen with uv 0.13.9 and pip 26.1.2 on 2026-11-29: nvidia-physicsnemo 2.2.0, one pure-Python wheel, requires Python >=3.11,<=3.14. Of
# all 3.14 that is 3.14.0 alone, and pip takes it for 3.14.0 and refuses it for 3.14.1. uv takes it for both, and for 3.15.0, without a
# word: it keeps the lower bound only, which both refuse for 3.10.1.
#
# What follows for a reader of wheels: "requires-python shuts this Python out" is true of pip. With uv, an upper bound keeps nobody
# from an installation that the maintainers ruled out.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check pip==26.1.2 uv==0.13.9

by_uv() {  # PYTHON REQUIREMENT
    echo "$2" >requirements.in
    if venv/bin/uv pip compile --quiet --no-deps --python-version "$1" requirements.in >/dev/null 2>&1; then echo takes; else echo refuses; fi
}
by_pip() {  # PYTHON REQUIREMENT
    if venv/bin/pip download --quiet --no-deps --only-binary :all: --python-version "$1" --dest wheels "$2" >/dev/null 2>&1; then
        echo takes
    else
        echo refuses
    fi
}

seen=$(for python in 3.10.1 3.14.0 3.14.1 3.15.0; do
    echo "Python $python: pip $(by_pip $python nvidia-physicsnemo==2.2.0), uv $(by_uv $python nvidia-physicsnemo==2.2.0)"
done)
expected="Python 3.10.1: pip refuses, uv refuses
Python 3.14.0: pip takes, uv takes
Python 3.14.1: pip refuses, uv takes
Python 3.15.0: pip refuses, uv takes"
echo "$seen"
[ "$seen" = "$expected" ] || { echo "This has changed. Seen before:"; echo "$expected"; exit 1; } >&2

#!/usr/bin/env bash
# distlib does not read the name of a wheel whose abi tag is a compressed set, as every abi3.abi3t wheel has it.
#
# Seen with distlib 0.4.4 on 2026-11-29: distlib.wheel.Wheel("…-cp315-abi3.abi3t-manylinux_2_28_x86_64.whl") raises DistlibException
# ("Invalid name or filename"). Compressed python and platform tags are read, and so is abi3t alone. The binary distribution format allows
# a set in each of the three, and packaging reads it.
#
# What follows for a reader of wheels: abi3.abi3t is the first compressed abi tag that many projects ship; expect tools that stumble over it.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check distlib==0.4.4 packaging==26.3

seen=$(venv/bin/python - <<'PYTHON'
from distlib import DistlibException
from distlib.wheel import Wheel
from packaging.utils import parse_wheel_filename

for tags in ("cp315-abi3t-win_amd64", "cp314.cp315-none-win_amd64", "cp315-cp315-win32.win_amd64", "cp315-abi3.abi3t-win_amd64"):
    name = f"demo-1.0-{tags}.whl"
    try:
        by_distlib = str(len(list(Wheel(name).tags)))
    except DistlibException as error:
        by_distlib = str(error).partition(":")[0]
    print(f"{tags}: distlib {by_distlib}, packaging {len(parse_wheel_filename(name)[3])}")
PYTHON
)
expected="cp315-abi3t-win_amd64: distlib 1, packaging 1
cp314.cp315-none-win_amd64: distlib 2, packaging 2
cp315-cp315-win32.win_amd64: distlib 2, packaging 2
cp315-abi3.abi3t-win_amd64: distlib Invalid name or filename, packaging 2"
echo "$seen"
[ "$seen" = "$expected" ] || { echo "This has changed. Seen before:"; echo "$expected"; exit 1; } >&2

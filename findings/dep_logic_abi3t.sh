#!/usr/bin/env bash
# dep-logic, by which PDM decides which wheels go into a lock, knows no abi3t: on 3.15t and later it takes no such wheel.
#
# Seen with dep-logic 0.7.2 and packaging 26.3 on 2026-11-29. For a free-threaded Python 3.15 (gil_disabled=True) it refuses the names
# …-cp315-abi3.abi3t-… and …-cp315-abi3t-…, which PEP 803 makes for it and packaging accepts; it takes …-cp315-cp315t-…. That abi3 alone
# is refused there, and abi3t on 3.14t, is right.
#
# What follows for a reader of wheels: a project that ships abi3t and no cp315t wheels is "supported" on 3.15t for pip and uv, and has no
# wheel in a lock that is made by these rules.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check dep-logic==0.7.2 packaging==26.3

seen=$(venv/bin/python - <<'PYTHON'
from dep_logic.tags import EnvSpec
from packaging.tags import cpython_tags
from packaging.utils import parse_wheel_filename

for minor, tags in ((14, "cp314-cp314t"), (14, "cp315-abi3.abi3t"), (15, "cp315-cp315t"), (15, "cp315-abi3.abi3t"), (15, "cp315-abi3t"), (15, "cp311-abi3")):
    name = f"demo-1.0-{tags}-manylinux_2_28_x86_64.whl"
    target = EnvSpec.from_spec(f"==3.{minor}.*", "linux", "cpython", gil_disabled=True)
    accepted = set(cpython_tags((3, minor), abis=[f"cp3{minor}t"], platforms=["manylinux_2_28_x86_64"]))
    words = ("refuses", "takes")
    by_dep_logic = target.wheel_compatibility(name) is not None
    by_packaging = not accepted.isdisjoint(parse_wheel_filename(name)[3])
    print(f"3.{minor}t {tags}: dep-logic {words[by_dep_logic]}, packaging {words[by_packaging]}")
PYTHON
)
expected="3.14t cp314-cp314t: dep-logic takes, packaging takes
3.14t cp315-abi3.abi3t: dep-logic refuses, packaging refuses
3.15t cp315-cp315t: dep-logic takes, packaging takes
3.15t cp315-abi3.abi3t: dep-logic refuses, packaging takes
3.15t cp315-abi3t: dep-logic refuses, packaging takes
3.15t cp311-abi3: dep-logic refuses, packaging refuses"
echo "$seen"
[ "$seen" = "$expected" ] || { echo "This has changed. Seen before:"; echo "$expected"; exit 1; } >&2

#!/usr/bin/env bash
# One release, one Python, and wheels that do not declare the same: macOS's has a module that the others lack, and it declares nothing.
#
# Seen with matplotlib 3.10.3 on 2026-11-29 (read with lief 1.0.0), in its wheels for cp313t. All extension modules of the Linux wheel call
# PyUnstable_Module_SetGIL. The macOS wheel has one more, matplotlib/backends/_macosx, which is made by PyModule_Create2 and imports neither
# PyUnstable_Module_SetGIL nor PyModuleDef_Init: importing it turns the GIL back on. It is the default backend there.
#
# What follows for a reader of wheels: what a source declares is the same on every platform, and a platform can have sources of its own.
# "Keeps the GIL off" holds for the wheel that was read.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check lief==1.0.0
get() {  # PLATFORM
    venv/bin/pip download --quiet --disable-pip-version-check --no-deps --only-binary :all: --implementation cp --python-version 3.13 \
        --abi cp313t --platform "$1" --dest "$1" matplotlib==3.10.3
}
get manylinux_2_17_x86_64
get macosx_11_0_arm64

seen=$(venv/bin/python - <<'PYTHON'
import glob, zipfile, lief

FUNCTIONS = ("PyUnstable_Module_SetGIL", "PyModuleDef_Init", "PyModule_Create2")
for platform in ("manylinux_2_17_x86_64", "macosx_11_0_arm64"):
    (path,) = glob.glob(f"{platform}/*.whl")
    with zipfile.ZipFile(path) as wheel:
        modules = {name: lief.parse(wheel.read(name)) for name in sorted(wheel.namelist()) if ".cpython-313t-" in name}
    imports = {
        name.partition(".")[0]: {symbol.name.removeprefix("_") for symbol in module.symbols if not symbol.value}
        for name, module in modules.items()
    }
    calling = [name for name, symbols in imports.items() if FUNCTIONS[0] in symbols]
    print(f"{platform}: {len(calling)} of {len(imports)} import {FUNCTIONS[0]}")
    for name in imports.keys() - set(calling):
        print(f"  not {name}, which imports {[each for each in FUNCTIONS if each in imports[name]]}")
PYTHON
)
expected="manylinux_2_17_x86_64: 8 of 8 import PyUnstable_Module_SetGIL
macosx_11_0_arm64: 8 of 9 import PyUnstable_Module_SetGIL
  not matplotlib/backends/_macosx, which imports ['PyModule_Create2']"
echo "$seen"
[ "$seen" = "$expected" ] || { echo "This has changed. Seen before:"; echo "$expected"; exit 1; } >&2

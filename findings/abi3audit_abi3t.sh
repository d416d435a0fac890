#!/usr/bin/env bash
# abi3audit finds a violation of the stable ABI in every extension module that is made as PEP 793 and PEP 803 want it.
#
# Seen with abi3audit 0.0.26 (abi3info 2026.9.25) on 2026-11-29, on cryptography 50.0.2's wheel for cp315-abi3.abi3t, Linux x86-64. Its one
# module, _rust.abi3t.so, has the export hook that abi3t modules must have instead of PyInit: PyModExport__rust, and one for each of its
# submodules. abi3audit lists all 27 as "non_abi3_symbols", says "is_abi3": false, and with --strict ends with exit code 1. It finds
# nothing else. On the same release's cp311-abi3 wheel it finds nothing at all.
#
# What follows for a reader of wheels: its verdict on abi3t wheels cannot be used as it is; a hook's name is no foreign symbol.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check abi3audit==0.0.26 abi3info==2026.9.25
get() {  # PYTHON ABI
    venv/bin/pip download --quiet --disable-pip-version-check --no-deps --only-binary :all: --implementation cp \
        --platform manylinux_2_28_x86_64 --platform manylinux_2_34_x86_64 --python-version "$1" --abi "$2" --dest "$2" \
        cryptography==50.0.2
}
get 3.15 abi3t
get 3.11 abi3

seen=$(for abi in abi3t abi3; do
    status=0
    venv/bin/abi3audit --strict --report "$abi"/*.whl >"$abi.json" 2>/dev/null || status=$?
    venv/bin/python - "$abi.json" "$status" <<'PYTHON'
import json, sys
(wheel, found), = json.load(open(sys.argv[1]))["specs"].items()
for module in found["wheel"]:
    symbols = module["result"]["non_abi3_symbols"]
    hooks = sum(symbol.startswith("PyModExport_") for symbol in symbols)
    print(f"{module['name']}: is_abi3 {module['result']['is_abi3']}, {len(symbols)} violations, {hooks} of them PyModExport_, exit {sys.argv[2]}")
PYTHON
done)
expected="_rust.abi3t.so: is_abi3 False, 27 violations, 27 of them PyModExport_, exit 1
_rust.abi3.so: is_abi3 True, 0 violations, 0 of them PyModExport_, exit 0"
echo "$seen"
[ "$seen" = "$expected" ] || { echo "This has changed. Seen before:"; echo "$expected"; exit 1; } >&2

#!/usr/bin/env bash
# pex packs a free-threaded Python into an executable for the build with the GIL as soon as one wheel in it is for abi3.abi3t.
#
# Seen with pex 2.105.2 on 2026-11-30: `pex --scie` makes one file of a PEX and a Python. For the platform cp-3.15.0-cp315, which is the
# build with the GIL, and cryptography 50.0.2, whose wheel there is cp315-abi3.abi3t, it asks `science` for Python 3.15.0t. For
# cp-3.14.0-cp314, where the wheel is cp311-abi3, it asks for 3.14.0. pex means to choose the free-threaded build for "free-threaded abi
# wheels", and --no-scie-pbs-free-threaded does not keep it from that; but by PEP 425 a compressed tag stands for each of its parts, and
# by PEP 803 such a wheel is for both builds. `science` is replaced by a script here, which shows what it is asked for.
#
# What follows for who ships such executables: from 3.15 on, a dependency's new wheel changes the Python that an application runs on. Its
# other wheels, chosen for cp315, cannot be imported there. Check sys._is_gil_enabled() or sysconfig's Py_GIL_DISABLED in what was built.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
export PEX_ROOT="$work/root"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check pex==2.105.2
cat >science <<'SHELL'
#!/bin/sh
case "$*" in
    --version) echo 0.21.0 ;;
    *) for last; do :; done; cp "$last" "$(dirname "$0")/lift.toml" ;;
esac
SHELL
chmod +x science

seen=$(for python in 3.14.0-cp314 3.15.0-cp315; do
    venv/bin/pex --platform "manylinux_2_34_x86_64-cp-$python" --intransitive --no-build cryptography==50.0.2 --output-file app.pex \
        --scie eager --no-scie-pbs-free-threaded --scie-python-version "${python%-*}" --scie-pbs-release 20261101 \
        --scie-science-binary "$work/science" >/dev/null 2>&1
    wheel=$(venv/bin/python -m zipfile --list app.pex | grep --only-matching 'cryptography-[^/ ]*\.whl' | sort --unique)
    echo "$python: $wheel, Python $(sed -n '/^\[\[lift.interpreters/,/^$/s/^version = //p' lift.toml)"
done)
expected='3.14.0-cp314: cryptography-50.0.2-cp311-abi3-manylinux_2_34_x86_64.whl, Python "3.14.0"
3.15.0-cp315: cryptography-50.0.2-cp315-abi3.abi3t-manylinux_2_34_x86_64.whl, Python "3.15.0t"'
echo "$seen"
[ "$seen" = "$expected" ] || { echo "This has changed. Seen before:"; echo "$expected"; exit 1; } >&2

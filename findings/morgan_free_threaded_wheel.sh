#!/usr/bin/env bash
# morgan, which mirrors packages for machines without a network, takes a free-threaded wheel for the build of Python with the GIL.
#
# Seen with morgan 0.15.0 (packaging 24.2) on 2026-11-30. An environment is described to it by markers, and these (the specification of
# dependency specifiers lists them) do not tell the builds of a Python apart. Of each version it keeps the wheel of the highest python tag
# and does not look at the abi tag, which by the platform compatibility tags tells them apart. So for CPython 3.14 it mirrors cryptography
# 46.0.3's wheel for cp314-cp314t and not those for cp311-abi3 and cp38-abi3, which are for this Python: pip for 3.14 finds no wheel in
# that mirror. In one for 3.11 pip for 3.11 finds its wheel, and with --mirror-all-wheels the mirror for 3.14 has all three.
#
# What follows for who publishes wheels: one more wheel for cp314t beside cp311-abi3 takes a release away from who mirrors it this way, or
# has them build it of its sdist. Who mirrors: use --mirror-all-wheels.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check morgan==0.15.0 packaging==24.2

seen=$(for mirror in "3.11" "3.14" "3.14 --mirror-all-wheels"; do
    read -r python option <<<"$mirror"
    rm -rf index && mkdir index
    cat >index/morgan.ini <<INI
[env.target]
os_name = posix
sys_platform = linux
platform_machine = x86_64
platform_system = Linux
platform_python_implementation = CPython
implementation_name = cpython
python_version = $python
python_full_version = $python.0

[requirements]
cryptography = ==46.0.3
INI
    # shellcheck disable=SC2086 - no option is no argument
    venv/bin/morgan --index-path index --skip-server-copy --package-type-regex whl $option mirror >/dev/null
    found=no
    if venv/bin/pip download --quiet --disable-pip-version-check --no-index --find-links index/cryptography --no-deps --only-binary :all: \
        --implementation cp --python-version "$python" --abi "cp${python/./}" --abi abi3 --platform manylinux_2_34_x86_64 --dest wheels \
        cryptography >/dev/null 2>&1; then found=a; fi
    echo "$mirror: $(find index/cryptography -name '*manylinux_2_34_x86_64.whl' | cut -d - -f 3,4 | sort | tr '\n' ' '): $found wheel for pip"
done)
expected="3.11: cp311-abi3 : a wheel for pip
3.14: cp314-cp314t : no wheel for pip
3.14 --mirror-all-wheels: cp311-abi3 cp314-cp314t cp38-abi3 : a wheel for pip"
echo "$seen"
[ "$seen" = "$expected" ] || { echo "This has changed. Seen before:"; echo "$expected"; exit 1; } >&2

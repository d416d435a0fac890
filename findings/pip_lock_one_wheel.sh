#!/usr/bin/env bash
# A pylock.toml by pip names one wheel of each package: that of the machine that wrote it.
#
# Seen with pip 26.1.2 on 2026-11-29: the lock of cffi 2.0.0 and pyyaml 6.0.3 names a wheel each. The index had 83 and 72 wheels of these
# releases, those for cp314t among them. The lock names no sdist either, and says of no environment that it is for that one.
#
# What follows for a reader of locks: whether a version installs on another Python or platform does not stand in such a lock. Take the
# version from it, and the files of that version from the index.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check pip==26.1.2
venv/bin/pip lock --quiet --only-binary :all: --no-deps --output pylock.toml cffi==2.0.0 pyyaml==6.0.3 2>/dev/null

venv/bin/python - <<'END' >seen
import json, re, urllib.request

lock = open("pylock.toml").read()
for name, version in (("cffi", "2.0.0"), ("pyyaml", "6.0.3")):
    request = urllib.request.Request(
        f"https://pypi.org/simple/{name}/", headers={"Accept": "application/vnd.pypi.simple.v1+json"}
    )
    files = [file["filename"] for file in json.load(urllib.request.urlopen(request))["files"]]
    wheels = [file for file in files if re.match(f"{name}-{re.escape(version)}-.*whl$", file, re.I)]
    free = "some for cp314t" if any("-cp314t-" in file for file in wheels) else "none for cp314t"
    locked = len(re.findall(r'^name = "[^"]*\.whl"', lock.split(f'name = "{name}"')[1].split("[[packages]]")[0], re.M))
    many = "dozens" if len(wheels) > 24 else len(wheels)
    print(f"{name} {version}: {locked} wheel locked, {many} on the index, {free}")
print("sdists:", len(re.findall("packages.sdist", lock)), "environments:", len(re.findall("^environments", lock, re.M)))
END
expected="cffi 2.0.0: 1 wheel locked, dozens on the index, some for cp314t
pyyaml 6.0.3: 1 wheel locked, dozens on the index, some for cp314t
sdists: 0 environments: 0"
cat seen
[ "$(cat seen)" = "$expected" ] || { echo "This has changed. Seen before:"; echo "$expected"; exit 1; } >&2

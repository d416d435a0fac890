#!/usr/bin/env bash
# LIEF does not count most of an ELF file's undefined symbols among its imported symbols.
#
# Seen with lief 1.0.0 and pyelftools 0.33 on 2026-11-29, on markupsafe 3.0.4's module for cp314t, Linux x86-64: of seven undefined symbols
# Binary.imported_symbols has two. The other five, PyModuleDef_Init among them, are of type NOTYPE, as GNU ld leaves functions that it has
# not seen; Symbol.imported is False for them. All seven are in dynamic_symbols, with section index 0.
#
# What follows for a reader of wheels: "does it import PyModuleDef_Init" asked of imported_symbols says no for every such module. Ask
# dynamic_symbols for those without a section.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check lief==1.0.0 pyelftools==0.33
venv/bin/pip download --quiet --disable-pip-version-check --no-deps --only-binary :all: --implementation cp --python-version 3.14 \
    --abi cp314t --platform manylinux_2_17_x86_64 --dest wheels markupsafe==3.0.4

seen=$(venv/bin/python - <<'PYTHON'
import glob, io, zipfile, lief
from elftools.elf.elffile import ELFFile

with zipfile.ZipFile(*glob.glob("wheels/*.whl")) as wheel:
    (data,) = (wheel.read(name) for name in wheel.namelist() if name.endswith(".so"))
symbols = ELFFile(io.BytesIO(data)).get_section_by_name(".dynsym").iter_symbols()
undefined = {symbol.name for symbol in symbols if symbol.name and symbol["st_shndx"] == "SHN_UNDEF"}
binary = lief.parse(data)
imported = {symbol.name for symbol in binary.imported_symbols} & undefined
by_section = {symbol.name for symbol in binary.dynamic_symbols if symbol.name and not symbol.shndx}
print(f"pyelftools: {len(undefined)} undefined; lief: {len(imported)} imported, {len(by_section)} without a section")
print("not imported for lief:", *sorted(undefined - imported))
PYTHON
)
expected="pyelftools: 7 undefined; lief: 2 imported, 7 without a section
not imported for lief: PyModuleDef_Init PyUnicode_New _ITM_deregisterTMCloneTable _ITM_registerTMCloneTable __gmon_start__"
echo "$seen"
[ "$seen" = "$expected" ] || { echo "This has changed. Seen before:"; echo "$expected"; exit 1; } >&2

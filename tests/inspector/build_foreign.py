"""Builds the modules of ``ways/`` for other systems and processors into ``foreign.zip``.

The zip is kept, because the compiler for it is too large for everybody's environment. After a change in ``ways/``:

    python -m venv /tmp/zig && /tmp/zig/bin/pip install ziglang==0.17.1
    /tmp/zig/bin/python tests/inspector/build_foreign.py
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

HERE = Path(__file__).parent
WAYS = HERE / "ways"
_ZIG = (sys.executable, "-m", "ziglang")
_SHARED = ("-shared", "-nostdlib", "-s", "-fvisibility=hidden", "-fno-sanitize=all", "-w")
_LINUX = ("-fPIC",)
_MACOS = ("-fPIC", "-Wl,-undefined,dynamic_lookup")

TARGETS = {
    "linux-arm64": ("aarch64-linux-gnu", "-O2", *_LINUX),
    "linux-s390x": ("s390x-linux-gnu", "-O2", *_LINUX),
    "linux-arm32": ("arm-linux-gnueabihf", "-O2", *_LINUX),
    "macos-arm64": ("aarch64-macos", "-O2", *_MACOS),
    "macos-x86_64": ("x86_64-macos", "-O2", *_MACOS),
    "windows-x86_64": ("x86_64-windows-gnu", "-O2"),
    "windows-arm64": ("aarch64-windows-gnu", "-O2"),
    "windows-x86": ("x86-windows-gnu", "-O2"),
}
_DLL_MACHINES = {"x86_64": "i386:x86-64", "aarch64": "arm64", "x86": "i386"}
_IMPORTS = """LIBRARY python3t.dll
EXPORTS
PyModuleDef_Init
PyModule_Create2
PyUnstable_Module_SetGIL
PyModule_AddIntConstant
PyImport_ImportModule
PyObject_CallMethod
Py_GetVersion
__cxa_guard_acquire
__cxa_guard_release
malloc
memcpy
memset
write_slots
make_module
"""


def build(way: Path, target: str, options: tuple[str, ...], folder: Path) -> Path:
    """Return the file that a way is compiled to."""
    module = folder / f"{target}-{way.stem}.{'pyd' if target.startswith('windows') else 'so'}"
    command = [*_ZIG, "cc", "-target", *options, *_SHARED, str(way), "-o", str(module)]
    if target.startswith("windows"):
        processor = options[0].partition("-")[0]
        library = folder / f"{processor}.lib"
        definitions = folder / "python.def"
        definitions.write_text(_IMPORTS)
        machine = _DLL_MACHINES[processor]
        subprocess.run([*_ZIG, "dlltool", "-m", machine, "-d", str(definitions), "-l", str(library)], check=True)
        command += [str(library), "-Wl,--no-entry"]
    subprocess.run(command, check=True)
    return module


def main() -> None:
    """Write ``foreign.zip``."""
    with (
        tempfile.TemporaryDirectory() as folder,
        zipfile.ZipFile(HERE / "foreign.zip", "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive,
    ):
        for source in sorted(WAYS.iterdir()):
            add(archive, f"ways/{source.name}", source)
        for target, options in TARGETS.items():
            for way in sorted(WAYS.glob("*.c")):
                module = build(way, target, options, Path(folder))
                add(archive, f"{target}/{way.stem}{module.suffix}", module)


def add(archive: zipfile.ZipFile, name: str, file: Path) -> None:
    """Add a file with a date that is always the same."""
    entry = zipfile.ZipInfo(name)
    entry.compress_type = zipfile.ZIP_DEFLATED
    archive.writestr(entry, file.read_bytes())


if __name__ == "__main__":
    main()

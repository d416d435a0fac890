"""The benchmark that imports modules, with a script in place of a free-threaded Python: it says what modules do."""

from __future__ import annotations

import sys
import zipfile
from pathlib import Path

import pytest

from benchmarks.imports import Outcome, UnfitPythonError, compare, figures_of
from bot.core.inspection.modules import Declaration, ExtensionModule

STAND_IN = """#!{python}
import json, os, sys

code, arguments = sys.argv[2], sys.argv[3:]
if not arguments:
    print(json.dumps({{"minor": 14, "free_threaded": {free_threaded}, "gil": False, "platform": "linux_x86_64"}}))
    sys.exit()
folder, module = arguments
if not os.path.exists(os.path.join(folder, module.replace(".", "/") + ".so")):
    sys.exit(1)
print("a module that prints")
warned = {{"demo.on": ["... to load module 'demo.on', which ..."], "demo.other": ["... to load module 'demo.on' ..."]}}
print(json.dumps({{"gil": module in warned or module == "demo.silent", "warnings": warned.get(module, [])}}))
"""


def stand_in(folder: Path, *, free_threaded: bool = True) -> Path:
    path = folder / "python"
    path.write_text(STAND_IN.format(python=sys.executable, free_threaded=free_threaded))
    path.chmod(0o755)
    return path


def wheel(folder: Path, tags: str, *files: str) -> Path:
    path = folder / f"demo-1.0-{tags}.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for file in files:
            archive.writestr(file, b"")
    return path


def module(name: str, gil: Declaration) -> ExtensionModule:
    return ExtensionModule(f"demo.{name}", f"demo/{name}.so", gil, reason="No." if gil is Declaration.UNKNOWN else None)


needs_scripts = pytest.mark.skipif(sys.platform == "win32", reason="Windows starts no scripts")


@needs_scripts
async def test_what_was_read_is_compared_with_what_importing_does(tmp_path: Path) -> None:
    outcomes = {
        module("off", Declaration.NOT_USED): Outcome.AGREED,
        module("on", Declaration.UNDECLARED): Outcome.AGREED,
        module("claims", Declaration.USED): Outcome.WRONG,
        module("unsure", Declaration.UNKNOWN): Outcome.UNTOLD,
        module("other", Declaration.NOT_USED): Outcome.ELSEWHERE,
        module("silent", Declaration.NOT_USED): Outcome.ELSEWHERE,
        module("broken", Declaration.NOT_USED): Outcome.NOT_IMPORTED,
    }
    files = [f"demo-1.0.data/platlib/{each.file}" for each in outcomes if each.module != "demo.broken"]
    fits = wheel(tmp_path, "cp314-cp314t-manylinux_2_28_x86_64", *files, "demo-1.0.data/scripts/run")
    aside = wheel(tmp_path, "cp314-cp314t-win_amd64", "demo/on.so")
    folder = tmp_path / "folder"
    folder.mkdir()
    read = [(fits, tuple(outcomes)), (aside, (module("windows", Declaration.USED),))]
    found = await compare(stand_in(tmp_path), read, folder)
    assert {each.module: each.outcome for each in found} == outcomes
    assert not (folder / "run").exists()
    shown = {figure.what: (figure.value, figure.note) for figure in figures_of(found)}
    assert shown["agreed"] == (2.0, "")
    assert shown["wrong"] == (1.0, "demo.claims")


@needs_scripts
async def test_a_python_with_the_gil_tells_nothing(tmp_path: Path) -> None:
    with pytest.raises(UnfitPythonError, match="is no free-threaded Python"):
        await compare(stand_in(tmp_path, free_threaded=False), [], tmp_path)
    with pytest.raises(UnfitPythonError, match="is no free-threaded Python"):
        await compare(Path(sys.executable), [], tmp_path)

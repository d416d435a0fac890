"""What a free-threaded Python says of modules when it imports them, each in a process of its own, beside what was read.

Wheels are unpacked into one folder, so that they find each other, and nothing is installed besides them. Their code
runs: give only wheels that you would install.
"""

from __future__ import annotations

import asyncio
import zipfile
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

import msgspec

from benchmarks.figures import Figure, Limit
from bot.core.index.simple_api import File
from bot.core.inspection.choice import wheel_to_read
from bot.core.inspection.importing import as_imported
from bot.core.inspection.inspection import Inspection
from bot.core.inspection.modules import Declaration, ExtensionModule
from bot.core.wheels.targets import Target

_SECONDS = 60.0
_LEAST_SHARE = 112 / 114
_MOST_NAMED = 5
_AT_ONCE = 2
_ABOUT = """
import json, sys, sysconfig
print(json.dumps({
    "minor": sys.version_info.minor,
    "free_threaded": bool(sysconfig.get_config_var("Py_GIL_DISABLED")),
    "gil": sys._is_gil_enabled() if hasattr(sys, "_is_gil_enabled") else True,
    "platform": sysconfig.get_platform().replace("-", "_").replace(".", "_"),
}))
"""
_IMPORT = """
import importlib, json, sys, warnings
sys.path.insert(0, sys.argv[1])
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always", RuntimeWarning)
    importlib.import_module(sys.argv[2])
print(json.dumps({"gil": sys._is_gil_enabled(), "warnings": [str(each.message) for each in caught]}))
"""


class _About(msgspec.Struct):
    """What an interpreter says of itself."""

    minor: int
    free_threaded: bool
    gil: bool
    platform: str


class _Imported(msgspec.Struct):
    """What an interpreter says when it has imported a module."""

    gil: bool
    warnings: list[str]


class Outcome(Enum):
    """How what was read of a module compares with what importing it does."""

    AGREED = "agreed"
    WRONG = "wrong"
    UNTOLD = "not told by the file"
    ELSEWHERE = "the GIL was on for another module that it imports"
    NOT_IMPORTED = "could not be imported"


@dataclass(frozen=True, slots=True)
class Comparison:
    """One module, what was read of it, and how that compares."""

    module: ExtensionModule
    outcome: Outcome


class UnfitPythonError(Exception):
    """The interpreter cannot tell anything; the text says why."""


async def compare(
    python: Path, wheels: Iterable[tuple[Path, Sequence[ExtensionModule]]], folder: Path
) -> list[Comparison]:
    """Import all modules of those wheels that fit an interpreter. Raises ``UnfitPythonError``."""
    about = msgspec.json.decode(await _said(python, folder, _ABOUT) or b"null", type=_About | None)
    if about is None or not about.free_threaded or about.gil:
        raise UnfitPythonError(f"{python} is no free-threaded Python whose GIL is off.")
    target = Target(about.minor)
    modules: list[ExtensionModule] = []
    for path, read in wheels:
        if not _fits(path, target, about.platform):
            continue
        await asyncio.to_thread(_unpack, path, folder)
        inspection = Inspection(
            path.name, None, verified=True, bytes_read=0, bytes=None, requests=0, modules=tuple(read)
        )
        modules += as_imported(inspection, target).modules
    turns = asyncio.Semaphore(_AT_ONCE)
    return list(await asyncio.gather(*(_compare(python, module, folder, turns) for module in modules)))


def figures_of(comparisons: Sequence[Comparison]) -> list[Figure]:
    """Count how many agree; name those that do not."""
    found = {outcome: [each.module.module for each in comparisons if each.outcome is outcome] for outcome in Outcome}
    told = len(found[Outcome.AGREED]) + len(found[Outcome.WRONG]) + len(found[Outcome.UNTOLD])
    shown = [Figure("modules imported that tell", float(told), "")]
    for outcome, names in found.items():
        note = (
            "" if outcome is Outcome.AGREED else ", ".join(names[:_MOST_NAMED]) + (" …" if names[_MOST_NAMED:] else "")
        )
        limit = Limit(_LEAST_SHARE * told, at_least=True) if outcome is Outcome.AGREED and told else None
        shown.append(Figure(outcome.value, float(len(names)), "", limit, note))
    return shown


async def _compare(python: Path, module: ExtensionModule, folder: Path, turns: asyncio.Semaphore) -> Comparison:
    async with turns:
        said = await _said(python, folder, _IMPORT, str(folder), module.module)
    imported = None if said is None else msgspec.json.decode(said, type=_Imported)
    return Comparison(module, _outcome(module, imported))


def _outcome(module: ExtensionModule, imported: _Imported | None) -> Outcome:
    if imported is None:
        return Outcome.NOT_IMPORTED
    # The warning names the module for which the GIL was turned on, the first one only.
    is_other = imported.gil and not any(f"'{module.module}'" in warning for warning in imported.warnings)
    if is_other:
        return Outcome.ELSEWHERE
    if module.gil is Declaration.UNKNOWN:
        return Outcome.UNTOLD
    return Outcome.AGREED if module.turns_gil_on is imported.gil else Outcome.WRONG


async def _said(python: Path, folder: Path, code: str, *arguments: str) -> bytes | None:
    """Return the last line that a Python prints, None where it fails or takes too long."""
    process = await asyncio.create_subprocess_exec(
        str(python), "-c", code, *arguments, cwd=folder, stdin=DEVNULL, stdout=PIPE, stderr=DEVNULL, env={}
    )
    try:
        async with asyncio.timeout(_SECONDS):
            printed, _ = await process.communicate()
    except TimeoutError:
        process.kill()
        await process.wait()
        return None
    return printed.splitlines()[-1] if process.returncode == 0 and printed else None


def _fits(wheel: Path, target: Target, platform: str) -> bool:
    """Return whether a wheel is for a target and for a platform, such as ``linux_x86_64`` or ``macosx_14_0_arm64``."""
    file = File(wheel.name)
    system, machine = platform.partition("_")[0], platform.partition("_")[2]
    if system == "macosx":
        machine = platform.split("_", 3)[3]
    is_here = system in file.tags and (machine in file.tags or (system == "macosx" and "universal2" in file.tags))
    return wheel_to_read((file,), target) is not None and (is_here or platform in file.tags)


def _unpack(wheel: Path, folder: Path) -> None:
    """Put the files of a wheel where an installer would, as far as they are imported."""
    with zipfile.ZipFile(wheel) as archive:
        for info in archive.infolist():
            head, _, rest = info.filename.partition("/")
            if head.endswith(".data"):
                key, _, name = rest.partition("/")
                if key not in {"platlib", "purelib"} or not name:
                    continue
                info.filename = name
            archive.extract(info, folder)

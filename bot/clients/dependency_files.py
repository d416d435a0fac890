"""Dependency files and environments on this machine: read, never run, and bounded.

What a file includes is read only inside the folder that was named, whatever links lie there.
"""

from __future__ import annotations

import asyncio
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from bot.core.dependencies.files import LARGEST_FILE
from bot.core.dependencies.installed import MOST_INSTALLED, DistInfo
from bot.core.dependencies.reading import text_of
from bot.core.errors import UserError
from bot.core.text.sentences import counted, printable

_LARGEST_METADATA = 1 << 20
"""Characters of a ``METADATA`` file; a longer one has its description cut off, which nobody reads here."""

_SITE_PACKAGES = ("lib/python3*/site-packages", "lib64/python3*/site-packages", "Lib/site-packages")


@dataclass(frozen=True, slots=True)
class TextFile:
    """A file that was named: as it was named, its text, and what reads those that it includes, by relative name."""

    name: str
    text: str
    included: Callable[[str], str | None]


async def read_dependency_file(path: Path) -> TextFile:
    """Read a file. Raises ``UserError`` where there is none, or none of text."""
    return await asyncio.to_thread(_read, path)


async def read_environment(path: Path) -> list[DistInfo]:
    """Read the ``.dist-info`` folders of an environment or of a ``site-packages`` folder. Raises ``UserError``."""
    return await asyncio.to_thread(_environment, path)


def _read(path: Path) -> TextFile:
    name = printable(path.name)
    try:
        text = _text(path)
        folder = path.parent.resolve()
    except FileNotFoundError:
        raise UserError(f"There is no file {printable(str(path))}. Check the path.") from None
    except (OSError, RuntimeError, ValueError) as error:
        what = f"{printable(str(path))} cannot be read: {_problem(error)}."
        raise UserError(f"{what} Give a file of text, such as requirements.txt.") from None
    return TextFile(name, text, lambda included: _included(folder, included))


def _included(folder: Path, name: str) -> str | None:
    """Read a file inside a folder, None where it is not there, not inside, or no text.

    What git keeps there is none of it: its configuration may hold a token, and lines that are not understood are shown.
    """
    try:
        path = (folder / name).resolve()
        inside = path.is_relative_to(folder) and ".git" not in path.relative_to(folder).as_posix().lower().split("/")
        return _text(path) if inside else None
    except (OSError, RuntimeError, ValueError):
        return None


def _text(path: Path) -> str:
    if not stat.S_ISREG(path.stat().st_mode):  # to open a pipe may take forever
        raise ValueError("it is no file")
    with path.open("rb") as file:
        body = file.read(LARGEST_FILE + 1)
    if len(body) > LARGEST_FILE:
        raise ValueError(f"it has more than {LARGEST_FILE >> 20} MiB")
    return text_of(body)


def _problem(error: Exception) -> str:
    if isinstance(error, UnicodeDecodeError):
        return "it is no UTF-8 text"
    return error.strerror or "it cannot be opened" if isinstance(error, OSError) else str(error)


def _environment(path: Path) -> list[DistInfo]:
    try:
        folders = [path, *(each for pattern in _SITE_PACKAGES for each in sorted(path.glob(pattern)))]
        found = {each.name: each for folder in folders for each in _dist_infos(folder)}
    except (OSError, ValueError) as error:
        raise UserError(f"{printable(str(path))} cannot be read: {_problem(error)}. Give an environment.") from None
    if not found:
        what = f"{printable(str(path))} holds no .dist-info folder, and no site-packages with one."
        raise UserError(f"{what} Give the folder of a virtual environment, such as .venv.")
    if len(found) > MOST_INSTALLED:
        what = f"{printable(str(path))} has {counted(len(found), 'package')}"
        raise UserError(f"{what}. At most {MOST_INSTALLED:,} are read.")
    return [
        DistInfo(name, _start(folder / "METADATA"), _start(folder / "direct_url.json"))
        for name, folder in sorted(found.items())
    ]


def _dist_infos(folder: Path) -> Iterator[Path]:
    if folder.is_dir():
        yield from (each for each in folder.iterdir() if each.name.endswith(".dist-info") and each.is_dir())


def _start(path: Path) -> str | None:
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            return None
        with path.open(encoding="utf-8", errors="replace") as file:
            return file.read(_LARGEST_METADATA)
    except OSError:
        return None

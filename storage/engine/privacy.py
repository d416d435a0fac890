"""Keeps what is stored to the user who stores it: the database's file, what SQLite puts beside it, and its folder."""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path

from bot.loggers import get_logger

_OWNERS = 0o600
_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_BESIDE = ("", "-wal", "-shm", "-journal")
"""What the names of SQLite's files end with; a new one gets the mode of the database."""

log = get_logger(__name__)


def make_folder(folder: Path) -> None:
    """Make a folder, with those above it that are missing, for nobody else; one that is there stays as it is."""
    if folder.is_dir():
        return
    make_folder(folder.parent)
    folder.mkdir(mode=0o700, exist_ok=True)


def make_file(path: Path) -> None:
    """Make an empty file for nobody else, whatever the process's umask; one that is there stays as it is."""
    if not path.exists():
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, _OWNERS))


def tighten(path: Path) -> None:
    """Take from everybody else the right to touch a database of this user, and say so where there was any."""
    if sys.platform == "win32":  # pragma: no cover — there, whose a file is says its folder
        return
    for file in (Path(f"{path}{ending}") for ending in _BESIDE):
        try:
            known = file.stat()
            mode = stat.S_IMODE(known.st_mode)
            if mode & _OTHERS and stat.S_ISREG(known.st_mode) and known.st_uid == os.geteuid():
                file.chmod(mode & ~_OTHERS)
                log.warning(
                    "database_was_open_to_others", file=str(file), mode=f"{mode:04o}", now=f"{mode & ~_OTHERS:04o}"
                )
        except OSError:  # it is not there, or its file system has no owners
            continue

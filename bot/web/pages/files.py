"""Writes the site as files, and only those that changed: into a folder of its own, ready for any static host."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from bot.core.errors import UserError

MANIFEST = ".ftbot-site.json"
"""What was written last time; without it, a folder with something in it is somebody else's."""


@dataclass(frozen=True, slots=True)
class StaticFile:
    """A file of the site: its path, with slashes, and its contents."""

    path: str
    body: bytes


class _Manifest(msgspec.Struct):
    """Which files were written, by path, each with a hash of its contents."""

    schema: int = 1
    files: dict[str, str] = {}


@dataclass(slots=True)
class Written:
    """What a run did: files that there are, that were written, that were taken away."""

    files: int = 0
    written: int = 0
    removed: int = 0


@dataclass(slots=True)
class Folder:
    """A folder that a site is written into."""

    path: Path
    before: Mapping[str, str] = field(default_factory=dict)
    now: dict[str, str] = field(default_factory=dict)
    report: Written = field(default_factory=Written)

    @classmethod
    def open(cls, path: Path) -> Folder:
        """Open a folder, or make it. Raises ``UserError`` where it is somebody else's or cannot be written."""
        try:
            path.mkdir(parents=True, exist_ok=True)
            manifest = path / MANIFEST
            if not manifest.exists() and any(path.iterdir()):
                raise UserError(
                    f"{path} holds files that no ftbot wrote. Name an empty folder, or one that a site was written to."
                )
            return cls(path, _read(manifest))
        except OSError as error:
            raise _unwritable(path, error) from error

    def put(self, file: StaticFile) -> None:
        """Write a file, unless it is there as it is."""
        digest = hashlib.blake2b(file.body, digest_size=12).hexdigest()
        self.now[file.path] = digest
        self.report.files += 1
        place = self.path / file.path
        if self.before.get(file.path) == digest and place.exists():
            return
        try:
            place.parent.mkdir(parents=True, exist_ok=True)
            beside = place.with_name(f".{place.name}.new")
            beside.write_bytes(file.body)
            beside.replace(place)
        except OSError as error:
            raise _unwritable(place, error) from error
        self.report.written += 1

    def close(self) -> Written:
        """Take away what is not of the site any more, and note what is."""
        for path in self.before.keys() - self.now.keys():
            (self.path / path).unlink(missing_ok=True)
            self.report.removed += 1
        manifest = self.path / MANIFEST
        beside = manifest.with_name(f"{MANIFEST}.new")
        beside.write_bytes(msgspec.json.encode(_Manifest(files=self.now)))
        beside.replace(manifest)
        return self.report


def _read(manifest: Path) -> dict[str, str]:
    try:
        return msgspec.json.decode(manifest.read_bytes(), type=_Manifest).files
    except FileNotFoundError:
        return {}
    except msgspec.MsgspecError:
        return {}


def _unwritable(path: Path, error: OSError) -> UserError:
    return UserError(f"{path} cannot be written: {error.strerror or error}. Name another folder.")

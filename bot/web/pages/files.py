"""Writes the site as files, and only those that changed: into a folder of its own, ready for any static host."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
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


@dataclass(frozen=True, slots=True)
class Group:
    """Files that are made from the same, and a stamp of that."""

    name: str
    stamp: str
    files: Sequence[StaticFile]


class _Manifest(msgspec.Struct):
    """Which files were written, by path, each with a hash of its contents; and what groups of them were made from.

    A group is what is made of the same: its stamp, and the paths of its files.
    """

    schema: int = 1
    files: dict[str, str] = {}
    groups: dict[str, tuple[str, list[str]]] = {}


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
    before: _Manifest = field(default_factory=_Manifest)
    now: _Manifest = field(default_factory=_Manifest)
    report: Written = field(default_factory=Written)

    @classmethod
    def open(cls, path: Path) -> Folder:
        """Open a folder, or make it. Raises ``UserError`` where it is somebody else's or cannot be written."""
        try:
            path.mkdir(parents=True, exist_ok=True)
            manifest = path / MANIFEST
            if not manifest.exists():
                if any(path.iterdir()):
                    raise UserError(
                        f"{path} holds files that no ftbot wrote. Name an empty folder, or one that a site was written"
                        " to."
                    )
                # At once, so that a folder is known again after a first run that did not come to its end.
                manifest.write_bytes(msgspec.json.encode(_Manifest()))
            return cls(path, _read(manifest))
        except OSError as error:
            raise _unwritable(path, error) from error

    def put(self, file: StaticFile) -> None:
        """Write a file, unless it is there as it is."""
        digest = _digest(file.body)
        self.now.files[file.path] = digest
        self.report.files += 1
        place = self.path / file.path
        if self.before.files.get(file.path) == digest and place.exists():
            return
        try:
            place.parent.mkdir(parents=True, exist_ok=True)
            beside = place.with_name(f".{place.name}.new")
            beside.write_bytes(file.body)
            beside.replace(place)
        except OSError as error:
            raise _unwritable(place, error) from error
        self.report.written += 1

    def read(self, path: str) -> bytes:
        """Return a file as it was written last time; nothing where it is not there, or another by now."""
        try:
            body = (self.path / path).read_bytes()
        except OSError:
            return b""
        return body if self.before.files.get(path) == _digest(body) else b""

    def kept(self, stamps: Mapping[str, str]) -> frozenset[str]:
        """Return the groups whose files are there as they were made from the same, and leave those."""
        found = []
        for name, stamp in stamps.items():
            before, paths = self.before.groups.get(name, ("", []))
            if before == stamp and all(map(self._has, paths)):
                self.now.groups[name] = (stamp, paths)
                self.now.files.update((path, self.before.files[path]) for path in paths)
                self.report.files += len(paths)
                found.append(name)
        return frozenset(found)

    def _has(self, path: str) -> bool:
        return os.path.exists(f"{self.path}/{path}")  # noqa: PTH110 — there are tens of thousands, and a Path takes longer

    def put_groups(self, groups: Iterable[Group]) -> None:
        """Write the files of groups, and note what they were made from."""
        for group in groups:
            for file in group.files:
                self.put(file)
            self.now.groups[group.name] = (group.stamp, [file.path for file in group.files])

    def close(self) -> Written:
        """Take away what is not of the site any more, and note what is."""
        for path in self.before.files.keys() - self.now.files.keys():
            place = self.path / path
            place.unlink(missing_ok=True)
            with suppress(OSError):  # there is something else in it
                place.parent.rmdir()
            self.report.removed += 1
        manifest = self.path / MANIFEST
        beside = manifest.with_name(f"{MANIFEST}.new")
        beside.write_bytes(msgspec.json.encode(self.now))
        beside.replace(manifest)
        return self.report


def _digest(body: bytes) -> str:
    return hashlib.blake2b(body, digest_size=12).hexdigest()


def _read(manifest: Path) -> _Manifest:
    """Read what was written last; one that makes no sense is as good as none, and everything is written anew."""
    try:
        found = msgspec.json.decode(manifest.read_bytes(), type=_Manifest)
    except (FileNotFoundError, msgspec.MsgspecError):
        return _Manifest()
    grouped = (path for _, paths in found.groups.values() for path in paths)
    makes_sense = all(map(_is_inside, found.files)) and all(path in found.files for path in grouped)
    return found if makes_sense else _Manifest()


def _is_inside(path: str) -> bool:
    """Return whether a path leads to a file of the folder: what others wrote into the note is never taken away."""
    parts = path.split("/")
    return not path.startswith("/") and all(part not in {"", ".", ".."} for part in parts)


def _unwritable(path: Path, error: OSError) -> UserError:
    return UserError(f"{path} cannot be written: {error.strerror or error}. Name another folder.")

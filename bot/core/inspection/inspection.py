"""What reading one wheel gave: its extension modules, how they were read, and what could not be told."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from packaging.version import Version

from bot.core.inspection.modules import Declaration, ExtensionModule, Gil, gil_of


class Inside(StrEnum):
    """What is in a wheel, as far as it tells whether tags can be believed that are mostly wrong."""

    NO_EXTENSION = "no-extension"
    """No extension module of CPython: it is for any build of Python."""

    EXTENSION = "extension"
    """Such a module, of whatever kind."""

    EXPORT_HOOKS = "export-hooks"
    """Such modules, and all but those named for abi3 have the hook without which abi3t modules cannot be imported."""


@dataclass(frozen=True, slots=True)
class Inspection:
    """A wheel as it was read; ``reason`` is a sentence why it could not be read, or not to its end.

    ``temporary`` tells that it may well be read another time. ``bytes`` is the size of the wheel, ``bytes_read`` how
    much of it was fetched in how many ``requests``. ``verified`` tells that the whole file was read and has the sha256
    that the index names. ``notes`` are sentences about its tags. ``inside`` is None where it could not be told.
    """

    wheel: str
    sha256: str | None
    verified: bool
    bytes_read: int
    bytes: int | None
    requests: int
    modules: tuple[ExtensionModule, ...] = ()
    notes: tuple[str, ...] = ()
    reason: str | None = None
    temporary: bool = False
    inside: Inside | None = None

    @property
    def gil(self) -> Gil:
        """Return what importing its modules does; where some could not be read it is never ``off`` or ``none``."""
        found = gil_of(self.modules)
        return found if self.reason is None or found is Gil.ON else Gil.UNKNOWN

    @property
    def untold(self) -> tuple[ExtensionModule, ...]:
        """Return the modules of which it cannot be told what they declare."""
        return tuple(module for module in self.modules if module.gil is Declaration.UNKNOWN)


@dataclass(frozen=True, slots=True)
class ReadWheel:
    """A wheel of a release (normalized name) and what was read in it, at a time (UTC)."""

    package: str
    version: Version
    inspection: Inspection
    read: datetime


@dataclass(frozen=True, slots=True)
class InspectionReport:
    """What reading wheels did: packages read, bytes fetched, what could not be read and why, how many are left.

    ``found`` counts targets of the packages that were read, by what importing them does.
    """

    packages: int
    bytes: int
    failed: dict[str, str]
    left: int
    found: dict[Gil, int]

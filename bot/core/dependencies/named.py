"""A package that somebody names: a name alone, or a release of it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from packaging.version import Version

from bot.core.index.names import normalize

_MORE_THAN_A_NAME = re.compile(r"[=<>!~;@\[(]")


@dataclass(frozen=True, slots=True)
class NamedPackage:
    """A package (normalized name), and the release that is meant: None is the newest."""

    name: str
    version: Version | None = None


def named_alone(text: str) -> NamedPackage | None:
    """Return the package whose name a person typed, None where it is more than a name (``naming.read_release``)."""
    return NamedPackage(normalize(text)) if _MORE_THAN_A_NAME.search(text) is None else None

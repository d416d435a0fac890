"""The list of the most downloaded projects: what it says, in the formats in which it comes."""

from __future__ import annotations

import re
from codecs import BOM_UTF8
from dataclasses import dataclass

import msgspec
from packaging.utils import InvalidName, canonicalize_name

from bot.core.errors import UpstreamError

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


@dataclass(frozen=True, slots=True)
class TopPackages:
    """Normalized names, the most downloaded first, and the day the list is of, as written, if it says.

    ``problem`` says why no newer list could be had, where it was tried.
    """

    names: tuple[str, ...]
    day: str | None
    problem: str | None = None


class _Row(msgspec.Struct):
    project: str


class _Document(msgspec.Struct):
    rows: list[_Row]
    last_update: str | None = None


_decode = msgspec.json.Decoder(_Document).decode


def parse_top_packages(body: bytes) -> TopPackages:
    """Read the published JSON, or plain text with a name a line; a list without names is an ``UpstreamError``."""
    body = body.removeprefix(BOM_UTF8).lstrip()
    if body.startswith(b"<"):  # a page for people, whose lines may look like names
        raise UpstreamError("The list of the most downloaded packages is malformed.")
    if body.startswith(b"{"):
        try:
            document = _decode(body)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            raise UpstreamError("The list of the most downloaded packages is malformed.") from None
        names, dated = (row.project for row in document.rows), document.last_update or ""
    else:
        lines = body.decode("utf-8", "replace").splitlines()
        names = (line.strip() for line in lines if not line.startswith("#"))
        dated = next((line for line in lines if line.startswith("#")), "")
    day = _DAY.search(dated)
    known = tuple(dict.fromkeys(name for text in names if (name := _normalized(text)) is not None))
    if not known:
        raise UpstreamError("The list of the most downloaded packages is empty.")
    return TopPackages(known, day[0] if day else None)


def _normalized(text: str) -> str | None:
    try:
        name = canonicalize_name(text, validate=True)
    except InvalidName:
        return None
    return text if name == text else name  # thousands of strings need not be there twice

"""What a release says of itself: the free-threading classifier and where its source and its tracker are.

Read from a wheel's metadata file (core metadata specification) or from PyPI's JSON API, whichever is at hand. A
classifier is a maintainer's claim; that there is none means nothing.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

import msgspec
from packaging.metadata import parse_email

from bot.core.errors import UpstreamError

CLASSIFIER = "Programming Language :: Python :: Free Threading"

LONGEST_LINK = 512
"""Characters; what a Discord link button takes."""

_LEVEL = re.compile(re.escape(CLASSIFIER) + r"(?: :: ([1-4]) - \w+)?", re.ASCII)
_SOURCE_LABELS = ("source", "sourcecode", "repository", "github", "code", "sources")
_TRACKER_LABELS = ("issues", "bugs", "issue", "tracker", "issuetracker", "bugtracker", "bugreports")
_HOSTS = ("github.com", "gitlab.com", "codeberg.org", "bitbucket.org", "git.sr.ht")
_HASHES = frozenset({"md5", "sha1", "sha224", "sha256", "sha384", "sha512"})
"""What an index may give of a file (PEP 691) and every Python can compute; others tell nothing."""

_NO_OWNERS = ("sponsors", "orgs")
"""First parts of addresses on GitHub that look like an owner's: funding links and organizations are no repositories."""


@dataclass(frozen=True, slots=True)
class Metadata:
    """The free-threading classifier as published, and links to the source and the issue tracker; None where unknown.

    ``offered`` tells whether the index has any of the release at all.
    """

    free_threading: str | None = None
    source: str | None = None
    tracker: str | None = None
    offered: bool = True


NOT_OFFERED = Metadata(offered=False)
"""What is known of a release where the index has no metadata of any."""


class _Info(msgspec.Struct):
    classifiers: list[str] | None = None
    project_urls: dict[str, str | None] | None = None
    home_page: str | None = None


class _Document(msgspec.Struct):
    info: _Info


_decode_document = msgspec.json.Decoder(_Document).decode


def from_metadata_file(body: bytes, hashes: Mapping[str, str] | None = None) -> Metadata:
    """Read a wheel's ``METADATA`` file; what it gets wrong is left out.

    Raises ``UpstreamError`` for one that has not the hashes (by algorithm, PEP 714) that the index gives.
    """
    for algorithm, digest in (hashes or {}).items():
        if algorithm in _HASHES and hashlib.new(algorithm, body).hexdigest() != digest.lower():
            msg = f"The metadata file has not the {algorithm} that the index gives."
            raise UpstreamError(msg)
    raw, _ = parse_email(body)
    urls: Mapping[str, str] = raw.get("project_urls", {})
    return _metadata(raw.get("classifiers", []), urls, raw.get("home_page"))


def from_json_api(body: bytes) -> Metadata:
    """Read an answer of PyPI's JSON API for a project or a release; raises ``UpstreamError``."""
    try:
        info = _decode_document(body).info
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        msg = "The JSON API answered something else than a project's metadata."
        raise UpstreamError(msg) from None
    urls = {label: url for label, url in (info.project_urls or {}).items() if url is not None}
    return _metadata(info.classifiers or [], urls, info.home_page)


def free_threading_level(classifier: str) -> int | None:
    """Return the level of a free-threading classifier: 1 unstable, 2 beta, 3 stable, 4 resilient; None without one."""
    found = _LEVEL.fullmatch(classifier)
    return int(found[1]) if found and found[1] else None


def safe_link(url: str | None) -> str | None:
    """Let a link pass that is an ordinary web address, short enough for a button; anything else becomes None."""
    if url is None or len(url) > LONGEST_LINK or not url.isascii() or not url.isprintable():
        return None
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    plain = parts.scheme in {"http", "https"} and "." in parts.netloc and "@" not in parts.netloc
    return url if plain and not set(url) & set(' "<>`\\^{|}()[]') else None


def _metadata(classifiers: Sequence[str], urls: Mapping[str, str], home_page: str | None) -> Metadata:
    labelled = {re.sub(r"[\W_]", "", label.lower()): url for label, url in urls.items()}
    hosted = [url for url in (*urls.values(), home_page) if url is not None and _repository(url) is not None]
    source = next((labelled[label] for label in _SOURCE_LABELS if label in labelled), None)
    tracker = next((labelled[label] for label in _TRACKER_LABELS if label in labelled), None)
    claims = sorted((text for text in classifiers if _LEVEL.fullmatch(text)), reverse=True)
    return Metadata(
        free_threading=claims[0] if claims else None,
        source=safe_link(source) or (_repository(hosted[0]) if hosted else None),
        tracker=safe_link(tracker),
    )


def _repository(url: str) -> str | None:
    """Return the repository that a link on a known host lies in, None for any other link."""
    link = safe_link(url)
    if link is None:
        return None
    parts = urlsplit(link)
    path = [part for part in parts.path.split("/") if part][:2]
    if parts.netloc.lower().removeprefix("www.") not in _HOSTS or len(path) != len(("owner", "name")):
        return None
    if path[0] in _NO_OWNERS:
        return None
    return f"https://{parts.netloc}/{path[0]}/{path[1].removesuffix('.git')}"

"""Reads what a release says of itself from a wheel's metadata file (core metadata specification) or PyPI's JSON API."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from itertools import islice
from urllib.parse import urlsplit

import msgspec
from packaging.metadata import parse_email
from packaging.requirements import InvalidRequirement, Requirement

from bot.core.errors import UpstreamError
from bot.core.index.metadata import Metadata, is_claim, safe_link

_SOURCE_LABELS = ("source", "sourcecode", "repository", "github", "code", "sources")
_TRACKER_LABELS = ("issues", "bugs", "issue", "tracker", "issuetracker", "bugtracker", "bugreports")
_HOSTS = ("github.com", "gitlab.com", "codeberg.org", "bitbucket.org", "git.sr.ht")
_HASHES = frozenset({"md5", "sha1", "sha224", "sha256", "sha384", "sha512"})
"""What an index may give of a file (PEP 691) and every Python can compute; others tell nothing."""

_NO_OWNERS = ("sponsors", "orgs")
"""First parts of addresses on GitHub that look like an owner's: funding links and organizations are no repositories."""


MOST_REQUIREMENTS = 200
"""Requirements of a release that are kept, without those of extras; the most seen are 80."""

LONGEST_REQUIREMENT = 500
_EXTRA = re.compile(r"\bextra\b")


class _Info(msgspec.Struct):
    requires_dist: list[str] | None = None
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
    return _metadata(raw.get("classifiers", []), urls, raw.get("home_page"), raw.get("requires_dist", []))


def from_json_api(body: bytes) -> Metadata:
    """Read an answer of PyPI's JSON API for a project or a release; raises ``UpstreamError``."""
    try:
        info = _decode_document(body).info
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        msg = "The JSON API answered something else than a project's metadata."
        raise UpstreamError(msg) from None
    urls = {label: url for label, url in (info.project_urls or {}).items() if url is not None}
    return _metadata(info.classifiers or [], urls, info.home_page, info.requires_dist or [])


def _metadata(
    classifiers: Sequence[str], urls: Mapping[str, str], home_page: str | None, requires: Sequence[str]
) -> Metadata:
    labelled = {re.sub(r"[\W_]", "", label.lower()): url for label, url in urls.items()}
    hosted = [url for url in (*urls.values(), home_page) if url is not None and _repository(url) is not None]
    source = next((labelled[label] for label in _SOURCE_LABELS if label in labelled), None)
    tracker = next((labelled[label] for label in _TRACKER_LABELS if label in labelled), None)
    claims = sorted((text for text in classifiers if is_claim(text)), reverse=True)
    return Metadata(
        free_threading=claims[0] if claims else None,
        source=safe_link(source) or (_repository(hosted[0]) if hosted else None),
        tracker=safe_link(tracker),
        requires=tuple(islice(filter(_is_required, requires), MOST_REQUIREMENTS)),
    )


def _is_required(text: str) -> bool:
    """Return whether this is a requirement that holds without any extra, as far as its marker tells."""
    if len(text) > LONGEST_REQUIREMENT:
        return False
    try:
        marker = Requirement(text).marker
    except (InvalidRequirement, ValueError, RecursionError):
        return False
    return marker is None or _EXTRA.search(str(marker)) is None


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

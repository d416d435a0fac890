"""What the site sends: bytes that were made once, with everything that a client needs to keep and compare them."""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache
from types import MappingProxyType

from aiohttp import web
from multidict import CIMultiDict

SECURITY: Mapping[str, str] = MappingProxyType(
    {
        "Content-Security-Policy": (
            "default-src 'none'; style-src 'self'; img-src 'self' data:; script-src 'self'; form-action 'self';"
            " base-uri 'none'; frame-ancestors 'none'"
        ),
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Server": "ftbot",
    }
)
"""What every answer of the site says: nothing from elsewhere is loaded, and nobody learns where a reader was."""

_WORTH_COMPRESSING = 500
"""Bytes; what is smaller fits into a packet as it is."""

_LEVEL = 6
_ETAG_BYTES = 15


class Cached(StrEnum):
    """How long an answer may be kept by whoever is between, and shown while a newer one is fetched."""

    SHORTLY = "public, max-age=30, stale-while-revalidate=60"
    """What is soon to be another: a package that is being looked up."""

    MINUTES = "public, max-age=300, stale-while-revalidate=86400, stale-if-error=604800"
    """What a scan changes."""

    A_DAY = "public, max-age=86400, stale-while-revalidate=604800, stale-if-error=604800"
    """What a new version of the program changes."""

    NEVER = "no-store"
    """What is about one reader, or about this moment."""


@dataclass(frozen=True, slots=True)
class PreparedAnswer:
    """An answer as it is sent, compressed once; ``etag`` is of the bytes, so that equal ones are equal everywhere."""

    status: int
    body: bytes
    gzipped: bytes | None
    etag: str
    lasting: bool
    headers: CIMultiDict[str]
    gzip_headers: CIMultiDict[str]
    unchanged_headers: CIMultiDict[str]

    @property
    def size(self) -> int:
        """Return how many bytes are kept of it."""
        return len(self.body) + len(self.gzipped or b"") + _OVERHEAD


_OVERHEAD = 4_096
"""Bytes that an answer takes besides what is sent: headers in three forms, and its place."""


@dataclass(frozen=True, slots=True)
class Content:
    """What there is to send: bytes and what they are; ``headers`` are further ones.

    ``lasting`` tells that it is the answer for as long as what it was made from is the same.
    """

    body: bytes
    type: str
    cached: Cached = Cached.MINUTES
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    compressible: bool = True
    lasting: bool = True


def prepared(content: Content) -> PreparedAnswer:
    """Compress content and note what to say of it; takes milliseconds for what is large."""
    gzipped = None
    if content.compressible and len(content.body) >= _WORTH_COMPRESSING:
        packed = gzip.compress(content.body, _LEVEL, mtime=0)
        gzipped = packed if len(packed) < len(content.body) else None
    # Of all that is sent by this address, not of the bytes alone: an answer of another kind is another answer.
    digest = hashlib.blake2b(f"{content.type}\n".encode() + content.body, digest_size=_ETAG_BYTES).hexdigest()
    shared = {**SECURITY, "Cache-Control": content.cached.value, **content.headers}
    if content.compressible:
        shared["Vary"] = "Accept-Encoding"
    comparable = content.status == web.HTTPOk.status_code and content.cached is not Cached.NEVER
    plain, packed_tag = ({"ETag": f'"{digest}{end}"'} if comparable else {} for end in ("", "-gzip"))
    kind = {"Content-Type": content.type}
    return PreparedAnswer(
        content.status,
        content.body,
        gzipped,
        digest if comparable else "",
        content.lasting,
        CIMultiDict({**shared, **kind, **plain}),
        CIMultiDict({**shared, **kind, **packed_tag, "Content-Encoding": "gzip"}),
        CIMultiDict({**shared, **plain}),
    )


def respond(request: web.Request, answer: PreparedAnswer) -> web.Response:
    """Send an answer: that nothing changed, or its bytes, compressed where the client takes that."""
    known = request.headers.get("If-None-Match")
    if known is not None and answer.etag and _matches(known, answer.etag):
        headers = answer.unchanged_headers
        if f'"{answer.etag}-gzip"' in known:
            headers = headers.copy()
            headers["ETag"] = f'"{answer.etag}-gzip"'
        return web.Response(status=web.HTTPNotModified.status_code, headers=headers)
    if answer.gzipped is not None and takes_gzip(request.headers.get("Accept-Encoding", "")):
        return web.Response(status=answer.status, body=answer.gzipped, headers=answer.gzip_headers)
    return web.Response(status=answer.status, body=answer.body, headers=answer.headers)


def _matches(known: str, etag: str) -> bool:
    """Compare weakly, as If-None-Match is (RFC 9110, 13.1.2); both forms of the same bytes match."""
    tags = {tag.strip().removeprefix("W/") for tag in known.split(",")}
    return bool(tags & {"*", f'"{etag}"', f'"{etag}-gzip"'})


@lru_cache(maxsize=256)
def takes_gzip(accepted: str) -> bool:
    """Return whether a client takes gzip, by its Accept-Encoding (RFC 9110, 12.5.3), of which there are few."""
    weights: dict[str, float] = {}
    for part in accepted.split(","):
        coding, _, parameter = part.partition(";")
        name, _, weight = parameter.partition("=")
        try:
            weights[coding.strip().lower()] = float(weight) if name.strip().lower() == "q" else 1.0
        except ValueError:
            continue
    return weights.get("gzip", weights.get("x-gzip", weights.get("*", 0.0))) > 0

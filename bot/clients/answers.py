"""What servers answer, whichever library asked: statuses that mean something, bodies as sent, where redirects lead."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus

from yarl import URL

from bot.clients.guard import shown
from bot.clients.gunzip import Gunzip, GzipError, inflate, too_large
from bot.core.errors import UpstreamError
from bot.core.origins import Origin, Service

LARGEST_BODY = 64 << 20
"""Bytes of a body, inflated; the largest project page seen has 12 MB."""

LARGEST_STREAM = 512 << 20
"""Bytes of a document that is read piece by piece, inflated; PyPI's list of all projects has some 45 MB."""

MOST_REDIRECTS = 5

_ANSWERS = {
    int(status): status for status in (HTTPStatus.OK, HTTPStatus.NOT_MODIFIED, HTTPStatus.NOT_FOUND, HTTPStatus.GONE)
}


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer that means something (200, 304, 404, 410) with its body as sent."""

    status: HTTPStatus
    url: str
    headers: Mapping[str, str]
    sent: bytes
    most: int = LARGEST_BODY

    @property
    def etag(self) -> str | None:
        """Return the entity tag, for a conditional request later; None for one that no header can carry back."""
        return entity_tag(self.headers)

    def body(self) -> bytes:
        """Inflate the body, up to ``most`` bytes; CPU-bound. Raises ``UpstreamError``."""
        if not _is_gzip(self.url, self.headers):
            return self.sent
        try:
            return inflate(self.sent, self.most)
        except GzipError as error:
            raise _uninflated(self.url, error) from error


def entity_tag(headers: Mapping[str, str]) -> str | None:
    """Return the entity tag of an answer, None for one that no header can carry back; names are in small letters."""
    tag = headers.get("etag")
    return tag if tag is not None and tag.isascii() and tag.isprintable() else None


def meaning(status: int, host: str | None, headers: Mapping[str, str]) -> HTTPStatus:
    """Return a status that means something. Raises ``UpstreamError`` for any other."""
    known = _ANSWERS.get(status)
    if known is None:
        raise refusal(status, host, headers)
    return known


def refusal(status: int, host: str | None, headers: Mapping[str, str]) -> UpstreamError:
    """Return the error for a status that means nothing here."""
    busy = status in {HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE}
    retryable = busy or status >= HTTPStatus.INTERNAL_SERVER_ERROR
    phrase = "asks to slow down (429)" if status == HTTPStatus.TOO_MANY_REQUESTS else f"answered with status {status}"
    wait = _retry_after(headers.get("retry-after"))
    return UpstreamError(f"{host} {phrase}.", retryable=retryable, busy=busy, retry_after=wait)


def check_redirect(service: Service, asked: str | None, here: Origin | None, there: Origin | None) -> None:
    """Check that a host's redirect stays within a service. Raises ``UpstreamError`` for one that does not."""
    if there is None:
        raise UpstreamError(f"{asked} redirects to nowhere.")
    if here is not None and here.is_secure and not there.is_secure:
        raise UpstreamError(f"{asked} redirects from https to http, which is not followed.")
    if not service.admits(there, here):
        raise UpstreamError(f"{asked} redirects to {shown(there)}, which is not followed.")


def too_long(url: str, most: int) -> UpstreamError:
    """Return the error of a body that has more than ``most`` bytes as sent."""
    return _uninflated(url, too_large(most))


async def inflated(url: str, headers: Mapping[str, str], pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """Return a long body piece by piece as it comes, inflated; others get their turn in between."""
    if not _is_gzip(url, headers):
        size = 0
        async for piece in pieces:
            size += len(piece)
            if size > LARGEST_STREAM:
                raise too_long(url, LARGEST_STREAM)
            yield piece
        return
    whole = Gunzip(LARGEST_STREAM)
    try:
        async for piece in pieces:
            for part in whole.feed(piece):
                yield part
                await asyncio.sleep(0)
        whole.end()
    except GzipError as error:
        raise _uninflated(url, error) from error


def host_of(url: str) -> str:
    """Return the host of an address as people read it."""
    try:
        return URL(url).host or "The server"
    except ValueError:
        return "The server"


def _is_gzip(url: str, headers: Mapping[str, str]) -> bool:
    encoding = headers.get("content-encoding", "identity").strip().lower()
    if encoding in {"identity", ""}:
        return False
    if encoding not in {"gzip", "x-gzip"}:
        raise UpstreamError(f"{host_of(url)} answered in an encoding that was not asked for ({encoding[:20]}).")
    return True


def _retry_after(value: str | None) -> float | None:
    """Read seconds or a date (RFC 9110, 10.2.3); None for what is neither."""
    if value is None:
        return None
    text = value.strip()
    if text.isascii() and text.isdigit():
        return float(text[:9])
    try:
        until = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    until = until if until.tzinfo else until.replace(tzinfo=UTC)
    return max(0.0, (until - datetime.now(UTC)).total_seconds())


def _uninflated(url: str, error: GzipError) -> UpstreamError:
    return UpstreamError(f"{host_of(url)} {error}.", retryable=error.retryable)

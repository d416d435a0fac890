"""HTTP as the clients use it: one connection pool, bounded bodies, deadlines, and retries that obey ``Retry-After``.

What asks thousands of times does so by a ``Direct``. All else may ask by httpx, which is imported when it is opened.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from http import HTTPStatus
from itertools import count
from typing import TYPE_CHECKING, TypeAlias

from bot.clients.answers import (
    LARGEST_BODY,
    MOST_REDIRECTS,
    Answer,
    check_redirect,
    host_of,
    inflated,
    meaning,
    refusal,
    too_long,
)
from bot.clients.direct import Direct
from bot.clients.guard import SERVICE, origin_of
from bot.core.errors import UpstreamError
from bot.core.origins import Service

if TYPE_CHECKING:  # what scans needs neither, and they are slow to import
    import httpx
    import stamina

Http: TypeAlias = "httpx.AsyncClient | Direct"
"""What documents are fetched by."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How hard a request is tried: attempts, waits in seconds that double up to a limit, a deadline for each attempt.

    A service that asks to be left alone for longer than ``longest_wait`` is left alone.
    """

    attempts: int = 3
    first_wait: float = 0.25
    longest_wait: float = 5.0
    deadline: float = 60.0

    def retrying(self, *, within: float | None = None) -> AsyncIterator[stamina.Attempt]:
        """Iterate over attempts; an ``UpstreamError`` that is not retryable ends them.

        With ``within``, an attempt that would begin after so many seconds is not waited for.
        """
        import stamina  # noqa: PLC0415 — as above

        ends = None if within is None else time.monotonic() + within
        failures = count()

        def again(error: Exception) -> bool | float:
            longest = min(self.longest_wait, self.first_wait * (2 ** next(failures) + 1))
            asked = self._asked_wait(error)
            wait = longest if asked is True else asked
            if asked is False or (ends is not None and time.monotonic() + wait >= ends):
                return False
            return asked

        return stamina.retry_context(
            on=again,
            attempts=self.attempts,
            timeout=within,
            wait_initial=self.first_wait,
            wait_max=self.longest_wait,
            wait_jitter=self.first_wait,
        ).__aiter__()

    def _asked_wait(self, error: Exception) -> bool | float:
        """Return for how many seconds to wait after an error, True for as many as usual, False for ever."""
        if not isinstance(error, UpstreamError) or not error.retryable:
            return False
        if error.retry_after is None:
            return True
        return error.retry_after if error.retry_after <= self.longest_wait else False


@asynccontextmanager
async def open_http(user_agent: str, *, connections: int = 50) -> AsyncIterator[httpx.AsyncClient]:
    """Open the connection pool of the process; every request carries the user agent, and passes the gate."""
    from bot.clients.httpx_client import open_client  # noqa: PLC0415 — as above

    async with open_client(user_agent, connections) as http:
        yield http


async def fetch(  # noqa: PLR0913 — how a document is asked for, by name
    http: Http,
    url: str,
    headers: Mapping[str, str],
    *,
    service: Service,
    deadline: float,
    most: int = LARGEST_BODY,
) -> Answer:
    """GET a URL of a service within ``deadline`` seconds, up to ``most`` bytes.

    Failures, and statuses without a meaning here, are ``UpstreamError``.
    """
    if isinstance(http, Direct):
        return await http.fetch(url, headers, service=service, deadline=deadline, most=most)
    async with asked(http, url, headers, service=service, deadline=deadline) as response:
        status = meaning(response.status_code, response.url.host, response.headers)
        sent = bytearray()
        async for chunk in response.aiter_raw():
            sent += chunk
            if len(sent) > most:
                raise too_long(url, most)
        return Answer(status, str(response.url), response.headers, bytes(sent), most)


@asynccontextmanager
async def stream(
    http: Http, url: str, headers: Mapping[str, str], *, service: Service, deadline: float
) -> AsyncIterator[AsyncIterator[bytes]]:
    """GET a long document piece by piece, inflated; failures, and any status but 200, are ``UpstreamError``."""
    if isinstance(http, Direct):
        async with http.stream(url, headers, service=service, deadline=deadline) as pieces:
            yield pieces
        return
    async with asked(http, url, headers, service=service, deadline=deadline) as response:
        if response.status_code != HTTPStatus.OK:
            raise refused(response)
        yield inflated(url, response.headers, response.aiter_raw())


@asynccontextmanager
async def asked(
    http: httpx.AsyncClient, url: str, headers: Mapping[str, str], *, service: Service, deadline: float
) -> AsyncIterator[httpx.Response]:
    """Send a GET for a service, and follow redirects as far as that may lead; failures are ``UpstreamError``.

    The answer is there while the block runs, and the deadline is for both.
    """
    from bot.clients.httpx_client import as_upstream_errors  # noqa: PLC0415 — whoever has a client has imported it

    walk = _Walk(url)
    with as_upstream_errors(lambda: host_of(walk.url)):
        async with asyncio.timeout(deadline):
            request = http.build_request("GET", url, headers=dict(headers), extensions={SERVICE: service})
            for _ in range(MOST_REDIRECTS + 1):
                response = await http.send(request, stream=True)
                try:
                    if response.next_request is None:
                        yield response
                        return
                finally:
                    await response.aclose()
                here, following = response.url, response.next_request.url
                check_redirect(service, here.host, origin_of(str(here)), origin_of(str(following)))
                walk.url = str(following)
                # Not httpx's own: that one has a body, which servers take for the beginning of another request.
                request = http.build_request("GET", walk.url, headers=dict(headers), extensions={SERVICE: service})
            raise UpstreamError(f"{host_of(walk.url)} redirects in circles.")


@dataclass(slots=True)
class _Walk:
    """What is asked for now, while redirects are followed."""

    url: str


def refused(response: httpx.Response) -> UpstreamError:
    """Return the error for a status that means nothing here."""
    return refusal(response.status_code, response.url.host, response.headers)

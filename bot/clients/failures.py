"""What went wrong between here and a server: aiohttp's exceptions as sentences that are true.

Whoever reads "could not be reached" looks at the network; so it is said only where nothing answered.
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import aiohttp
from aiohttp.http_exceptions import BadHttpMessage, BadStatusLine, LineTooLong, PayloadEncodingError

from bot.core.errors import UpstreamError

UNREACHABLE = "could not be reached"
NO_ADDRESS = "has no address that can be asked"


Told = tuple[str, bool]
"""What happened, in half a sentence, and whether it may go better soon."""


_FAILURES: tuple[type[Exception], ...] = (TimeoutError, aiohttp.ClientError, OSError, UnicodeError)


def _nothing(_cause: BaseException) -> Told | None:
    return None


@contextmanager
def as_upstream_errors(
    host: Callable[[], str],
    others: tuple[type[Exception], ...] = (),
    explain: Callable[[BaseException], Told | None] = _nothing,
) -> Iterator[None]:
    """Raise an ``UpstreamError`` for what goes wrong with a request; ``host`` gives who is asked at that time.

    ``others`` are exceptions of what asks by aiohttp, and ``explain`` knows what those say.
    """
    try:
        yield
    except _FAILURES + others as error:
        problem, retryable = _explain(error, explain)
        raise UpstreamError(f"{host()} {problem}.", retryable=retryable) from error


def _explain(error: BaseException, explain: Callable[[BaseException], Told | None]) -> Told:
    causes = tuple(causes_of(error))
    for cause in reversed(causes):  # the first cause tells most
        if isinstance(cause, ssl.SSLCertVerificationError):
            return f"could not prove who it is ({cause.verify_message})", False
        if isinstance(cause, ssl.SSLError):
            return "and this program do not agree how to encrypt", False
        if (broken := _broken_http(cause)) is not None:
            return broken, True
    for cause in causes:
        if (problem := _problem(cause)) is not None:
            return problem, True
        if (told := explain(cause)) is not None:
            return told
        if isinstance(cause, aiohttp.InvalidURL | UnicodeError):
            return NO_ADDRESS, False
    return "broke the connection off", True


def _problem(cause: BaseException) -> str | None:
    match cause:
        case aiohttp.ClientHttpProxyError():
            return f"{UNREACHABLE}: the proxy answered with status {cause.status}"
        case aiohttp.ClientProxyConnectionError():
            return f"{UNREACHABLE}: the proxy could not be"
        case aiohttp.ConnectionTimeoutError():
            return f"{UNREACHABLE} in time"
        case aiohttp.ClientConnectorDNSError() | socket.gaierror():
            return f"{UNREACHABLE}: no address is known for that name"
        case aiohttp.ClientConnectorError():
            return _not_connected(cause.os_error)
        case aiohttp.ServerTimeoutError() | TimeoutError():
            return "did not answer in time"
        case aiohttp.ServerDisconnectedError():
            return "closed the connection without an answer"
        case aiohttp.ClientPayloadError():
            return "ended its answer too early"
        case _:
            return None


def _not_connected(error: OSError) -> str:
    if isinstance(error, ConnectionRefusedError):
        return f"{UNREACHABLE}: it refuses connections"
    return f"{UNREACHABLE}: {error.strerror.lower()}" if error.strerror else UNREACHABLE


def _broken_http(cause: BaseException) -> str | None:
    """Return in which way an answer is not HTTP; which class is raised for it depends on which parser aiohttp has."""
    match cause:
        case BadStatusLine():
            return "answered with something that is not HTTP"
        case LineTooLong():
            return "answered with a header that is too long"
        case PayloadEncodingError() if cause.message.startswith("Not enough data"):
            return "ended its answer too early"
        case BadHttpMessage() if "Too many headers" in cause.message:
            return "answered with too many headers"
        case BadHttpMessage() if isinstance(cause, PayloadEncodingError) or "chunk" in cause.message.lower():
            return "answered in chunks that are broken"
        case BadHttpMessage():
            return "answered with a header that is broken"
        case _:
            return None


def causes_of(error: BaseException | None) -> Iterator[BaseException]:
    """Return an error and what led to it, the last first."""
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__

"""One credential's requests to GitHub, sent one after the other by one thread, which alone touches PyGithub's objects.

PyGithub mis-sends requests when threads share a client, sends again what GitHub may have done already, and waits with
``time.sleep``. So there is one thread for a credential; a write is sent once; pauses, retries and deadlines are awaited
on the event loop, which neither waits for a socket nor parses an answer.
"""

from __future__ import annotations

import asyncio
import logging
import re
import ssl
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from concurrent.futures import Future
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from http import HTTPStatus
from http.client import HTTPException
from math import ceil
from queue import SimpleQueue
from typing import Final, TypeVar
from urllib.parse import SplitResult, urljoin, urlsplit

import msgspec
from github import Auth
from github.Requester import (
    HTTPRequestsConnectionClass,
    HTTPSRequestsConnectionClass,
    Requester,
    RequestsResponse,
)
from requests.exceptions import ConnectTimeout, ProxyError, Timeout
from urllib3.exceptions import NewConnectionError

from bot.clients.answers import entity_tag
from bot.clients.failures import causes_of
from bot.clients.github.budget import Budgets
from bot.clients.web import Patience
from bot.core.errors import UpstreamError
from bot.core.github.threads import ForbiddenError, GoneError, RefusedError, UnsureError

_T = TypeVar("_T")

_API_VERSION = "2022-11-28"
_PUBLIC_HOST = "api.github.com"
_PER_PAGE = 100
_TIMEOUT = 15
"""Seconds that GitHub may be silent; it gives up itself after ten."""
_STALE = 30.0
"""Seconds after which an idle connection is not trusted with a write: GitHub may close it just then."""
_GRACE = 1.5
"""Seconds that a request may take to end when the program does."""
_REDIRECTS = 5
_LONGEST_BUSY = 7200.0
"""Seconds. GitHub's longest window is an hour."""
_DEFAULT_BUSY = 60.0
_MOVED_TO = "x-moved-to"
_NEXT = re.compile(r'<([^<>]+)>\s*;[^,<>]*\brel="?next\b')

_MOVED = frozenset({301, 302, 307, 308})
_GONE = frozenset({404, 410, 451})
_CLIENT_WENT_AWAY = 499
"""What a proxy says of a request that it passed on, and whose answer it did not wait for."""
_UNDECIDED = frozenset({HTTPStatus.REQUEST_TIMEOUT, _CLIENT_WENT_AWAY})
_NOT_NOW = frozenset({HTTPStatus.CONFLICT, HTTPStatus.TOO_EARLY})
_LIMIT_TEXTS = ("rate limit", "abuse detection", "please wait a few minutes")


class TokenRefusedError(ForbiddenError):
    """GitHub does not accept the credential (401): nothing was done."""


class NotThereError(GoneError):
    """GitHub answered that something is not there (404, 410, 451); ``said`` is what it said of that."""

    def __init__(self, text: str, status: int, said: str) -> None:
        super().__init__(text)
        self.status = status
        self.said = said


class MovedError(GoneError):
    """What should be written to is somewhere else by now: nothing was done."""


@dataclass(frozen=True, slots=True)
class Call:
    """One HTTP request; ``path`` is below the API's base, or a whole address that GitHub gave."""

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    body: object = None
    etag: str | None = None
    is_write: bool = False


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer of 200 to 299, or 304; the names of ``headers`` are lower-case."""

    status: int
    headers: Mapping[str, str]
    text: str

    @property
    def etag(self) -> str | None:
        """Return the entity tag, for a conditional request later; None for one that no header can carry back."""
        return entity_tag(self.headers)

    @property
    def next(self) -> str | None:
        """Return the address of the next page."""
        found = _NEXT.search(self.headers.get("link", "")[:10_000])
        return None if found is None else found[1]


@dataclass(frozen=True, slots=True)
class _Moved:
    """What was asked for is at another address of the same API."""

    url: str


@dataclass(slots=True)
class _Budget:
    """The seconds that GitHub has for a call, all attempts together; they run from when it is sent first."""

    seconds: float
    ends: float | None = None

    def left(self) -> float:
        """Return what is left, and begin to count."""
        if self.ends is None:
            self.ends = time.monotonic() + self.seconds
        return max(0.0, self.ends - time.monotonic())


class GithubWorker:
    """Sends one credential's requests; one that GitHub answers with a rate limit silences all that follow."""

    def __init__(  # noqa: PLR0913 — how GitHub is asked, by name
        self,
        api_url: str,
        *,
        user_agent: str,
        credential: str,
        now: Callable[[], datetime],
        patience: Patience,
        write_gap: float,
    ) -> None:
        self._api = _Api(api_url.rstrip("/"), user_agent, credential, max(1, min(_TIMEOUT, int(patience.deadline))))
        self._now = now
        self._patience = patience
        self._write_gap = write_gap
        self._turn = asyncio.Lock()
        self._write_turn = asyncio.Lock()
        self._last_write = float("-inf")
        self._thread: _WorkerThread | None = None
        self._busy: UpstreamError | None = None
        self._busy_until = float("-inf")
        self._strikes = 0
        self._closed = False
        self._requests = 0

    @property
    def requests(self) -> int:
        """Return how many HTTP requests were sent so far."""
        return self._requests

    @property
    def budgets(self) -> Budgets:
        """Return how many requests GitHub still answers."""
        return self._api.budgets

    @property
    def write_gap(self) -> float:
        """Return the seconds from the end of one write to the next."""
        return self._write_gap

    @property
    def host(self) -> str:
        """Return GitHub's name, for messages."""
        return self._api.name

    @property
    def graphql_url(self) -> str:
        """Return where GraphQL is answered."""
        return self._api.graphql_url

    async def read(self, call: Call, auth: Auth.Auth | None, take: Callable[[Reply], _T]) -> _T:
        """Ask, again if need be, and give what ``take`` makes of the answer in the thread. Raises ``UpstreamError``.

        The deadline is one for all attempts and the waits between them: whoever asked is waiting.
        """
        budget = _Budget(self._patience.deadline)
        async for attempt in self._patience.retrying(within=budget.seconds):
            with attempt:
                return await self._follow(call, auth, take, budget)
        raise UpstreamError(f"{self.host} was not asked.")

    async def write(self, call: Call, auth: Auth.Auth | None, take: Callable[[Reply], _T]) -> _T:
        """Send once, some time after the last write. Raises ``UnsureError`` where it may have happened.

        What was moved is not written to (``MovedError``): it may be somebody else's now.
        """
        self._refuse_while_busy()
        async with self._write_turn:
            await asyncio.sleep(max(0.0, self._last_write + self._write_gap - time.monotonic()))
            try:
                outcome = await self._send(call, auth, take, _Budget(self._patience.deadline))
            finally:
                self._last_write = time.monotonic()
        if isinstance(outcome, _Moved):
            raise MovedError(f"{self.host} says that {_subject(call)} was moved, so nothing was written.")
        return outcome

    async def close(self) -> None:
        """End the thread; one that hangs in a request is left behind."""
        self._closed = True
        if self._thread is not None:
            await self._thread.end(_GRACE)

    async def _follow(self, call: Call, auth: Auth.Auth | None, take: Callable[[Reply], _T], budget: _Budget) -> _T:
        for _ in range(_REDIRECTS):
            outcome = await self._send(call, auth, take, budget)
            if not isinstance(outcome, _Moved):
                return outcome
            call = replace(call, path=outcome.url, query={})
        raise UpstreamError(f"{self.host} redirects in circles.")

    async def _send(
        self, call: Call, auth: Auth.Auth | None, take: Callable[[Reply], _T], budget: _Budget
    ) -> _T | _Moved:
        async with self._turn:
            self._refuse_while_busy()
            if self._closed:
                raise UpstreamError(f"{self.host} was not asked, as the program ends.")
            if self._thread is None:
                self._thread = _WorkerThread(self._api)
            self._requests += 1
            try:
                job = partial(_exchange, call, auth, take, self._now)
                outcome = await self._within(budget.left(), self._thread, call, job)
            except UpstreamError as error:
                self._strikes = self._strikes + 1 if error.busy else 0
                if error.busy:
                    self._be_silent(error)
                raise
            self._strikes = 0
            return outcome

    async def _within(self, seconds: float, thread: _WorkerThread, call: Call, job: Callable[[_Session], _T]) -> _T:
        future = thread.submit(job)
        outcome = asyncio.wrap_future(future)
        try:
            done, _ = await asyncio.wait({outcome}, timeout=seconds)
            if done:
                return outcome.result()
            never_began = future.cancel()
        finally:
            outcome.cancel()  # also where the caller was cancelled: nobody will ask for the outcome
        # The thread hangs, here or in the request before; the next request gets a new thread with clients of its own.
        thread.retire()
        self._thread = None
        if call.is_write and not never_began:
            raise _unsure(self.host, "did not answer in time")
        raise UpstreamError(f"{self.host} did not answer in time.", retryable=True)

    def _be_silent(self, error: UpstreamError) -> None:
        if error.retry_after is None:
            error.retry_after = _DEFAULT_BUSY * 2 ** min(self._strikes - 1, 6)
        error.retry_after = min(error.retry_after, _LONGEST_BUSY)
        self._busy = error
        self._busy_until = time.monotonic() + error.retry_after

    def _refuse_while_busy(self) -> None:
        """Fail at once until the time is over that GitHub asked for: who ignores its limits may be banned."""
        rest = self._busy_until - time.monotonic()
        if self._busy is not None and rest > 0:
            raise busy_error(self.host, rest)


@asynccontextmanager
async def open_worker(  # noqa: PLR0913 — how GitHub is asked, by name
    api_url: str,
    *,
    user_agent: str,
    now: Callable[[], datetime],
    patience: Patience,
    write_gap: float = 0.0,
    credential: str = "the token.",
) -> AsyncIterator[GithubWorker]:
    """Open a worker; its thread starts with the first request.

    ``credential`` says what it is that GitHub refuses with status 401, and what to do then.
    """
    # At level DEBUG PyGithub writes whole answers to the log, and installation tokens come in answers.
    logging.getLogger("github.Requester").setLevel(logging.WARNING)
    worker = GithubWorker(
        api_url, user_agent=user_agent, credential=credential, now=now, patience=patience, write_gap=write_gap
    )
    try:
        yield worker
    finally:
        await worker.close()


@dataclass(frozen=True, slots=True)
class _Api:
    """Where GitHub is, and how it is asked."""

    url: str
    user_agent: str
    credential: str
    timeout: int
    budgets: Budgets = field(default_factory=Budgets)

    @property
    def parts(self) -> SplitResult:
        return urlsplit(self.url)

    @property
    def host(self) -> str:
        return self.parts.hostname or ""

    @property
    def name(self) -> str:
        return "GitHub" if self.host in {"", _PUBLIC_HOST} else self.host

    @property
    def graphql_url(self) -> str:
        return self.parts._replace(path=Requester.get_graphql_prefix(self.parts.path)).geturl()

    def address(self, url: str) -> str | None:
        """Return the whole address of a redirect or a next page; None where it leads out of the API."""
        if url == self.graphql_url:
            return url
        ours = self.parts
        try:
            whole = urljoin(f"{self.url}/", url)
            parts = urlsplit(whole)
            same = (parts.scheme, parts.hostname, parts.port) == (
                self.parts.scheme,
                self.parts.hostname,
                self.parts.port,
            )
        except ValueError:  # no port, or brackets around nothing
            return None
        inside = parts.path.startswith(f"{ours.path}/") and ".." not in parts.path.split("/")
        return whole if same and inside else None


def _without_redirect(response: RequestsResponse) -> RequestsResponse:
    """Hide a redirect's target from PyGithub, which would follow it without the query, and with writes too."""
    if "location" in response.headers:
        response.headers[_MOVED_TO] = response.headers.pop("location")
    return response


class _Connection(HTTPRequestsConnectionClass):
    def getresponse(self) -> RequestsResponse:
        return _without_redirect(super().getresponse())


class _SecureConnection(HTTPSRequestsConnectionClass):
    def getresponse(self) -> RequestsResponse:
        return _without_redirect(super().getresponse())


class _Session:
    """PyGithub's objects of one thread."""

    def __init__(self, api: _Api) -> None:
        self.api: Final = api
        self._requester = Requester(
            auth=None,
            base_url=api.url,
            timeout=api.timeout,
            user_agent=api.user_agent,
            per_page=_PER_PAGE,
            verify=True,
            retry=None,
            pool_size=None,
            seconds_between_requests=None,
            seconds_between_writes=None,
            lazy=True,
            api_version=_API_VERSION,
        )
        connect = _SecureConnection if api.parts.scheme == "https" else _Connection
        self._connection = connect(api.host, api.parts.port, timeout=api.timeout)
        self._used = time.monotonic()

    def send(self, call: Call, auth: Auth.Auth | None) -> Reply:
        headers = {"Accept": "application/vnd.github+json"}
        if call.etag is not None:
            headers["If-None-Match"] = call.etag
        if call.is_write and time.monotonic() - self._used > _STALE:
            self._connection.close()
        try:
            status, answered, text = self._requester.withAuth(auth).requestJson(
                call.method, call.path, dict(call.query), headers, call.body, self._connection
            )
        except Exception as error:  # PyGithub lets through whatever requests, urllib3 and its own parsing raise
            raise _lost(self.api.name, call, error) from error
        finally:
            self._used = time.monotonic()
        return Reply(status, {name: str(value) for name, value in answered.items()}, text)

    def close(self) -> None:
        self._connection.close()
        self._requester.close()


class _WorkerThread:
    """A thread that works on one job after the other; a daemon, as a request that hangs must not keep the program."""

    def __init__(self, api: _Api) -> None:
        self._jobs: SimpleQueue[Callable[[_Session], None] | None] = SimpleQueue()
        self._loop = asyncio.get_running_loop()
        self._ended = asyncio.Event()
        threading.Thread(target=self._work, args=(api,), name="github", daemon=True).start()

    def submit(self, job: Callable[[_Session], _T]) -> Future[_T]:
        """Have a job done; the future can be cancelled until the job begins."""
        future: Future[_T] = Future()

        def work(session: _Session) -> None:
            if not future.set_running_or_notify_cancel():
                return
            try:
                outcome = job(session)
            except BaseException as error:  # noqa: BLE001 — whoever waits for the future gets it, as with an executor
                future.set_exception(error)
            else:
                future.set_result(outcome)

        self._jobs.put(work)
        return future

    def retire(self) -> None:
        """End the thread after its jobs."""
        self._jobs.put(None)

    async def end(self, grace: float) -> None:
        """End the thread, and wait for that for some seconds."""
        self.retire()
        with suppress(TimeoutError):
            await asyncio.wait_for(self._ended.wait(), grace)

    def _work(self, api: _Api) -> None:
        session = _Session(api)
        for job in self._until_retired():
            job(session)
        session.close()
        with suppress(RuntimeError):  # the program ended without waiting
            self._loop.call_soon_threadsafe(self._ended.set)

    def _until_retired(self) -> Iterator[Callable[[_Session], None]]:
        while (job := self._jobs.get()) is not None:
            yield job


def _exchange(
    call: Call, auth: Auth.Auth | None, take: Callable[[Reply], _T], now: Callable[[], datetime], session: _Session
) -> _T | _Moved:
    """Send a request and read its answer, in the thread."""
    host = session.api.name
    if not call.path.startswith("/") and session.api.address(call.path) is None:
        raise UpstreamError(f"{host} has the next page somewhere else.")
    reply = session.send(call, auth)
    session.api.budgets.note(reply.headers)
    if reply.status in _MOVED and _MOVED_TO in reply.headers:
        url = session.api.address(reply.headers[_MOVED_TO])
        if url is None:
            raise UpstreamError(f"{host} redirects to somewhere else.")
        return _Moved(url)
    try:
        _check(session.api, call, reply)
        return take(reply)
    except UpstreamError as error:
        if error.busy and error.retry_after is None:
            raise busy_error(host, _asked_wait(reply, now)) from error
        raise
    except (msgspec.MsgspecError, RecursionError) as error:
        if call.is_write:
            raise _unsure(host, "answered with what could not be read") from error
        # A proxy's page, or half an answer; JSON of another shape stays the same.
        broken = isinstance(error, msgspec.DecodeError) and not isinstance(error, msgspec.ValidationError)
        raise UpstreamError(f"{host} answered {_subject(call)} not as described.", retryable=broken) from error


def _check(api: _Api, call: Call, reply: Reply) -> None:
    """Raise what a status means."""
    host, status = api.name, reply.status
    if status < HTTPStatus.MULTIPLE_CHOICES or (status == HTTPStatus.NOT_MODIFIED and call.etag is not None):
        return
    message = _message(reply.text)
    if status == HTTPStatus.TOO_MANY_REQUESTS or (status == HTTPStatus.FORBIDDEN and _is_limit(reply, message)):
        raise busy_error(host)
    if status in _GONE:
        raise NotThereError(
            f"{host} has no {_subject(call)}, or does not show it ({status}{message}).", status, message
        )
    if status == HTTPStatus.UNAUTHORIZED:
        raise TokenRefusedError(f"{host} refused {api.credential}")
    if status == HTTPStatus.FORBIDDEN:
        raise ForbiddenError(f"{host} forbids {_subject(call)} (403{message}).")
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR or status < HTTPStatus.BAD_REQUEST or status in _UNDECIDED:
        if call.is_write:
            raise _unsure(host, f"answered with status {status}")
        wait = _seconds(reply.headers.get("retry-after"))
        raise UpstreamError(f"{host} answered with status {status}.", retryable=True, retry_after=wait)
    if status in _NOT_NOW:
        raise UpstreamError(f"{host} answered with status {status}.", retryable=True)
    raise RefusedError(f"{host} refused {_subject(call)} ({status}{message}).")


def busy_error(who: str, wait: float | None = None) -> UpstreamError:
    """Return the error of a GitHub that asks to slow down, for so many seconds if it said how long."""
    long = "" if wait is None else f" for {ceil(min(wait, _LONGEST_BUSY))} s"
    return UpstreamError(f"{who} asks to slow down{long}.", retryable=True, busy=True, retry_after=wait)


def _is_limit(reply: Reply, message: str) -> bool:
    said = message.lower()
    return (
        "retry-after" in reply.headers
        or reply.headers.get("x-ratelimit-remaining") == "0"
        or any(text in said for text in _LIMIT_TEXTS)
    )


def _asked_wait(reply: Reply, now: Callable[[], datetime]) -> float | None:
    """Return the seconds that GitHub asks to wait; its window's end counts only where the window is used up."""
    wait = _seconds(reply.headers.get("retry-after"))
    if wait is not None:
        return wait
    reset = _seconds(reply.headers.get("x-ratelimit-reset"))
    if reset is None or reply.headers.get("x-ratelimit-remaining", "0") != "0":
        return None
    return max(1.0, reset - now().timestamp() + 1)  # it does not say when in that second


def _seconds(value: str | None) -> float | None:
    text = "" if value is None else value.strip()
    return float(text[:12]) if text.isascii() and text.isdigit() else None


class _Problem(msgspec.Struct):
    message: str = ""


def _message(text: str) -> str:
    """Return what GitHub says about an error, with a colon before it, as one short line."""
    try:
        said = msgspec.json.decode(text, type=_Problem).message
    except (msgspec.MsgspecError, RecursionError):
        return ""
    return said_after_colon(said)


def said_after_colon(said: str) -> str:
    """Return what GitHub says as one short line with a colon before it; nothing for nothing."""
    line = " ".join("".join(sign if sign.isprintable() else " " for sign in said[:400]).split())[:200].rstrip(".")
    return f": {line}" if line else ""


def _subject(call: Call) -> str:
    """Name what is asked for, without its query."""
    return f"`{call.method} {urlsplit(call.path).path[:200]}`"


def _lost(host: str, call: Call, error: Exception) -> UpstreamError:
    """Return why there is no answer; a write that left is unsure."""
    causes = tuple(causes_of(error))
    if any(isinstance(cause, ssl.SSLCertVerificationError) for cause in causes):
        return UpstreamError(f"{host} could not prove who it is.", retryable=True)
    if _never_left(error):
        return UpstreamError(f"{host} could not be reached.", retryable=True)
    problem = "broke the connection"
    if isinstance(error, Timeout):
        problem = "did not answer in time"
    elif any(isinstance(cause, HTTPException) and not isinstance(cause, ConnectionError) for cause in causes):
        problem = "answered with something that is not HTTP"
    return _unsure(host, problem) if call.is_write else UpstreamError(f"{host} {problem}.", retryable=True)


def _never_left(error: Exception) -> bool:
    if isinstance(error, ConnectTimeout | ProxyError):
        return True
    reason: object = getattr(error.args[0], "reason", None) if error.args else None
    return isinstance(reason, NewConnectionError)


def _unsure(host: str, problem: str) -> UnsureError:
    return UnsureError(f"{host} {problem}, so it is not known whether it did what was asked.")

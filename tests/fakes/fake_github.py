"""A GitHub on loopback for tests: unmodified PyGithub talks to it, and tests play the people.

It keeps state, fails on demand, sends webhooks, and judges every request and answer by GitHub's OpenAPI document and
GraphQL schema if they are at hand (``validating``); what does not fit is in ``violations``, which tests assert to be
empty. What GitHub would do but no bot of ours may, such as setting all labels at once, is a violation too.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import TracebackType
from typing import Self

import msgspec
from aiohttp import web

from tests.fakes.changes import Changes
from tests.fakes.discord_json import JsonObject
from tests.fakes.github_auth import BadCredentialsError, Caller, Credentials, Kind, Limits, SuspendedError
from tests.fakes.github_failures import Failure, Script
from tests.fakes.github_forms import Forms
from tests.fakes.github_graphql import GraphQL, may_query
from tests.fakes.github_rest import DOCUMENTATION, SUSPENDED, Call, RefusedError, Reply, Rest, Route
from tests.fakes.github_schema import Schema, load_schema
from tests.fakes.github_webhooks import FakeDelivery, Webhooks
from tests.fakes.github_world import AccountKind, FakeApp, FakeRepository, FakeUser, Occurrence, World

TOKEN = "github_pat_reader"
RESET = 0
"""The status of a request that was answered with a cut connection."""

_MAX_REQUEST_BYTES = 26 * 1024 * 1024
_BY_ID = re.compile(r"/repositories/([0-9]+)(/.*)?")
_UNLIMITED = frozenset({"/rate_limit"})


@dataclass(frozen=True, slots=True)
class FakeRequest:
    """A request as it was answered; ``body`` is its JSON."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str] = field(repr=False)
    body: object
    status: int


def utc_now() -> datetime:
    """Return the real time."""
    return datetime.now(UTC)


class FakeGitHub:
    """The server and its world; ``now`` is the clock by which things happen there, credentials go by the real one."""

    def __init__(self, *, now: Callable[[], datetime] = utc_now, validate: bool = True) -> None:
        self.url = ""
        self.token = TOKEN
        self.app = FakeApp()
        self.violations: list[str] = []
        self.requests: list[FakeRequest] = []
        self.graphql_points = 0
        """What all GraphQL queries cost so far."""
        self.schema = load_schema() if validate else Schema(None, None)
        self.world = World(now, self.app)
        self.limits = Limits(now)
        self.credentials = Credentials(self.world, self.token)
        self._forms = Forms(self.world, lambda: self.url)
        self.webhooks = Webhooks(self.world, self._forms, self.schema, self.violations.append)
        self.world.tell = self._tell
        self._rest = Rest(self.world, self._forms, self.credentials, self.limits, self.webhooks, self.violations.append)
        self.routes: list[Route] = self._rest.routes()
        self._graphql = GraphQL(self.world, self.limits, self.violations.append)
        self._scripts: list[Script] = []
        self._held: list[Failure] = []
        self._answered = 0
        self._changes = Changes()
        self._runner: web.AppRunner | None = None

    async def __aenter__(self) -> Self:
        """Start serving on a free port of 127.0.0.1."""
        app = web.Application(client_max_size=_MAX_REQUEST_BYTES)
        app.router.add_route("*", "/{path:.*}", self._serve)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0, backlog=1024).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        self.webhooks.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Let go of every request that is held and stop serving."""
        for failure in self._held:
            if failure.hold is not None:
                failure.hold.release.set()
        await self.webhooks.stop()
        if self._runner is not None:
            await self._runner.cleanup()

    # What tests set up

    def repository(  # noqa: PLR0913 — what a repository can have, by name and with defaults
        self,
        full_name: str,
        *,
        labels: Sequence[str] = (),
        installed: bool = False,
        private: bool = False,
        suggestions: bool = False,
        files: Mapping[str, bytes] | None = None,
    ) -> FakeRepository:
        """Make a repository; nobody is told, even if the App is installed in it."""
        repository = self.world.repository(full_name, labels=labels, private=private)
        repository.suggestions = suggestions
        repository.files.update(files or {})
        if installed:
            repository.install(quiet=True)
        return repository

    def user(self, login: str, *, bot: bool = False) -> FakeUser:
        """Return an account, as a person's or a bot's."""
        return self.world.user(login, AccountKind.BOT if bot else None)

    def fail(self, pattern: str, *failures: Failure, method: str | None = None) -> None:
        """Let the next requests whose path the expression is found in go wrong, one after the other."""
        self._scripts.append(Script(re.compile(pattern), method, list(failures)))

    def expire_tokens(self) -> None:
        """Make an end of every installation token, as if its hour were over."""
        self.credentials.revoke()

    @property
    def hook_url(self) -> str | None:
        """Where webhooks are sent to, None for nowhere."""
        return self.webhooks.url

    @hook_url.setter
    def hook_url(self, url: str | None) -> None:
        self.webhooks.url = url

    def lose_deliveries(self, count: int) -> None:
        """Let the next webhooks reach nobody, as when the bot is down."""
        self.webhooks.to_lose += count

    def delivery(
        self, event: str, payload: object, *, secret: str | None = None, guid: str | None = None
    ) -> tuple[dict[str, str], bytes]:
        """Return headers and body of a webhook of the test's own, signed with the App's secret or another."""
        return self.webhooks.signed(event, payload, secret=secret, guid=guid)

    # What tests look at

    @property
    def validating(self) -> bool:
        """Return whether requests and answers are judged by GitHub's OpenAPI document."""
        return self.schema.validating

    @property
    def deliveries(self) -> list[FakeDelivery]:
        """Return the webhooks, oldest first."""
        return self.webhooks.deliveries

    async def delivered(self) -> None:
        """Wait until every webhook was sent and answered."""
        await self.webhooks.sent()

    def count(self, method: str, pattern: str) -> int:
        """Count the requests so far whose path the expression is found in."""
        return sum(
            request.method == method and re.search(pattern, request.path) is not None for request in self.requests
        )

    async def until(self, reached: Callable[[], bool], seconds: float = 30.0) -> None:
        """Wait until something is so: it is looked at after every request and whatever else happens here."""
        await self._changes.until(reached, lambda: f"{self.requests[-5:]}, {self.violations}", seconds)

    def _tell(self, happened: Occurrence) -> None:
        self.webhooks.tell(happened)
        self._changes.note()

    # Serving

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        try:
            return await self._serve_one(request)
        except Exception:  # noqa: BLE001 — whatever it is, the test finds it in `violations`
            # The bot would take it for one of GitHub's own errors, and perhaps try again until the test ends.
            self.violations.append(f"the fake failed at {request.method} {request.path}: {traceback.format_exc()}")
            return web.Response(status=500)

    async def _serve_one(self, request: web.Request) -> web.StreamResponse:
        try:
            raw = await request.read()
        except ConnectionError:  # who asked was killed on the way, and asked nothing
            return web.Response()
        path = request.rel_url.path
        body: object = None
        if raw:
            try:
                body = msgspec.json.decode(raw)
            except msgspec.DecodeError as error:
                self.violations.append(f"{request.method} {path}: the body is no JSON: {error}")
        failure = next((found for script in self._scripts if (found := script.take(request.method, path))), None)
        if failure is not None:
            await self._wait(failure)
        response: web.Response | None = None
        if failure is None or failure.applies:
            response = self._answer(request, body, failure)
        if failure is not None and failure.status is not None:
            response = self._scripted(request, failure)
        if failure is not None and failure.drop:
            response = None
        status = RESET if response is None else response.status
        self.requests.append(
            FakeRequest(request.method, path, dict(request.rel_url.query), dict(request.headers), body, status)
        )
        self._changes.note()
        if response is None:
            if request.transport is not None:
                request.transport.abort()
            return web.Response()
        return response

    async def _wait(self, failure: Failure) -> None:
        if failure.delay:
            await asyncio.sleep(failure.delay)
        if failure.hold is not None:
            self._held.append(failure)
            failure.hold.arrived.set()
            await failure.hold.release.wait()

    def _scripted(self, request: web.Request, failure: Failure) -> web.Response:
        headers = self._request_id()
        try:
            caller = self.credentials.identify(request.headers.get("Authorization"))
            headers |= self.limits.headers(caller, _resource(request.rel_url.path))
        except (BadCredentialsError, SuspendedError):
            pass
        headers |= failure.headers
        assert failure.status is not None
        return _response(failure.status, failure.body, headers)

    def _request_id(self) -> dict[str, str]:
        self._answered += 1
        return {"X-GitHub-Request-Id": f"FAKE:{self._answered:04X}", "X-GitHub-Media-Type": "github.v3; format=json"}

    def _answer(self, request: web.Request, body: object, failure: Failure | None) -> web.Response:
        headers = self._request_id()
        try:
            caller = self.credentials.identify(request.headers.get("Authorization"))
        except BadCredentialsError:
            return _response(401, _error(401, "Bad credentials"), headers)
        except SuspendedError:
            return _response(403, _error(403, SUSPENDED), headers)
        resource = _resource(request.rel_url.path)
        usage = self.limits.usage(caller, resource)
        if usage.used >= self.limits.limit(caller, resource) and request.rel_url.path not in _UNLIMITED:
            headers |= self.limits.headers(caller, resource)
            if resource == "graphql":
                errors = [{"type": "RATE_LIMITED", "message": "API rate limit already exceeded"}]
                return _response(200, {"errors": errors}, headers)
            return _response(403, _error(403, "API rate limit exceeded"), headers)
        if resource == "graphql":
            reply, cost = self._queried(request, body, caller)
            self.graphql_points += cost
        else:
            reply, cost = self._rested(request, body, caller), int(request.rel_url.path not in _UNLIMITED)
        if failure is not None and failure.change is not None and isinstance(reply.body, dict):
            reply = Reply(reply.status, failure.change(reply.body), reply.headers)
        headers |= reply.headers
        status, sent = reply.status, None if reply.body is None else msgspec.json.encode(reply.body)
        if status == 200 and sent is not None and request.method == "GET":
            headers["ETag"] = f'W/"{hashlib.sha256(sent).hexdigest()}"'
            if request.headers.get("If-None-Match") == headers["ETag"]:
                # It costs nothing, unless one asks without a credential.
                status, sent, cost = 304, None, int(caller.kind is Kind.ANONYMOUS)
        usage.used += cost
        headers |= self.limits.headers(caller, resource)
        return _response(status, sent, headers)

    def _queried(self, request: web.Request, body: object, caller: Caller) -> tuple[Reply, int]:
        if request.method != "POST":
            return Reply(404, _error(404, "Not Found")), 0
        if not may_query(caller):
            return Reply(401, _error(401, "This endpoint requires you to be authenticated.")), 0
        answer = self._graphql.answer(body, caller)
        return Reply(200, answer.body), answer.cost

    def _rested(self, request: web.Request, body: object, caller: Caller) -> Reply:
        raw_path = self._by_name(request.rel_url.raw_path)
        query = dict(request.rel_url.query)
        for route in self.routes:
            places = route.places(raw_path) if route.method == request.method else None
            if places is not None:
                return self._run(route, Call(route.method, raw_path, places, query, body, caller))
        if self.schema.validating or not any(route.places(raw_path) for route in self.routes):
            self.violations.append(f"{request.method} {request.rel_url.path}: the fake knows no such operation")
        return Reply(404, _error(404, "Not Found"))

    def _by_name(self, raw_path: str) -> str:
        """Return the path with the repository's name, where it has the number that redirects lead to."""
        found = _BY_ID.fullmatch(raw_path)
        repository = None if found is None else self.world.repositories.get(int(found[1]))
        if found is None or repository is None:
            return raw_path
        return f"/repos/{repository.full_name}{found[2] or ''}"

    def _run(self, route: Route, call: Call) -> Reply:
        wrong = self.schema.request(route.method, route.template, call.query, call.body)
        self.violations += wrong
        try:
            reply = route.run(call)
        except RefusedError as error:
            reply = Reply(error.status, error.body, error.headers)
        if not wrong or reply.status < 400:
            self.violations += self.schema.answer(route.method, route.template, reply.status, reply.body)
        return reply


def _resource(path: str) -> str:
    return {"/graphql": "graphql", "/search/issues": "search"}.get(path, "core")


def _error(status: int, message: str) -> JsonObject:
    return {"message": message, "documentation_url": DOCUMENTATION, "status": str(status)}


def _response(status: int, body: object, headers: Mapping[str, str]) -> web.Response:
    """Make an answer; bytes are sent as they are, anything else as JSON, and None is no body."""
    if body is None:
        return web.Response(status=status, headers=headers)
    sent = {"Content-Type": "application/json; charset=utf-8"} | dict(headers)
    return web.Response(
        status=status, body=body if isinstance(body, bytes) else msgspec.json.encode(body), headers=sent
    )

"""What can go wrong at GitHub, for the next requests that a test names."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from tests.fakes.discord_json import JsonObject

Change = Callable[[JsonObject], JsonObject]


@dataclass(slots=True, eq=False)
class Hold:
    """A request that waits: ``arrived`` is set when it is there, and it goes on when the test sets ``release``."""

    arrived: asyncio.Event = field(default_factory=asyncio.Event)
    release: asyncio.Event = field(default_factory=asyncio.Event)


@dataclass(frozen=True, slots=True)
class Failure:
    """What shall happen to one request.

    ``status`` with ``headers`` and ``body`` is answered instead (None: as usual); ``when`` says whether the request is
    done all the same; before that it waits ``delay`` seconds, or for ``hold``; ``drop`` cuts the connection instead of
    an answer; ``change`` is applied to the JSON that would be answered.
    """

    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    body: object = None
    when: Literal["before", "after"] = "before"
    delay: float = 0.0
    hold: Hold | None = None
    drop: bool = False
    change: Change | None = None

    @property
    def applies(self) -> bool:
        """Return whether the request is done."""
        return self.when == "after" or (self.status is None and not self.drop)


@dataclass(slots=True, eq=False)
class Script:
    """What happens to the next requests of a kind, in order."""

    pattern: re.Pattern[str]
    method: str | None
    failures: list[Failure]

    def take(self, method: str, path: str) -> Failure | None:
        """Return what happens to a request, once."""
        matches = self.method in {None, method} and self.pattern.search(path) is not None
        return self.failures.pop(0) if matches and self.failures else None


def server_error(status: int = 502) -> Failure:
    """Fail before anything was done."""
    return Failure(status, body={"message": "Server Error"})


def bad_gateway_after_write(status: int = 502) -> Failure:
    """Do what was asked and then fail: who sees only the answer cannot know that it was done."""
    return Failure(status, body={"message": "Server Error"}, when="after")


def dropped(*, after: bool = False) -> Failure:
    """Cut the connection, before or after the request was done."""
    return Failure(drop=True, when="after" if after else "before")


def slow(seconds: float) -> Failure:
    """Answer late."""
    return Failure(delay=seconds)


def held(hold: Hold) -> Failure:
    """Answer when the test says so."""
    return Failure(hold=hold)


def too_many_requests(retry_after: int | None = None) -> Failure:
    """Refuse with 429, as GitHub does with or without saying until when."""
    headers = {} if retry_after is None else {"Retry-After": str(retry_after)}
    return Failure(429, headers, {"message": "API rate limit exceeded", "documentation_url": "https://docs.github.com"})


def secondary_limit(retry_after: int | None = 60) -> Failure:
    """Refuse because too much was asked at once."""
    headers = {} if retry_after is None else {"Retry-After": str(retry_after)}
    message = "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."
    return Failure(403, headers, {"message": message, "documentation_url": "https://docs.github.com"})


def rate_limited(reset: datetime) -> Failure:
    """Refuse because the hour's requests are used up."""
    headers = {
        "X-RateLimit-Remaining": "0",
        "X-RateLimit-Used": "5000",
        "X-RateLimit-Reset": str(int(reset.timestamp())),
    }
    body = {"message": "API rate limit exceeded for installation ID 1.", "documentation_url": "https://docs.github.com"}
    return Failure(403, headers, body)


def gone() -> Failure:
    """Answer that it was deleted."""
    return Failure(410, body={"message": "This issue was deleted", "status": "410"})


def not_found() -> Failure:
    """Answer that there is no such thing, or that it is none of the caller's business."""
    return Failure(404, body={"message": "Not Found", "status": "404"})


def moved(location: str) -> Failure:
    """Lead elsewhere."""
    return Failure(301, {"Location": location}, {"message": "Moved Permanently", "url": location})


def html_page(status: int = 200) -> Failure:
    """Answer with HTML, as a proxy or GitHub's own load balancer does."""
    return Failure(status, {"Content-Type": "text/html; charset=utf-8"}, b"<!DOCTYPE html><title>Unicorn!</title>")


def incomplete_search() -> Failure:
    """Let a search say that it gave up before it was through."""
    return Failure(change=lambda answer: {**answer, "incomplete_results": True})


def graphql_errors(kind: str, message: str) -> Failure:
    """Answer a query with status 200, no data and one error."""
    return Failure(200, body={"data": None, "errors": [{"type": kind, "message": message}]})


def graphql_rate_limited() -> Failure:
    """Answer a query with status 200 and the error that says that the hour's points are used up."""
    return graphql_errors("RATE_LIMITED", "API rate limit already exceeded for user ID 1.")


def graphql_partial(count: int = 1) -> Failure:
    """Answer a query, but for its last ``count`` nodes (or aliases) say that something went wrong."""

    def change(answer: JsonObject) -> JsonObject:
        data = answer.get("data")
        assert isinstance(data, dict)
        errors = answer.get("errors")
        found = list(errors) if isinstance(errors, list) else []
        nodes = data.get("nodes")
        keys: list[str | int] = list(range(len(nodes))) if isinstance(nodes, list) else list(data)
        for key in keys[-count:]:
            path: list[str | int] = ["nodes", key] if isinstance(nodes, list) else [key]
            found.append({"type": "SERVICE_UNAVAILABLE", "path": path, "message": "Something went wrong"})
            if isinstance(nodes, list) and isinstance(key, int):
                nodes[key] = None
            else:
                data[key] = None
        return {"data": data, "errors": found}

    return Failure(change=change)

"""One comment of our own on a pull request, found by its mark and edited in place, with a token that a job has."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from http import HTTPStatus
from itertools import count
from typing import TypeVar

import httpx
import msgspec

from bot.clients.answers import LARGEST_BODY
from bot.clients.guard import SERVICE, service_at
from bot.clients.httpx_client import as_upstream_errors
from bot.clients.web import Patience, refused
from bot.core.errors import UpstreamError
from bot.core.github.threads import ForbiddenError

_Kind = TypeVar("_Kind")
_PAGE = 100
_MOST_PAGES = 50
_NOT_ALLOWED = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND})


class _Author(msgspec.Struct):
    id: int


class _Listed(msgspec.Struct):
    id: int
    user: _Author | None = None
    body: str | None = None


class _Viewer(msgspec.Struct, rename="camel"):
    database_id: int


class _ViewerData(msgspec.Struct):
    viewer: _Viewer


class _ViewerAnswer(msgspec.Struct):
    data: _ViewerData


@dataclass(frozen=True, slots=True)
class PullRequestComment:
    """The comment of a mark on a pull request of a repository; the addresses are those of GitHub's two APIs."""

    http: httpx.AsyncClient
    api_url: str
    graphql_url: str
    token: str = field(repr=False)
    repository: str
    number: int
    patience: Patience = field(default_factory=lambda: Patience(deadline=30.0))

    async def write(self, mark: str, body: str, *, anew: bool) -> bool:
        """Edit the comment that begins with a mark, or post it if there is none and it is wanted ``anew``.

        Return whether there is one now. Only a comment of the token's own account is edited: anybody can write a mark.
        Raises ``ForbiddenError`` where the token may not, ``UpstreamError`` where GitHub fails.
        """
        found = await self._find(mark)
        if found is not None:
            await self._patiently("PATCH", f"/repos/{self.repository}/issues/comments/{found}", {"body": body})
        elif anew:
            # Once: after a failure it may be there all the same.
            await self._send("POST", self._thread(), {"body": body})
        return found is not None or anew

    async def _find(self, mark: str) -> int | None:
        own: int | None = None
        for page in count(1):
            if page > _MOST_PAGES:
                raise UpstreamError("The pull request has too many comments to look for an earlier one.")
            sent = await self._patiently("GET", f"{self._thread()}?per_page={_PAGE}&page={page}", None)
            listed = _decoded(sent, list[_Listed])
            for comment in listed:
                if comment.user is None or not (comment.body or "").startswith(mark):
                    continue
                own = await self._own() if own is None else own
                if comment.user.id == own:
                    return comment.id
            if len(listed) < _PAGE:
                break
        return None

    async def _own(self) -> int:
        """Return the number of the account that the token writes as; REST does not tell it to a job's token."""
        asked = {"query": "query{viewer{databaseId}}"}
        sent = await self._patiently("POST", self.graphql_url, asked)
        return _decoded(sent, _ViewerAnswer).data.viewer.database_id

    def _thread(self) -> str:
        return f"/repos/{self.repository}/issues/{self.number}/comments"

    async def _patiently(self, method: str, path: str, content: dict[str, str] | None) -> bytes:
        async for attempt in self.patience.retrying():
            with attempt:
                return await self._send(method, path, content)
        raise AssertionError("an attempt returns or raises")

    async def _send(self, method: str, path: str, content: dict[str, str] | None) -> bytes:
        url = path if path == self.graphql_url else f"{self.api_url.rstrip('/')}{path}"
        headers = {
            "Accept": "application/vnd.github+json",
            "Accept-Encoding": "identity",
            "Authorization": f"Bearer {self.token}",
            "Content-Type": "application/json",
            "X-GitHub-Api-Version": "2022-11-28",
        }
        extensions = {SERVICE: service_at(url)}
        with as_upstream_errors(lambda: "GitHub"):
            async with asyncio.timeout(self.patience.deadline):
                body = None if content is None else msgspec.json.encode(content)
                request = self.http.build_request(method, url, content=body, headers=headers, extensions=extensions)
                response = await self.http.send(request, stream=True)
                try:
                    _admit(response)
                    sent = bytearray()
                    async for chunk in response.aiter_raw():
                        sent += chunk
                        if len(sent) > LARGEST_BODY:
                            raise UpstreamError("GitHub answered with more than is read.")
                    return bytes(sent)
                finally:
                    await response.aclose()


def _admit(response: httpx.Response) -> None:
    if response.is_success:
        return
    is_limit = response.headers.get("x-ratelimit-remaining") == "0" or "retry-after" in response.headers
    if response.status_code in _NOT_ALLOWED and not is_limit:
        raise ForbiddenError(f"GitHub answered with status {response.status_code}.")
    raise refused(response)


def _decoded(sent: bytes, kind: type[_Kind]) -> _Kind:
    try:
        return msgspec.json.decode(sent, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise UpstreamError("GitHub answered with something else than was asked for.") from error

"""Whether tokens are accepted: one harmless request with each, to whoever issued it."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus

import httpx

from bot.clients.guard import service_at
from bot.clients.web import asked
from bot.core.errors import UpstreamError

_DEADLINE = 15.0
"""Seconds for one answer."""


@dataclass(frozen=True, slots=True)
class Tokens:
    """Asks Discord and GitHub who a token belongs to."""

    http: httpx.AsyncClient
    discord_api_url: str
    github_api_url: str

    async def discord_accepts(self, token: str) -> bool:
        """Return whether Discord knows a bot token. Raises ``UpstreamError`` where it does not say."""
        return await self._accepts(f"{self.discord_api_url.rstrip('/')}/users/@me", f"Bot {token}")

    async def github_accepts(self, token: str) -> bool:
        """Return whether GitHub knows a token. Raises ``UpstreamError`` where it does not say."""
        return await self._accepts(f"{self.github_api_url.rstrip('/')}/rate_limit", f"Bearer {token}")

    async def _accepts(self, url: str, authorization: str) -> bool:
        if not (authorization.isascii() and authorization.isprintable()):  # no header carries it, so nobody issued it
            return False
        headers = {"Authorization": authorization}
        async with asked(self.http, url, headers, service=service_at(url), deadline=_DEADLINE) as response:
            if response.status_code == HTTPStatus.OK:
                return True
            if response.status_code in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
                return False
            raise UpstreamError(f"{response.url.host} answered with status {response.status_code}.")

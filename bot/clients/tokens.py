"""Whether tokens are accepted: one harmless request with each, to whoever issued it."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus

import httpx

from bot.core.errors import UpstreamError


@dataclass(frozen=True, slots=True)
class Tokens:
    """Asks Discord and GitHub who a token belongs to."""

    http: httpx.AsyncClient
    discord_api_url: str
    github_api_url: str

    async def discord_accepts(self, token: str) -> bool:
        """Tell whether Discord knows a bot token. Raises ``UpstreamError`` where it does not say."""
        return await self._accepts(f"{self.discord_api_url.rstrip('/')}/users/@me", f"Bot {token}")

    async def github_accepts(self, token: str) -> bool:
        """Tell whether GitHub knows a token. Raises ``UpstreamError`` where it does not say."""
        return await self._accepts(f"{self.github_api_url.rstrip('/')}/rate_limit", f"Bearer {token}")

    async def _accepts(self, url: str, authorization: str) -> bool:
        try:
            response = await self.http.get(url, headers={"Authorization": authorization})
        except httpx.InvalidURL as error:
            raise UpstreamError(f"{url} is no address.") from error
        except (httpx.HTTPError, OSError) as error:
            raise UpstreamError(f"{httpx.URL(url).host} could not be reached.") from error
        except ValueError:  # no header can carry it, so nobody issued it
            return False
        if response.status_code == HTTPStatus.OK:
            return True
        if response.status_code in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
            return False
        raise UpstreamError(f"{response.url.host} answered with status {response.status_code}.")

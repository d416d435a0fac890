"""GitHub, opened with what the settings have; its library is imported where it is opened, and takes memory and time."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from bot.config import Settings
from bot.core.errors import UserError
from bot.wiring.clock import utc_now

if TYPE_CHECKING:  # they import GitHub's library
    from bot.clients.github.app import GithubApp
    from bot.clients.github.reader import GithubReader


@asynccontextmanager
async def open_reader(settings: Settings, token: str | None) -> AsyncIterator[GithubReader]:
    """Open GitHub for reading only; without a token it allows few requests an hour, and no GraphQL."""
    from bot.clients.github.reader import open_github_reader

    async with open_github_reader(
        settings.github_api_url, token, user_agent=settings.user_agent, now=utc_now
    ) as reader:
        yield reader


@asynccontextmanager
async def open_app(settings: Settings) -> AsyncIterator[GithubApp | None]:
    """Open the App, None where it is not set up. Raises ``UserError`` where it is half, or with a key that is none."""
    key = settings.github_private_key
    if settings.github_app_id is None and key is None:
        yield None
        return
    if settings.github_app_id is None or key is None:
        missing = "FTBOT_GITHUB_APP_ID" if settings.github_app_id is None else "FTBOT_GITHUB_PRIVATE_KEY"
        raise UserError(f"The GitHub App is set up only half: {missing} is not set. Set it, or remove the other one.")
    from bot.clients.github.app import open_github_app

    async with open_github_app(
        settings.github_api_url,
        settings.github_app_id,
        key.get_secret_value(),
        user_agent=settings.user_agent,
        now=utc_now,
    ) as app:
        yield app

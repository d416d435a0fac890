"""What ``ftbot check`` needs, built from the settings."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from bot.clients.tokens import Tokens
from bot.clients.web import open_http
from bot.config import Settings
from bot.services.checkup import Checkup
from bot.wiring.database import open_database
from bot.wiring.http import build_index
from storage.engine.engine import Engine


@asynccontextmanager
async def open_checkup(settings: Settings, app_login: Callable[[], Awaitable[str | None]]) -> AsyncIterator[Checkup]:
    """Build what ``ftbot check`` needs; ``app_login`` asks GitHub as the App."""

    def open_configured() -> AbstractAsyncContextManager[Engine]:
        return open_database(settings)

    async with open_http(settings.user_agent) as http:
        yield Checkup(
            index=build_index(settings, http),
            tokens=Tokens(http, settings.discord_api_url, settings.github_api_url),
            open_database=open_configured,
            discord_token=settings.discord_token.get_secret_value() if settings.discord_token else None,
            github_token=settings.github_token.get_secret_value() if settings.github_token else None,
            app_login=app_login,
            has_webhook_secret=settings.github_webhook_secret is not None,
        )

"""Checks that what the bot is set up with works: the index, the JSON API, the database, the tokens."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass

from bot.clients.pages import ProjectPage
from bot.clients.pypi import PackageIndex
from bot.clients.tokens import Tokens
from bot.core.errors import StorageError, UpstreamError, UserError
from bot.core.github.threads import ForbiddenError
from bot.core.index.metadata import NOT_OFFERED, Metadata
from bot.core.text.sentences import listed
from bot.core.verdicts.curated import GIL_REENABLED
from bot.core.verdicts.imported_gil import is_contradicted
from storage.engine.engine import Engine
from storage.packages.inspections import Inspections

_PROBE = "packaging"
"""A small project that every index has."""


@dataclass(frozen=True, slots=True)
class Check:
    """What was found about one subject; ``works`` is None where it is not set up, ``upstream`` where others failed."""

    subject: str
    works: bool | None
    finding: str
    upstream: bool = False


_CURATED = "curated list"


@dataclass(frozen=True, slots=True)
class Checkup:
    """Runs the checks; tokens are None where there are none. ``app_login`` asks GitHub as the App, None without one.

    ``has_webhook_secret`` tells whether webhooks can be told from forged ones.
    """

    index: PackageIndex
    tokens: Tokens
    open_database: Callable[[], AbstractAsyncContextManager[Engine]]
    discord_token: str | None
    github_token: str | None
    app_login: Callable[[], Awaitable[str | None]]
    has_webhook_secret: bool

    async def run(self) -> tuple[Check, ...]:
        """Check everything at once; no check raises."""
        return tuple(
            await asyncio.gather(
                self._index(),
                self._json_api(),
                self._database(),
                self._curated(),
                self._token("Discord token", "FTBOT_DISCORD_TOKEN", self.discord_token, self.tokens.discord_accepts),
                self._token("GitHub token", "FTBOT_GITHUB_TOKEN", self.github_token, self.tokens.github_accepts),
                self._app(),
                self._webhooks(),
            )
        )

    async def _index(self) -> Check:
        try:
            page = await self.index.project(_PROBE)
        except UpstreamError as error:
            return Check("package index", works=False, finding=f"{error} Check FTBOT_INDEX_URL.", upstream=True)
        if isinstance(page, ProjectPage) and page.project.releases:
            return Check("package index", works=True, finding=f"{self.index.index_url} answers")
        finding = f"{self.index.index_url} has no project {_PROBE}. Check FTBOT_INDEX_URL."
        return Check("package index", works=False, finding=finding, upstream=True)

    async def _json_api(self) -> Check:
        metadata = await self.index.metadata(_PROBE, "26.3", None)
        if metadata in {None, NOT_OFFERED, Metadata()}:
            finding = f"{self.index.json_api_url} has no metadata. Classifiers and links will be missing."
            return Check("JSON API", works=None, finding=finding)
        return Check("JSON API", works=True, finding=f"{self.index.json_api_url} answers")

    async def _database(self) -> Check:
        try:
            async with self.open_database() as database:
                await database.check_writable()
        except StorageError as error:
            return Check("database", works=False, finding=str(error))
        return Check("database", works=True, finding=f"{database.name} can be written")

    async def _curated(self) -> Check:
        """Compare the curated list with the wheels that were read: the wheels are right."""
        try:
            async with self.open_database() as database:
                read = await Inspections(database).of_packages([entry.package for entry in GIL_REENABLED])
        except StorageError:
            return Check(_CURATED, works=None, finding="not compared with wheels, as the database cannot be read")
        wrong = [
            f"{each.package} {each.version}"
            for each in read
            if is_contradicted(each.package, each.version, each.inspection)
        ]
        if wrong:
            finding = f"says that {listed(wrong)} turns the GIL back on, and the wheels say that it does not"
            return Check(_CURATED, works=None, finding=finding)
        return Check(_CURATED, works=True, finding="no wheel that was read says otherwise")

    async def _app(self) -> Check:
        try:
            login = await self.app_login()
        except (UserError, ForbiddenError) as error:
            return Check("GitHub App", works=False, finding=str(error))
        except UpstreamError as error:
            return Check("GitHub App", works=False, finding=f"{error} Try again later.", upstream=True)
        if login is None:
            return Check("GitHub App", works=None, finding="not set (FTBOT_GITHUB_APP_ID, FTBOT_GITHUB_PRIVATE_KEY)")
        return Check("GitHub App", works=True, finding=f"accepted, writes as {login}")

    async def _webhooks(self) -> Check:
        if self.has_webhook_secret:
            return Check("GitHub webhooks", works=True, finding="are taken at /webhooks/github, signed with the secret")
        finding = "not set (FTBOT_GITHUB_WEBHOOK_SECRET); repositories with the App are polled only"
        return Check("GitHub webhooks", works=None, finding=finding)

    async def _token(
        self, subject: str, variable: str, token: str | None, accepts: Callable[[str], Awaitable[bool]]
    ) -> Check:
        if token is None:
            return Check(subject, works=None, finding=f"not set ({variable})")
        try:
            accepted = await accepts(token)
        except UpstreamError as error:
            return Check(subject, works=False, finding=f"{error} Try again later.", upstream=True)
        finding = "accepted" if accepted else f"refused. Make a new one and set {variable}."
        return Check(subject, works=accepted, finding=finding)

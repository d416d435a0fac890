"""What several processes on one database have between them: the lead, who is there, what they tell each other."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta

from bot.build import version
from bot.jobs import Job
from bot.services.fleet.leadership import Leadership
from bot.services.fleet.membership import Membership
from bot.services.fleet.notices import Notices
from storage.engine.engine import Engine
from storage.fleet.members import Members


@dataclass(frozen=True, slots=True)
class Fleet:
    """This process's part in the fleet."""

    database: Engine
    leadership: Leadership
    membership: Membership
    notices: Notices

    @property
    def jobs(self) -> tuple[Job, ...]:
        """Return what it takes to be one of several."""
        if not self.database.is_shared:
            return ()
        return (Job("say that this process is there", timedelta(seconds=5), self.membership.beat),)

    @asynccontextmanager
    async def joined(self) -> AsyncIterator[None]:
        """Be one of several while the block runs."""
        if not self.database.is_shared:
            yield
            return
        await self.membership.beat()
        async with self.notices.listening():
            try:
                yield
            finally:
                await self.membership.leave()


def build_fleet(database: Engine) -> Fleet:
    """Build it; a process has a name of its own each time it starts."""
    name = secrets.token_hex(8)
    return Fleet(
        database,
        Leadership(database, name),
        Membership(Members(database), name, version()),
        Notices(database),
    )

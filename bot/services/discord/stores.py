"""What posting remembers: servers, posts, closed channels, and what there is to tell of."""

from __future__ import annotations

from dataclasses import dataclass

from storage.discord.changes import Changes
from storage.discord.closed_channels import ClosedChannels
from storage.discord.guilds import Guilds
from storage.discord.package_news import PackageNews
from storage.discord.posts import Posts
from storage.discord.watch_news import WatchNews
from storage.discord.watches import Watches
from storage.engine.engine import Engine
from storage.github.thread_events import ThreadEvents
from storage.github.threads import Threads


@dataclass(frozen=True, slots=True)
class PostStores:
    """What posting remembers, and what it tells of."""

    guilds: Guilds
    posts: Posts
    closed: ClosedChannels
    changes: Changes
    events: ThreadEvents
    threads: Threads
    watches: Watches
    watch_news: WatchNews
    package_news: PackageNews

    @classmethod
    def of(cls, database: Engine) -> PostStores:
        """Open it on a database."""
        return cls(
            guilds=Guilds(database),
            posts=Posts(database),
            closed=ClosedChannels(database),
            changes=Changes(database),
            events=ThreadEvents(database),
            threads=Threads(database),
            watches=Watches(database),
            watch_news=WatchNews(database),
            package_news=PackageNews(database),
        )

"""What happened to packages that only watchers are told of, each at a position, in the order of noticing."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

import msgspec

from bot.core.posting.watches import NewsItem, NewsKind
from bot.core.wheels.targets import parse_target
from storage.engine.engine import Engine
from storage.engine.positions import append
from storage.engine.rows import Row


class NewsRow(msgspec.Struct, array_like=True):
    """NewsItem as tables have it."""

    package: str
    kind: NewsKind
    target: str
    version: str
    detail: str

    def news(self) -> NewsItem:
        """Return it as a noun."""
        target = parse_target(self.target) if self.target else None
        return NewsItem(self.package, self.kind, target, self.version, self.detail)


@dataclass(frozen=True, slots=True)
class PackageNews:
    """One row for each time that something happened; the same is never written twice, so never told twice."""

    database: Engine

    async def record(self, news: Iterable[NewsItem], now: datetime) -> int:
        """Add news, and tell how many are new; what is known stays as it is."""
        async with self.database.transaction() as transaction:
            return await append(
                transaction,
                "package_news",
                "INSERT INTO package_news (position, package, kind, target, version, detail, noticed)"
                " VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (package, kind, target, version) DO NOTHING RETURNING id",
                [(*news_row(each), now.timestamp()) for each in news],
            )

    async def numbered_after(self, position: int, most: int) -> tuple[tuple[int, NewsItem], ...]:
        """Return the first news after the one at a position, each with its own."""
        rows = await self.database.read(
            "SELECT position, package, kind, target, version, detail FROM package_news WHERE position > ?"
            " ORDER BY position LIMIT ?",
            (position, most),
        )
        return tuple(
            (position, msgspec.convert(rest, NewsRow).news())
            for position, *rest in msgspec.convert(rows, list[tuple[int, str, str, str, str, str]])
        )


def news_row(news: NewsItem) -> Row:
    """Return news as tables have it."""
    return news.package, news.kind.value, str(news.target or ""), news.version, news.detail

"""Digests of weeks that are over: kept as first made, for each choice of targets."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from bot.core.digest.digest import DigestThread, Issues
from bot.core.digest.wording import source_line
from storage.engine.engine import Engine
from storage.engine.rows import Value
from storage.packages.digests import Digests
from tests.core import digests as made
from tests.core.digests import WEEK
from tests.core.pages import T314, T315
from tests.storage.engines import OpenEngine, put_garbage

BOTH = (T314, T315)
BUSY = replace(
    made.BUSY, issues=Issues(opened=(DigestThread("org/spam", 7, "Crash \u202e", "https://example.org", 3),))
)


@pytest.fixture
async def database(open_engine: OpenEngine) -> AsyncIterator[Engine]:
    """Give an empty database."""
    async with open_engine() as opened:
        yield opened


async def test_a_digest_survives_a_restart_as_it_was(open_engine: OpenEngine) -> None:
    async with open_engine() as database:
        assert await Digests(database).kept(WEEK, BOTH) is None
        await Digests(database).keep(BUSY, BOTH)
    async with open_engine() as database:
        assert await Digests(database).kept(WEEK, BOTH) == BUSY


async def test_a_digest_that_was_kept_before_wheels_answered_issues_is_still_given(database: Engine) -> None:
    digests = Digests(database)
    await digests.keep(BUSY, BOTH)
    async with database.transaction() as transaction:
        ((body,),) = await transaction.run("SELECT body FROM digests")
        assert isinstance(body, str)
        older = body.replace(',"answered":[]', "").replace(',"answer":""', "")
        assert len(older) == len(body) - len(',"answered":[]') - len(',"answer":""')
        await transaction.run("UPDATE digests SET body = ?", (older,))
    assert await digests.kept(WEEK, BOTH) == BUSY


async def test_a_digest_that_was_kept_before_rules_were_named_says_that_the_first_made_it(database: Engine) -> None:
    digests = Digests(database)
    await digests.keep(replace(BUSY, rules="7"), BOTH)
    async with database.transaction() as transaction:
        ((body,),) = await transaction.run("SELECT body FROM digests")
        assert isinstance(body, str)
        older = body.replace(',"narrowed":[],"pure":[],"rules":"7"', "").replace(',"lost":[]}', "}")
        assert '"rules"' not in older
        await transaction.run("UPDATE digests SET body = ?", (older,))
    kept = await digests.kept(WEEK, BOTH)
    assert kept == BUSY
    assert "by rules 1" in source_line(BUSY)


async def test_the_first_digest_of_a_week_stays(database: Engine) -> None:
    digests = Digests(database)
    await digests.keep(BUSY, BOTH)
    await digests.keep(replace(BUSY, gained=BUSY.lost), BOTH)
    assert await digests.kept(WEEK, BOTH) == BUSY


async def test_each_week_has_its_own(database: Engine) -> None:
    digests = Digests(database)
    other = replace(BUSY, week=WEEK.before, lost=())
    await digests.keep(BUSY, BOTH)
    await digests.keep(other, BOTH)
    assert await digests.kept(WEEK, BOTH) == BUSY
    assert await digests.kept(WEEK.before, BOTH) == other
    assert await digests.kept(WEEK.before.before, BOTH) is None


async def test_a_digest_for_other_targets_is_not_given(database: Engine) -> None:
    digests = Digests(database)
    await digests.keep(BUSY, BOTH)
    assert await digests.kept(WEEK, (T315, T314)) is None
    assert await digests.kept(WEEK, (T314,)) is None
    other = replace(BUSY, shares=BUSY.shares[:1])
    await digests.keep(other, (T314,))
    assert await digests.kept(WEEK, (T314,)) == other


@pytest.mark.parametrize("garbage", ["", "garbage", "{}", "[]", '{"week":5}', b"{}", 5], ids=repr)
async def test_what_cannot_be_read_is_no_digest_and_is_replaced(database: Engine, garbage: Value) -> None:
    digests = Digests(database)
    await digests.keep(BUSY, BOTH)
    await put_garbage(database, "UPDATE digests SET body = ?", (garbage,))
    assert await digests.kept(WEEK, BOTH) is None
    await digests.keep(BUSY, BOTH)
    assert await digests.kept(WEEK, BOTH) == BUSY

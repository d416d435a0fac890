"""Packages whose wheels are published under other names, and how those stand."""

from __future__ import annotations

from bot.core.verdicts.rules import Verdict
from bot.services.packages.families import look_up_with_family
from bot.services.packages.lookup import StatusLookup
from tests.fakes.fake_index import FakeIndex
from tests.fakes.index_pages import sdist, wheels
from tests.services.lookups import T314


async def test_a_package_comes_with_the_statuses_of_its_family(index: FakeIndex, lookup: StatusLookup) -> None:
    index.publish("psycopg", wheels("psycopg", "3.3", "py3-none-any"))
    index.publish("psycopg-binary", wheels("psycopg-binary", "3.3", "cp314-cp314-win32", "cp314-cp314t-win32"))
    status = await look_up_with_family(lookup, "psycopg", (T314,))
    assert (status.package, status.headline.verdict) == ("psycopg", Verdict.PURE)
    (member,) = status.family
    assert (member.package, member.headline.verdict) == ("psycopg-binary", Verdict.SUPPORTED)


async def test_a_member_that_is_not_there_is_said_to_be_so(index: FakeIndex, lookup: StatusLookup) -> None:
    index.publish("sklearn", [sdist("sklearn", "0.0")])
    status = await look_up_with_family(lookup, "sklearn")
    assert [each.headline.verdict for each in status.family] == [Verdict.NOT_FOUND]


async def test_any_other_package_has_no_family(index: FakeIndex, lookup: StatusLookup) -> None:
    index.publish("demo", wheels("demo", "1.0", "py3-none-any"))
    assert (await look_up_with_family(lookup, "demo")).family == ()
    assert index.count() == 1

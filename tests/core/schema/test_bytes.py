"""What ``--json`` prints, to the byte: programs compare it, and the API sends the same."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date

import msgspec
import pytest
from hypothesis import given
from inline_snapshot import snapshot

from bot.core.digest.digest import Digest, Issues
from bot.core.history.shares import DayShare, History
from bot.core.history.timelines import SupportRule
from bot.core.schema.dependencies import DependenciesJson
from bot.core.schema.digest import DigestJson, digest_json, digest_object
from bot.core.schema.history import HistoryJson, history_json
from bot.core.schema.listing import ListingJson
from bot.core.schema.moves import MovesJson
from bot.core.schema.objects import JsonObject, as_json, encoded
from bot.core.schema.problems import ProblemJson
from bot.core.schema.status import StatusJson, status_json, status_object
from bot.core.verdicts.status import Status
from tests.core.digests import BUSY, digests
from tests.core.pages import T314, judged, project, sdist, wheels
from tests.core.strategies import statuses
from tests.services.lookups import NOW

_STATUS = Status(judged(project(*wheels("cp314-cp314t-win_amd64", "cp314-cp314-win_amd64"), sdist()), T314), NOW)


def printed(content: dict[str, object]) -> str:
    """Return what is printed, in lines."""
    return json.dumps(content, indent=1)


def test_a_status_to_the_byte() -> None:
    assert printed(status_json(_STATUS)) == snapshot("""\
{
 "schema": 1,
 "package": "demo",
 "version": "1.0",
 "released": "2026-08-14T22:00:00Z",
 "verdict": "supported",
 "ok": true,
 "targets": [
  {
   "python": "3.14t",
   "verdict": "supported",
   "ok": true,
   "covered": {
    "win_amd64": "cp314t"
   },
   "missing": [],
   "since": {
    "version": "1.0",
    "date": "2026-08-14"
   },
   "since_by_platform": {
    "win_amd64": "1.0"
   },
   "gil": null,
   "gil_modules": [],
   "modifiers": []
  }
 ],
 "scope": [
  "win_amd64"
 ],
 "other_platforms": [],
 "sdist": true,
 "modifiers": [],
 "classifier": null,
 "links": {
  "pypi": "https://pypi.org/project/demo/",
  "source": null,
  "tracking_issue": null
 },
 "metadata": "timed-out",
 "checked": "2026-11-22T22:00:00Z",
 "stale": false,
 "error": null
}\
""")


def test_a_digest_to_the_byte() -> None:
    few = replace(
        BUSY,
        chart=BUSY.chart[-1:],
        gained=BUSY.gained[:1],
        waiting=BUSY.waiting[:1],
        completed=(),
        lost=(),
        issues=Issues(),
    )
    assert printed(digest_json(few)) == snapshot("""\
{
 "schema": 1,
 "week": "2026-W47",
 "complete": true,
 "from": "2026-11-16",
 "to": "2026-11-22",
 "read": "2026-11-23T01:00:00Z",
 "rules": "1",
 "tracked": 360,
 "unread": [
  "broken",
  "slow-index",
  "unlucky"
 ],
 "shares": [
  {
   "python": "3.14t",
   "packages": 357,
   "with_wheels": 218,
   "supported": 178,
   "partial": 40,
   "percent": 61.1,
   "change": 3
  },
  {
   "python": "3.15t",
   "packages": 357,
   "with_wheels": 120,
   "supported": 100,
   "partial": 20,
   "percent": 33.6,
   "change": -1
  }
 ],
 "imported": null,
 "gained": [
  {
   "package": "numpy",
   "rank": 1,
   "python": "3.14t",
   "version": "2.5.5",
   "previous": null,
   "day": "2026-11-18",
   "verdict": "partial",
   "how": [
    "cp314t"
   ],
   "covered": [
    "manylinux_x86_64"
   ],
   "missing": [
    "musllinux_aarch64",
    "win_arm64"
   ],
   "lost": []
  }
 ],
 "completed": [],
 "lost": [],
 "narrowed": [],
 "pure": [],
 "waiting": [
  {
   "package": "grpcio",
   "rank": 23,
   "verdict": "not-yet"
  }
 ],
 "blocking": 140,
 "chart": [
  {
   "day": "2026-11-22",
   "percent": {
    "3.14t": 61.1,
    "3.15t": 33.3
   }
  }
 ],
 "issues": {
  "opened": [],
  "closed": [],
  "discussed": [],
  "answered": [],
  "totals": {
   "opened": 0,
   "closed": 0,
   "discussed": 0,
   "answered": 0
  }
 }
}\
""")


def test_a_history_to_the_byte() -> None:
    history = History(SupportRule.TRUSTED, ("3.14t",), (DayShare(date(2026, 11, 22), 3, {"3.14t": 1}),))
    assert printed(history_json(history)) == snapshot("""\
{
 "schema": 1,
 "rule": "trusted",
 "packages": 3,
 "points": [
  {
   "day": "2026-11-22",
   "with_wheels": {
    "3.14t": 1
   },
   "percent": {
    "3.14t": 33.3
   }
  }
 ],
 "imported": null,
 "failed": [],
 "not_found": []
}\
""")


@given(statuses())
def test_an_object_has_the_types_that_it_is_described_with(status: Status) -> None:
    made = status_object(status)
    assert msgspec.convert(as_json(made), StatusJson) == made
    assert encoded(made) == json.dumps(status_json(status)).encode()


@given(digests())
def test_a_digest_has_the_types_that_it_is_described_with(digest: Digest) -> None:
    made = digest_object(digest)
    assert msgspec.convert(as_json(made), DigestJson) == made


@pytest.mark.parametrize(
    "kind", [StatusJson, DigestJson, HistoryJson, DependenciesJson, ListingJson, MovesJson, ProblemJson]
)
def test_every_key_is_always_there(kind: type[JsonObject]) -> None:
    for name, schema in msgspec.json.schema_components([kind])[1].items():
        assert set(schema.get("required", ())) == set(schema.get("properties", ())), name

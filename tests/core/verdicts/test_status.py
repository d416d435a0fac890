from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone

import jsonschema_rs
import pytest
from hypothesis import given
from hypothesis import strategies as st
from inline_snapshot import snapshot

from bot.core.index.metadata import NOT_OFFERED, Metadata
from bot.core.schema.status import status_json
from bot.core.schema.times import timestamp
from bot.core.verdicts.judge import without_release
from bot.core.verdicts.modifiers import ModifierKind
from bot.core.verdicts.rules import Verdict
from bot.core.verdicts.status import MetadataState, Status, failed, of_targets, with_upstream
from bot.core.wheels.platforms import PLATFORMS
from tests.core.pages import NAME, NOW, T314, T315, judged, project, sdist, wheels
from tests.core.strategies import statuses

_TIME = {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$"}
_TEXT = {"type": ["string", "null"]}
_VERDICT = {"enum": [verdict.value for verdict in Verdict]}
_OK = {"type": ["boolean", "null"]}
_PLATFORM = {"enum": [platform.value for platform in PLATFORMS]}
_PLATFORM_LIST = {"type": "array", "items": _PLATFORM, "uniqueItems": True}
_MODIFIERS = {
    "type": "array",
    "items": {
        "type": "object",
        "properties": {"kind": {"enum": [kind.value for kind in ModifierKind]}, "detail": _TEXT},
        "required": ["kind", "detail"],
        "additionalProperties": False,
    },
}
_SINCE = {
    "type": ["object", "null"],
    "properties": {
        "version": {"type": "string"},
        "date": {"type": ["string", "null"], "pattern": r"^\d{4}-\d\d-\d\d$"},
    },
    "required": ["version", "date"],
    "additionalProperties": False,
}
_TARGET = {
    "type": "object",
    "properties": {
        "python": {"type": "string", "pattern": r"^3\.\d\dt$"},
        "verdict": _VERDICT,
        "ok": _OK,
        "covered": {
            "type": "object",
            "propertyNames": _PLATFORM,
            "additionalProperties": {"type": "string", "pattern": r"^(cp3\d\dt|abi3t|none|any)$"},
        },
        "missing": _PLATFORM_LIST,
        "since": _SINCE,
        "since_by_platform": {
            "type": "object",
            "propertyNames": _PLATFORM,
            "additionalProperties": {"type": "string"},
        },
        "gil": {"enum": ["off", "on", "unknown", "none", None]},
        "gil_modules": {"type": "array", "items": {"type": "string"}, "maxItems": 5},
        "modifiers": _MODIFIERS,
    },
    "required": [
        *("python", "verdict", "ok", "covered", "missing", "since", "since_by_platform", "gil", "gil_modules"),
        "modifiers",
    ],
    "additionalProperties": False,
}
_PROPERTIES: dict[str, object] = {
    "schema": {"const": 1},
    "package": {"type": "string"},
    "version": _TEXT,
    "released": {"anyOf": [_TIME, {"type": "null"}]},
    "verdict": _VERDICT,
    "ok": _OK,
    "targets": {"type": "array", "items": _TARGET, "minItems": 1},
    "scope": _PLATFORM_LIST,
    "other_platforms": {"type": "array", "items": {"type": "string"}, "uniqueItems": True},
    "sdist": {"type": "boolean"},
    "modifiers": _MODIFIERS,
    "classifier": _TEXT,
    "links": {
        "type": "object",
        "properties": {"pypi": {"type": "string", "pattern": "^https://"}, "source": _TEXT, "tracking_issue": _TEXT},
        "required": ["pypi", "source", "tracking_issue"],
        "additionalProperties": False,
    },
    "metadata": {"enum": ["complete", "timed-out", "none"]},
    "checked": _TIME,
    "stale": {"type": "boolean"},
    "error": _TEXT,
}
_CONTRACT = jsonschema_rs.validator_for(
    {"type": "object", "properties": _PROPERTIES, "required": list(_PROPERTIES), "additionalProperties": False}
)
_SOME_WHEELS = ("cp314-cp314-win32", "cp314-cp314-manylinux_2_28_x86_64", "cp314-cp314t-manylinux_2_28_x86_64")


@given(statuses())
def test_any_status_is_json_as_the_contract_has_it(status: Status) -> None:
    content = json.loads(json.dumps(status_json(status)))
    _CONTRACT.validate(content)
    assert (content["verdict"], content["ok"]) == (content["targets"][0]["verdict"], content["targets"][0]["ok"])


@given(statuses())
def test_the_json_keeps_the_order_of_the_contract(status: Status) -> None:
    assert list(status_json(status)) == list(_PROPERTIES)


def test_a_status_as_json() -> None:
    metadata = Metadata(
        "Programming Language :: Python :: Free Threading :: 3 - Stable", "https://github.com/numpy/numpy"
    )
    files = [
        *wheels(*_SOME_WHEELS, "cp314-cp314-manylinux_2_39_riscv64", version="2.0", uploaded="2026-11-15T21:30:02.25Z"),
        sdist("2.0", uploaded="2026-11-15T22:00:00Z"),
    ]
    status = Status(judged(project(*files), metadata=metadata), NOW, metadata)
    assert status_json(status) == snapshot(
        {
            "schema": 1,
            "package": "demo",
            "version": "2.0",
            "released": "2026-11-15T21:30:02Z",
            "verdict": "partial",
            "ok": True,
            "targets": [
                {
                    "python": "3.14t",
                    "verdict": "partial",
                    "ok": True,
                    "covered": {"manylinux_x86_64": "cp314t"},
                    "missing": ["win32"],
                    "since": {"version": "2.0", "date": "2026-11-15"},
                    "since_by_platform": {"manylinux_x86_64": "2.0"},
                    "gil": None,
                    "gil_modules": [],
                    "modifiers": [],
                },
                {
                    "python": "3.15t",
                    "verdict": "not-yet",
                    "ok": False,
                    "covered": {},
                    "missing": ["manylinux_x86_64", "win32"],
                    "since": None,
                    "since_by_platform": {},
                    "gil": None,
                    "gil_modules": [],
                    "modifiers": [{"kind": "lagging", "detail": "It has wheels for 3.14t, not yet for 3.15t."}],
                },
            ],
            "scope": ["manylinux_x86_64", "win32"],
            "other_platforms": ["manylinux_riscv64"],
            "sdist": True,
            "modifiers": [{"kind": "claim", "detail": "3 - Stable"}],
            "classifier": "Programming Language :: Python :: Free Threading :: 3 - Stable",
            "links": {
                "pypi": "https://pypi.org/project/demo/",
                "source": "https://github.com/numpy/numpy",
                "tracking_issue": None,
            },
            "metadata": "complete",
            "checked": "2026-11-22T22:00:00Z",
            "stale": False,
            "error": None,
        }
    )


def test_a_package_that_could_not_be_read_as_json() -> None:
    error = "PyPI did not answer. Try again in a minute."
    status = Status(without_release("numpy", (T314,), Verdict.UNKNOWN), NOW, stale=True, error=error)
    assert status_json(status) == snapshot(
        {
            "schema": 1,
            "package": "numpy",
            "version": None,
            "released": None,
            "verdict": "unknown",
            "ok": None,
            "targets": [
                {
                    "python": "3.14t",
                    "verdict": "unknown",
                    "ok": None,
                    "covered": {},
                    "missing": [],
                    "since": None,
                    "since_by_platform": {},
                    "gil": None,
                    "gil_modules": [],
                    "modifiers": [],
                }
            ],
            "scope": [],
            "other_platforms": [],
            "sdist": False,
            "modifiers": [],
            "classifier": None,
            "links": {
                "pypi": "https://pypi.org/project/numpy/",
                "source": None,
                "tracking_issue": "https://github.com/numpy/numpy/issues/26157",
            },
            "metadata": "timed-out",
            "checked": "2026-11-22T22:00:00Z",
            "stale": True,
            "error": "PyPI did not answer. Try again in a minute.",
        }
    )


@pytest.mark.parametrize(
    ("time", "text"),
    [
        (datetime(2026, 11, 15, 21, 30, 2, 999_999, tzinfo=UTC), "2026-11-15T21:30:02Z"),
        (datetime(2026, 11, 15, 23, 30, 2, tzinfo=timezone(timedelta(hours=2))), "2026-11-15T21:30:02Z"),
        (datetime(1, 1, 1, tzinfo=UTC), "0001-01-01T00:00:00Z"),
    ],
)
def test_a_time_is_written_in_utc_with_whole_seconds_and_a_z(time: datetime, text: str) -> None:
    assert timestamp(time) == text


def test_the_headline_is_the_first_target() -> None:
    status = Status(judged(project(*wheels("cp315-cp315t-win32")), T315, T314), NOW)
    assert (status.headline.target, status_json(status)["verdict"]) == (T315, "supported")


def test_a_judgement_is_narrowed_to_the_targets_asked_about_in_their_order() -> None:
    judgement = judged(project(*wheels("cp314-cp314-win32", "cp314-cp314t-win32")))
    narrowed = of_targets(judgement, (T315,))
    assert [each.target for each in narrowed.targets] == [T315]
    assert narrowed.targets[0] == judgement.targets[1]
    assert of_targets(judgement, (T314, T315)) == judgement
    assert of_targets(judgement, (T315, T314)).targets == judgement.targets[::-1]


@given(st.sampled_from(Verdict))
def test_only_a_package_that_was_not_read_has_failed(verdict: Verdict) -> None:
    assert failed(verdict) is (verdict in {Verdict.UNKNOWN, Verdict.NOT_FOUND})


def test_links_lead_to_the_page_the_source_and_the_tracking_issue() -> None:
    status = Status(
        without_release("numpy", (T314,), Verdict.NO_FILES), NOW, Metadata(source="https://github.com/numpy/numpy")
    )
    assert (status.page, status.source, status.tracking_issue) == (
        "https://pypi.org/project/numpy/",
        "https://github.com/numpy/numpy",
        "https://github.com/numpy/numpy/issues/26157",
    )
    unknown = Status(without_release(NAME, (T314,), Verdict.NO_FILES), NOW)
    assert (unknown.source, unknown.tracking_issue) == (None, None)


def test_an_upload_long_before_the_year_1000_is_still_a_time() -> None:
    status = Status(judged(project(sdist(uploaded="0001-01-01T00:00:00Z"))), NOW)
    assert status_json(status)["released"] == "0001-01-01T00:00:00Z"


@dataclass(frozen=True, slots=True)
class Watched:
    """What a watcher knows."""

    thread: str | None

    def tracking(self, _package: str) -> str | None:
        return self.thread

    def first_version(self, _package: str) -> str | None:
        return "99.0"

    def open_count(self, _package: str) -> int | None:
        return 3


def test_the_tracking_issue_is_the_one_of_the_table_as_it_is_now_if_somebody_reads_it() -> None:
    status = Status(without_release("numpy", (T314,), Verdict.NO_FILES), NOW)
    live = "https://github.com/numpy/numpy/issues/1"
    known = with_upstream(status, Watched(live))
    assert (known.tracking_issue, known.open_issues) == (live, 3)
    assert with_upstream(status, Watched(None)).tracking_issue == status.tracking_issue
    assert with_upstream(status, None) is status


def test_json_has_the_live_tracking_issue_and_no_key_that_is_not_promised() -> None:
    status = Status(without_release("numpy", (T314,), Verdict.NO_FILES), NOW)
    live = "https://github.com/numpy/numpy/issues/1"
    before, after = status_json(status), status_json(with_upstream(status, Watched(live)))
    assert after == before | {"links": {"pypi": status.page, "source": None, "tracking_issue": live}}


@pytest.mark.parametrize(
    ("verdict", "state"),
    [
        (Verdict.UNKNOWN, MetadataState.TIMED_OUT),
        (Verdict.NOT_FOUND, MetadataState.NONE),
        (Verdict.QUARANTINED, MetadataState.NONE),
        (Verdict.NO_FILES, MetadataState.NONE),
    ],
)
def test_without_a_release_there_is_no_metadata_unless_nobody_knows(verdict: Verdict, state: MetadataState) -> None:
    assert Status(without_release("demo", (T314,), verdict), NOW).metadata_state is state


@pytest.mark.parametrize(
    ("metadata", "state"),
    [
        (Metadata(), MetadataState.COMPLETE),
        (NOT_OFFERED, MetadataState.NONE),
        (None, MetadataState.TIMED_OUT),
    ],
)
def test_of_a_release_it_is_told_whether_its_metadata_was_read(metadata: Metadata | None, state: MetadataState) -> None:
    status = Status(judged(project(sdist())), NOW, metadata)
    assert status.metadata_state is state
    assert status_json(status)["metadata"] == state.value

"""The status of a package as JSON (schema 1)."""

from __future__ import annotations

from collections.abc import Sequence

from bot.core.schema.times import SCHEMA, timestamp
from bot.core.verdicts.judge import TargetVerdict
from bot.core.verdicts.modifiers import Modifier
from bot.core.verdicts.status import Status


def status_json(status: Status) -> dict[str, object]:
    """Return the JSON object of ``ftbot status --json`` (schema 1)."""
    judgement = status.judgement
    return {
        "schema": SCHEMA,
        "package": status.package,
        "version": None if judgement.version is None else str(judgement.version),
        "released": None if judgement.released is None else timestamp(judgement.released),
        "verdict": status.headline.verdict.value,
        "ok": status.headline.verdict.ok,
        "targets": [_target_json(target) for target in judgement.targets],
        "scope": [platform.value for platform in judgement.scope],
        "other_platforms": list(judgement.other_platforms),
        "sdist": judgement.sdist,
        "modifiers": modifiers_json(judgement.modifiers),
        "classifier": None if status.metadata is None else status.metadata.free_threading,
        "links": {"pypi": status.page, "source": status.source, "tracking_issue": status.tracking_issue},
        "metadata": status.metadata_state.value,
        "checked": timestamp(status.checked),
        "stale": status.stale,
        "error": status.error,
    }


def _target_json(verdict: TargetVerdict) -> dict[str, object]:
    since = verdict.since
    return {
        "python": str(verdict.target),
        "verdict": verdict.verdict.value,
        "ok": verdict.verdict.ok,
        "covered": {platform.value: cover.how for platform, cover in verdict.covered.items()},
        "missing": [platform.value for platform in verdict.missing],
        "since": None
        if since is None
        else {"version": str(since.version), "date": None if since.date is None else since.date.isoformat()},
        "since_by_platform": {}
        if since is None
        else {platform.value: str(version) for platform, version in since.by_platform.items()},
        "gil": None if verdict.gil is None else verdict.gil.value,
        "gil_modules": list(verdict.gil_modules),
        "modifiers": modifiers_json(verdict.modifiers),
    }


def modifiers_json(modifiers: Sequence[Modifier]) -> list[dict[str, str | None]]:
    """Return modifiers as JSON, in a status and in a dependency."""
    return [{"kind": modifier.kind.value, "detail": modifier.detail} for modifier in modifiers]

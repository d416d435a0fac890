"""The dependencies of an application as JSON (schema 1)."""

from __future__ import annotations

from bot.core.dependencies.files import UnreadLine
from bot.core.dependencies.judged import DependencyState, JudgedDependency
from bot.core.dependencies.report import DependencyReport
from bot.core.schema.status import modifiers_json
from bot.core.schema.times import SCHEMA


def dependencies_json(report: DependencyReport) -> dict[str, object]:
    """Return the JSON object of ``ftbot deps --json`` for one target (schema 1)."""
    return {
        "schema": SCHEMA,
        "target": str(report.target),
        "platforms": [platform.value for platform in report.platforms],
        "files": [{"file": each.file, "kind": each.kind.value} for each in report.files],
        "resolved": report.resolved,
        "ok": report.ok,
        "counts": {
            "packages": len(report.dependencies),
            "blocks": len(report.blocking),
            "gil_on": sum(each.turns_gil_on for each in report.dependencies),
            "unknown": len(report.in_state(DependencyState.UNKNOWN)),
        },
        "packages": [_dependency_json(each) for each in report.dependencies],
        "not_read": [_unread_json(each) for each in report.not_read],
        "error": report.error,
    }


def _dependency_json(found: JudgedDependency) -> dict[str, object]:
    needed, newest = found.needed, found.newest
    return {
        "package": found.package,
        "version": None if found.version is None else str(found.version),
        "pinned": needed.pinned,
        "verdict": found.verdict.value,
        "ok": found.verdict.ok,
        "blocks": found.blocks,
        "missing": [platform.value for platform in found.missing],
        "gil": None if found.gil is None else found.gil.value,
        "newest": None
        if newest is None
        else {"version": str(newest.version), "verdict": newest.verdict.value, "ok": newest.verdict.ok},
        "first_working": None if found.first_working is None else str(found.first_working),
        "required_by": [list(path) for path in needed.paths],
        "ways": needed.ways,
        "optional": needed.optional,
        "groups": list(needed.groups),
        "marker": needed.marker,
        "tracking_issue": found.tracking_issue,
        "judged_by": found.judged_by.value,
        "modifiers": modifiers_json(found.modifiers),
        "reason": found.reason,
    }


def _unread_json(line: UnreadLine) -> dict[str, object]:
    return {"file": line.file, "line": line.line, "text": line.text, "reason": line.reason}

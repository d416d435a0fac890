"""What the extension modules of wheels declare about the GIL, as JSON (schema 1)."""

from __future__ import annotations

from collections.abc import Sequence

from packaging.version import Version

from bot.core.inspection.inspection import Inspection, InspectionReport
from bot.core.inspection.modules import ExtensionModule
from bot.core.schema.times import SCHEMA
from bot.core.wheels.targets import Target


def inspection_json(
    package: str,
    version: Version | None,
    targets: Sequence[tuple[Target, Inspection | None, str | None]],
    error: str | None,
) -> dict[str, object]:
    """Return the JSON object of ``ftbot inspect --json``.

    A target comes with what was read for it, or a sentence why nothing was.
    """
    return {
        "schema": SCHEMA,
        "package": package,
        "version": None if version is None else str(version),
        "targets": [_target_json(*target) for target in targets],
        "error": error,
    }


def inspected_json(report: InspectionReport) -> dict[str, object]:
    """Return what reading the tracked packages' wheels did, for ``ftbot scan --inspect --json``."""
    return {
        "packages": report.packages,
        "bytes": report.bytes,
        "failed": sorted(report.failed),
        "left": report.left,
        "gil": {gil.value: count for gil, count in sorted(report.found.items())},
    }


def _target_json(target: Target, inspection: Inspection | None, reason: str | None) -> dict[str, object]:
    if inspection is None:
        return {
            "python": str(target),
            "gil": None,
            "wheel": None,
            "sha256": None,
            "verified": False,
            "bytes_read": 0,
            "bytes": None,
            "requests": 0,
            "notes": [],
            "reason": reason,
            "modules": [],
        }
    return {
        "python": str(target),
        "gil": inspection.gil.value,
        "wheel": inspection.wheel,
        "sha256": inspection.sha256,
        "verified": inspection.verified,
        "bytes_read": inspection.bytes_read,
        "bytes": inspection.bytes,
        "requests": inspection.requests,
        "notes": list(inspection.notes),
        "reason": inspection.reason,
        "modules": [_module_json(module) for module in inspection.modules],
    }


def _module_json(module: ExtensionModule) -> dict[str, object]:
    return {
        "module": module.module,
        "file": module.file,
        "gil": module.gil.value,
        "how": None if module.how is None else module.how.value,
        "reason": module.reason,
    }

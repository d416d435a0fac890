"""The modules of ``ways/``, one for each way to declare what a module does with the GIL, and what they declare."""

from __future__ import annotations

import zipfile
from functools import cache
from pathlib import Path

from bot.core.inspection.modules import Declaration, How

FOLDER = Path(__file__).parent / "ways"
FOREIGN = Path(__file__).parent / "foreign.zip"

Expected = tuple[Declaration, How | None]

_UNKNOWN: Expected = (Declaration.UNKNOWN, None)

DECLARED: dict[str, Expected] = {
    "allocated": (Declaration.NOT_USED, How.CODE),
    "call_computed": _UNKNOWN,
    "call_elsewhere": (Declaration.UNDECLARED, None),
    "call_handed_on": (Declaration.NOT_USED, How.CALL),
    "call_not_used": (Declaration.NOT_USED, How.CALL),
    "call_used": (Declaration.USED, How.CALL),
    "cffi": (Declaration.NOT_USED, How.CFFI),
    "export": (Declaration.NOT_USED, How.SLOT),
    "export_and_init": (Declaration.USED, How.SLOT),
    "made_elsewhere": _UNKNOWN,
    "methods": _UNKNOWN,
    "no_slots": (Declaration.UNDECLARED, How.SLOT),
    "other_name": (Declaration.NOT_USED, How.SLOT),
    "single_phase": (Declaration.UNDECLARED, None),
    "slot_2": _UNKNOWN,
    "slot_endless": _UNKNOWN,
    "slot_missing": (Declaration.UNDECLARED, How.SLOT),
    "slot_nested": (Declaration.NOT_USED, How.SLOT),
    "slot_new_number": (Declaration.NOT_USED, How.SLOT),
    "slot_not_used": (Declaration.NOT_USED, How.SLOT),
    "slot_twice": _UNKNOWN,
    "slot_used": (Declaration.USED, How.SLOT),
    "slots_by_condition": _UNKNOWN,
    "slots_by_others": _UNKNOWN,
    "slots_copied": (Declaration.NOT_USED, How.CODE),
    "slots_written": (Declaration.NOT_USED, How.CODE),
    "slots_written_undeclared": (Declaration.UNDECLARED, How.CODE),
    "two_modules": (Declaration.NOT_USED, How.SLOT),
}
"""What the module ``m`` of each declares, in a file for 3.14t, where code is understood."""

AS_DATA: dict[str, Expected] = dict.fromkeys(DECLARED, _UNKNOWN) | {
    name: DECLARED[name]
    for name in (
        "cffi",
        "export_and_init",
        "single_phase",
        "slot_new_number",
        "slot_nested",
        "slot_not_used",
        "slot_used",
        "two_modules",
    )
}
"""What they declare for a processor whose code is not understood."""

CODE_TARGETS = ("linux-arm64", "macos-arm64", "macos-x86_64", "windows-arm64", "windows-x86_64")
DATA_TARGETS = ("linux-arm32", "linux-s390x", "windows-x86")


@cache
def foreign(target: str, way: str) -> bytes:
    """Return a module that was compiled for another system."""
    suffix = "pyd" if target.startswith("windows") else "so"
    with zipfile.ZipFile(FOREIGN) as archive:
        return archive.read(f"{target}/{way}.{suffix}")

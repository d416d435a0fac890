"""Writes what a reader made of a file in a few words."""

from __future__ import annotations

from bot.core.dependencies.files import Demand, DependencyFile, GroupKind


def asked(read: DependencyFile) -> dict[str, list[str]]:
    """Return what is asked for, by group: ``main``, ``extra x``, ``group y``."""
    return {
        group.name if group.kind is GroupKind.MAIN else f"{group.kind} {group.name}": [
            written(demand) for demand in group.demands
        ]
        for root in read.roots
        for group in root.groups
    }


def written(demand: Demand) -> str:
    """Return a demand as a requirement: ``name[extra]>=1; marker``."""
    extras = f"[{','.join(demand.extras)}]" if demand.extras else ""
    marker = f"; {demand.marker}" if demand.marker else ""
    return f"{demand.name}{extras}{demand.specifier}{marker}"


def left_out(read: DependencyFile) -> list[tuple[int | None, str, str]]:
    """Return what was not read: line, text and reason of each."""
    return [(each.line, each.text, each.reason) for each in read.not_read]

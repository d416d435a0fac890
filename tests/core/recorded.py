"""Reads the project pages recorded on 2026-11-22."""

from __future__ import annotations

import gzip
from pathlib import Path

from bot.core.index.simple_api import Project, parse


def recorded_projects(shared: Path) -> dict[str, Project]:
    """Read every recorded page, by the project's name."""
    pages = sorted((shared / "data" / "simple").glob("*.json.gz"))
    names = [path.name.partition(".")[0] for path in pages]
    return {name: parse(name, gzip.decompress(path.read_bytes())) for name, path in zip(names, pages, strict=True)}

"""Reads the part of an environment.yml that pip installs.

https://docs.conda.io/projects/conda/en/stable/user-guide/tasks/manage-environments.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from packaging.markers import Marker

from bot.core.dependencies.declared.reading import DeclaredReading
from bot.core.dependencies.declared.requirements_txt import requirement_rows
from bot.core.dependencies.demands import VARIABLE, holds_variable, shown
from bot.core.dependencies.files import MAIN, Demand, DependencyFile, FileKind, GroupKind, Root
from bot.core.dependencies.toml_text import array, table
from bot.core.dependencies.yaml_text import ScalarAt, parse_yaml_lines
from bot.core.errors import UserError
from bot.core.text.sentences import counted

_INCLUDE = re.compile(r"-[rc]|--requirement|--constraint")
_SELECTOR = re.compile(r"[ \t]#[ \t]*\[(\w+)\]")

# conda-lock's, which stand in comments: https://conda.github.io/conda-lock/src_environment_yml/
_SELECTORS = {
    "linux": "sys_platform == 'linux'",
    "linux64": "sys_platform == 'linux' and platform_machine == 'x86_64'",
    "osx": "sys_platform == 'darwin'",
    "osx64": "sys_platform == 'darwin' and platform_machine == 'x86_64'",
    "arm64": "sys_platform == 'darwin' and platform_machine == 'arm64'",
    "win": "sys_platform == 'win32'",
    "win64": "sys_platform == 'win32'",
    "unix": "sys_platform != 'win32'",
}


def read_conda_environment(file: str, text: str) -> DependencyFile:
    """Return what pip installs of an environment; how much conda installs is told."""
    top = table(parse_yaml_lines(file, text))
    if not isinstance(top.get("dependencies"), list):
        raise UserError(f"{shown(file)} has no list of `dependencies`, so it is no environment of conda.")
    reading = DeclaredReading(file)
    lines = text.split("\n")
    demands: list[Demand] = []
    of_conda = 0
    for entry in array(top["dependencies"]):
        if isinstance(entry, dict):
            demands += _of_pip(reading, entry.get("pip"), lines)
        else:
            of_conda += 1
    for each in array(top.get("pip-repositories")):
        if isinstance(each, ScalarAt) and each.text:
            reason = VARIABLE if holds_variable(each.text) else "another index: only the usual one is asked"
            reading.unread(each.text, reason, each.line)
    if of_conda:
        left_out = f"{counted(of_conda, 'package')} of conda {'was' if of_conda == 1 else 'were'} left out"
        reading.odd(f"{left_out}: only what pip installs is read.")
    return DependencyFile(
        file=file,
        kind=FileKind.CONDA_ENVIRONMENT,
        roots=(Root(None, (reading.group(GroupKind.MAIN, MAIN, demands),)),),
        not_read=tuple(reading.not_read),
        warnings=reading.warnings,
    )


def _of_pip(reading: DeclaredReading, entries: object, lines: list[str]) -> Iterator[Demand]:
    """Give what a list of pip's asks for: each entry is a line as in requirements.txt."""
    for entry in array(entries):
        if not isinstance(entry, ScalarAt) or entry.text is None:
            reading.unread("pip", "an entry that is no text")
            continue
        if _INCLUDE.match(entry.text):
            reading.unread(entry.text, "another file: ask about it by itself", entry.line)
            continue
        rows, _ = requirement_rows(reading.file, entry.text)
        for row in rows:
            if isinstance(row.found, str):
                reading.unread(row.text, row.found, entry.line)
            else:
                selector = _SELECTOR.search(lines[entry.line - 1]) if entry.line <= len(lines) else None
                marker = _marker(reading, row.found, selector[1]) if selector else row.found.marker
                yield replace(row.found, line=entry.line, marker=marker)


def _marker(reading: DeclaredReading, demand: Demand, selector: str) -> Marker | None:
    """Return when a package is wanted that has a selector behind it."""
    if selector not in _SELECTORS:
        reading.odd(
            f"{demand.name} is wanted where `[{shown(selector)}]` holds, which is not known: it counts as needed."
        )
        return demand.marker
    marker = Marker(_SELECTORS[selector])
    return marker if demand.marker is None else demand.marker & marker

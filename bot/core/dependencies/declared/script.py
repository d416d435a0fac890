"""Reads the metadata of a script: the block of comments that says what it needs.

https://packaging.python.org/en/latest/specifications/inline-script-metadata/
"""

from __future__ import annotations

from collections.abc import Iterator

from bot.core.dependencies.declared.pyproject import groups_of_script
from bot.core.dependencies.declared.reading import DeclaredReading
from bot.core.dependencies.demands import shown
from bot.core.dependencies.files import DependencyFile, FileKind, Root
from bot.core.dependencies.toml_text import parse_toml
from bot.core.errors import UserError

_START = "# /// script"
_END = "# ///"


def read_script(file: str, text: str) -> DependencyFile:
    """Return what the block of a script asks for."""
    blocks = list(_blocks(text))
    name = shown(file)
    if not blocks:
        unclosed = f" Close it with a line `{_END}`." if has_start(text) else ""
        raise UserError(f"{name} has no block of script metadata: it begins with a line `{_START}`.{unclosed}")
    if len(blocks) > 1:
        lines = " and ".join(str(line) for line, _ in blocks[:2])
        raise UserError(f"{name} has more than one block of script metadata, on lines {lines}. Leave one of them.")
    [(line, content)] = blocks
    # Empty lines in place of what is before the block: whatever is told has the line that it has in the script.
    padded = "\n" * line + content
    reading = DeclaredReading(file, padded)
    groups = groups_of_script(reading, parse_toml(file, padded))
    return DependencyFile(
        file=file,
        kind=FileKind.SCRIPT,
        roots=(Root(None, tuple(groups)),),
        not_read=tuple(reading.not_read),
        warnings=reading.warnings,
    )


def has_start(text: str) -> bool:
    """Return whether a line begins the metadata of a script."""
    return any(line.rstrip("\r") == _START for line in text.split("\n"))


def _blocks(text: str) -> Iterator[tuple[int, str]]:
    """Give each block that ends, with its first line: it goes on as long as comments do, to the last end in them."""
    lines = [line.rstrip("\r") for line in text.split("\n")]
    at = 0
    while at < len(lines):
        first = at
        at += 1
        if lines[first] != _START:
            continue
        last = None
        while at < len(lines) and (lines[at] == "#" or lines[at].startswith("# ")):
            last = at if lines[at] == _END else last
            at += 1
        if last is not None:
            yield first + 1, "\n".join(line[2:] for line in lines[first + 1 : last])
            at = last + 1

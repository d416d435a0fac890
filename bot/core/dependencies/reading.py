"""Reads a dependency file by what kind it is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from bot.core.dependencies.declared.pyproject import read_pyproject
from bot.core.dependencies.declared.requirements_txt import read_requirements
from bot.core.dependencies.declared.script import read_script
from bot.core.dependencies.detect import kind_of
from bot.core.dependencies.files import DependencyFile, FileKind
from bot.core.dependencies.locked.pdm_lock import read_pdm_lock
from bot.core.dependencies.locked.pipfile_lock import read_pipfile_lock
from bot.core.dependencies.locked.poetry_lock import read_poetry_lock
from bot.core.dependencies.locked.pylock import read_pylock
from bot.core.dependencies.locked.uv_lock import read_uv_lock

_READERS: Mapping[FileKind, Callable[[str, str], DependencyFile]] = MappingProxyType(
    {
        FileKind.PYPROJECT: read_pyproject,
        FileKind.SCRIPT: read_script,
        FileKind.UV_LOCK: read_uv_lock,
        FileKind.PYLOCK: read_pylock,
        FileKind.POETRY_LOCK: read_poetry_lock,
        FileKind.PIPFILE_LOCK: read_pipfile_lock,
        FileKind.PDM_LOCK: read_pdm_lock,
    }
)

_IN_YAML = frozenset({FileKind.CONDA_ENVIRONMENT, FileKind.CONDA_LOCK, FileKind.PIXI_LOCK})


def text_of(body: bytes) -> str:
    """Return the text of a file, as editors on all systems write it. Raises ``UnicodeDecodeError``."""
    if body.startswith((b"\xff\xfe", b"\xfe\xff")):
        return body.decode("utf-16")
    return body.decode("utf-8-sig")


def read_file(name: str, text: str, included: Callable[[str], str | None]) -> DependencyFile:
    """Read a dependency file; ``included`` gives the text of those that it includes, by the name it has for them.

    Raises ``UserError`` for what is none, or cannot be read at all.
    """
    kind = kind_of(name, text)
    readers = _READERS
    if kind in _IN_YAML:
        from bot.core.dependencies.in_yaml import READERS as readers  # noqa: N811, PLC0415 - its parser is slow to import
    reader = readers.get(kind)
    return read_requirements(name, text, included) if reader is None else reader(name, text)

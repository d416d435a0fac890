"""One file of a wheel that may be an extension module: its names, its hooks, and what was read in it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from bot.core.inspection.modules import ExtensionModule

INIT_HOOK = "PyInit_"
"""What the function's name begins with that CPython calls to import a module (PEP 489)."""

EXPORT_HOOK = "PyModExport_"
"""The same since CPython 3.15, which asks for this one first (PEP 793)."""

_INIT_HOOKS = (INIT_HOOK, "PyInitU_")
_EXPORT_HOOKS = (EXPORT_HOOK, "PyModExportU_")
_HOOKS = (*_INIT_HOOKS, *_EXPORT_HOOKS)
_OTHER_INTERPRETERS = ("pypy", "graalpy", "pp")
_ONE_VERSION = re.compile(r"(?:cpython-|cp)3(\d{1,4})(t?)(?:-|$)", re.ASCII)
_FIRST_WITH_EXPORTS = 15


class Build(StrEnum):
    """For which CPython builds a file's name says that it is."""

    FREE_THREADED = "free-threaded"
    """One version, free-threaded: ``.cpython-314t-….so``, ``.cp314t-….pyd``."""

    WITH_GIL = "with-gil"
    """One version, with the GIL: ``.cpython-314-….so``, ``.cp314-….pyd``."""

    ABI3 = "abi3"
    """The stable ABI of builds with the GIL: ``.abi3.so``."""

    ABI3T = "abi3t"
    """The stable ABI of both kinds of builds: ``.abi3t.so`` (PEP 803)."""

    UNNAMED = "unnamed"
    """The name does not say: ``.so``, ``.pyd``."""

    NOT_CPYTHON = "not-cpython"
    """Another interpreter: ``.pypy311-pp73-….so``."""


@dataclass(frozen=True, slots=True)
class Extension:
    """What was read in one file of a wheel.

    ``modules`` is empty for a library, which exports no hook. ``exports`` are the hooks in the file's order,
    ``links_python3t`` tells whether it is linked against ``python3t.dll``, which on Windows only abi3t modules are.
    """

    file: str
    modules: tuple[ExtensionModule, ...] = ()
    exports: tuple[str, ...] = ()
    links_python3t: bool = False

    @property
    def build(self) -> Build:
        """Return for which builds of CPython the file's name says that it is."""
        return build_of(self.file)

    @property
    def is_cpython(self) -> bool:
        """Return whether it is an extension module of CPython: it exports a hook, and no other interpreter is named."""
        return bool(self.exports) and self.build is not Build.NOT_CPYTHON

    @property
    def has_export_hook(self) -> bool:
        """Return whether it exports a ``PyModExport_`` hook, without which an abi3t module cannot be imported."""
        return any(hook.startswith(_EXPORT_HOOKS) for hook in self.exports)


def build_of(file: str) -> Build:
    """Return for which builds of CPython a file's name says that it is."""
    tags = file.rpartition("/")[2].split(".")[1:-1]
    for tag in tags:
        first = tag.partition("-")[0]
        if first.startswith(_OTHER_INTERPRETERS):
            return Build.NOT_CPYTHON
        if first in {"abi3", "abi3t"}:
            return Build(first)
        version = _ONE_VERSION.match(tag)
        if version:
            return Build.FREE_THREADED if version[2] else Build.WITH_GIL
    return Build.UNNAMED


def version_of(file: str) -> int | None:
    """Return for which 3.x a file's name says that it is, None where it names no version of CPython."""
    tags = file.rpartition("/")[2].split(".")[1:-1]
    return next((int(version[1]) for version in map(_ONE_VERSION.match, tags) if version), None)


def asks_for_exports(file: str) -> bool:
    """Return whether a CPython that imports the file asks for ``PyModExport_`` first: 3.15 does, and any later one."""
    version = version_of(file)
    return version is None or version >= _FIRST_WITH_EXPORTS


def module_name(file: str) -> str:
    """Return the dotted name by which a file of a wheel is imported."""
    parts = file.split("/")
    if len(parts) > 2 and parts[0].endswith(".data") and parts[1] in {"platlib", "purelib"}:  # noqa: PLR2004 - both
        parts = parts[2:]
    parts[-1] = parts[-1].partition(".")[0]
    if parts[-1] == "__init__" and len(parts) > 1:
        parts.pop()
    return ".".join(parts)


def is_hook(symbol: str) -> bool:
    """Return whether an exported function is a hook by which CPython imports a module."""
    return symbol.isidentifier() and any(symbol.startswith(hook) and symbol != hook for hook in _HOOKS)


def hooked_modules(file: str, exports: Iterable[str]) -> dict[str, tuple[str | None, str | None]]:
    """Return the modules of a file, by dotted name, each with its ``PyInit_`` and its ``PyModExport_`` hook.

    CPython asks a file only for the hook of the name by which it is imported; other hooks (mypyc's ``PyInit___init__``,
    cryptography's ``PyInit__openssl``) are modules only in a file that has no hook of its own name.
    """
    own = module_name(file)
    found: dict[str, tuple[str | None, str | None]] = {}
    for symbol in exports:
        prefix, name = _split(symbol)
        init, export = found.get(name, (None, None))
        found[name] = (init, symbol) if prefix in _EXPORT_HOOKS else (symbol, export)
    last = own.rpartition(".")[2]
    for name in (last, file.rpartition("/")[2].partition(".")[0]):
        if name in found:
            return {own: found[name]}
    parent = own.removesuffix(last)
    return {parent + name: hooks for name, hooks in found.items()}


def _split(symbol: str) -> tuple[str, str]:
    """Return a hook's prefix and the module's name; names that are not ASCII are in punycode (PEP 489)."""
    prefix, _, name = symbol.partition("_")
    prefix += "_"
    if prefix in {INIT_HOOK, EXPORT_HOOK}:
        return prefix, name
    try:
        return prefix, name.replace("_", "-").encode("ascii").decode("punycode")
    except UnicodeError:
        return prefix, name

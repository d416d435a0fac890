"""What one file of a wheel declares about the GIL, whatever is wrong with it."""

from __future__ import annotations

import struct
import warnings
from collections.abc import Sequence

from bot.core.inspection.extension import Build, Extension, asks_for_exports, build_of, hooked_modules, module_name
from bot.core.inspection.modules import Declaration, ExtensionModule
from bot.inspector.binary import Binary, UnreadableError
from bot.inspector.definition import Declared, unknown
from bot.inspector.elf import read_elf
from bot.inspector.headers import check_headers, is_native

_HOOKS = (b"PyInit", b"PyModExport")
_PYTHON3T = "python3t.dll"
_MOST_MODULES = 16


def read_extension(file: str, data: bytes) -> Extension:
    """Return what a file declares; ``file`` is its name inside the wheel.

    It raises nothing: whatever is wrong with the file, its module is unknown, with the reason.
    """
    if not any(hook in data for hook in _HOOKS):
        return _hookless(file, data)
    try:
        check_headers(data)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)  # LIEF warns of every number that it has no name for
            slices = _open(data)
    except UnreadableError as error:
        return _unreadable(file, f"Its file cannot be read: {error}.")
    except struct.error:
        return _unreadable(file, "Its file cannot be read: it is damaged.")
    except MemoryError:
        return _unreadable(file, "Its file takes more memory to read than it may.")
    except Exception as error:  # noqa: BLE001 - LIEF with strangers' bytes: it raises what its parts raise
        return _unreadable(file, f"Its file cannot be read ({type(error).__name__}).")
    exports = tuple(dict.fromkeys(hook for each in slices for hook in each.hooks))
    found = hooked_modules(file, exports)
    if not found:
        return _hookless(file, data)
    if len(found) > _MOST_MODULES:
        return _unreadable(file, "Its file says that it holds too many modules.", exports)
    modules = tuple(_module(slices, file, name, hooks) for name, hooks in found.items())
    return Extension(file, modules, exports, any(_PYTHON3T in each.libraries for each in slices))


def _hookless(file: str, data: bytes) -> Extension:
    """Return what a file without a hook is: a library, unless it is damaged or its name is an extension module's.

    A file that is named like a library, or is of no known format and has the name of no Python, is nothing to import.
    """
    is_named = build_of(file) not in {Build.UNNAMED, Build.NOT_CPYTHON}
    if not is_named and (file.rpartition("/")[2].startswith("lib") or not is_native(data)):
        return Extension(file)
    try:
        check_headers(data)
    except UnreadableError as error:
        return _unreadable(file, f"Its file cannot be read: {error}.")
    if not is_named:
        return Extension(file)
    return _unreadable(file, "It is named like an extension module, and exports nothing by which CPython imports one.")


def _unreadable(file: str, reason: str, exports: tuple[str, ...] = ()) -> Extension:
    module = ExtensionModule(module_name(file), file, Declaration.UNKNOWN, reason=reason)
    return Extension(file, (module,), exports)


def _open(data: bytes) -> Sequence[Binary]:
    """Return what a file of one of the three formats holds: one binary, or one for each processor."""
    if data.startswith(b"\x7fELF"):
        return [read_elf(data)]
    # LIEF is optional and takes long to load: it is imported where it is used, and only for what is one of its formats.
    if data.startswith(b"MZ"):
        from bot.inspector.pe import read_pe  # noqa: PLC0415 - as above

        return [read_pe(data)]
    from bot.inspector.macho import read_macho  # noqa: PLC0415 - as above

    return read_macho(data)


def _module(slices: Sequence[Binary], file: str, module: str, hooks: tuple[str | None, str | None]) -> ExtensionModule:
    try:
        reading = _agreed([_read(each, file, module, hooks) for each in slices])
    except MemoryError:
        reading = unknown("Its code takes more memory to follow than it may.")
    except Exception as error:  # noqa: BLE001 - code and data that may be anything
        reading = unknown(f"Its code cannot be understood ({type(error).__name__}).")
    return ExtensionModule(module, file, reading.gil, reading.how, reading.reason)


def _read(binary: Binary, file: str, module: str, hooks: tuple[str | None, str | None]) -> Declared:
    """Return what one binary declares, by the hook for which CPython asks."""
    from bot.inspector.hooks import read_export, read_init  # noqa: PLC0415 - capstone is optional, as LIEF is

    init, export = (None if hook is None else binary.hooks.get(hook) for hook in hooks)
    if binary.machine is not None and not all(any(binary.code(hook, 4)) for hook in (init, export) if hook is not None):
        return unknown("Its file is damaged: it has no code where its hook is.")
    if export is not None and (init is None or asks_for_exports(file)):
        return read_export(binary, export)
    if init is None:
        return unknown(f"It has no hook in its code for {binary.processor}.")
    return read_init(binary, module.rpartition(".")[2], init)


def _agreed(readings: Sequence[Declared]) -> Declared:
    """Return what the code for each processor declares, if it is the same."""
    for reading in readings:
        if reading.gil is Declaration.UNKNOWN:
            return reading
    if len({reading.gil for reading in readings}) > 1:
        return unknown("Its code declares another thing for one processor than for the other.")
    return readings[0]

"""Windows's files."""

from __future__ import annotations

import lief
from lief import PE

from bot.core.inspection.extension import is_hook
from bot.inspector.binary import Binary, Convention, Machine, Region, UnreadableError, name_of

_MACHINES = {
    PE.Header.MACHINE_TYPES.AMD64: (Machine.X86_64, Convention.WINDOWS),
    PE.Header.MACHINE_TYPES.ARM64: (Machine.ARM64, Convention.ARM),
}
_BASES = {PE.RelocationEntry.BASE_TYPES.DIR64, PE.RelocationEntry.BASE_TYPES.HIGHLOW}
_EXECUTABLE = PE.Section.CHARACTERISTICS.MEM_EXECUTE
_WRITABLE = PE.Section.CHARACTERISTICS.MEM_WRITE


def read_pe(data: bytes) -> Binary:
    """Return what a PE file loads."""
    config = PE.ParserConfig()
    config.parse_rsrc = False
    config.parse_signature = False
    config.parse_exceptions = False
    config.parse_arm64x_binary = False
    lief.logging.disable()
    parsed = PE.parse(data, config)
    if parsed is None:
        raise UnreadableError("it is damaged")
    wide = parsed.optional_header.magic == PE.PE_TYPE.PE32_PLUS
    kind = parsed.header.machine
    machine, convention = _MACHINES.get(kind, (None, Convention.WINDOWS))
    binary = Binary(data, name_of(kind), machine if wide else None, convention, 8 if wide else 4)
    base = parsed.imagebase
    binary.map(
        Region(
            base + section.virtual_address,
            base + section.virtual_address + (section.virtual_size or section.size),
            section.offset,
            min(section.size, section.virtual_size or section.size),
            section.has_characteristic(_EXECUTABLE),
            section.has_characteristic(_WRITABLE),
        )
        for section in parsed.sections
    )
    _add_hooks(binary, parsed)
    _add_pointers(binary, parsed)
    return binary


def _add_hooks(binary: Binary, parsed: PE.Binary) -> None:
    export = parsed.get_export()
    for entry in () if export is None else export.entries:
        name = str(entry.name)
        if is_hook(name) and entry.address:
            binary.hooks[name] = parsed.imagebase + entry.address


def _add_pointers(binary: Binary, parsed: PE.Binary) -> None:
    """Note the words that the loader moves with the file, and those that it fills in with imported functions."""
    base = parsed.imagebase
    for block in parsed.relocations:
        for item in block.entries:
            if item.type in _BASES:
                found = binary.stored(base + item.address, binary.word)
                binary.pointers[base + item.address] = None if found is None else int.from_bytes(found, "little")
    for library in parsed.imports:
        for slot in library.entries:
            if not slot.is_ordinal and slot.name:
                binary.pointers[base + slot.iat_address] = binary.imported(str(slot.name))
    binary.libraries = frozenset(str(library.name).lower() for library in parsed.imports)

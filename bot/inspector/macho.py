"""macOS's files, which may hold one slice for each processor."""

from __future__ import annotations

import lief
from lief import MachO

from bot.core.inspection.extension import is_hook
from bot.inspector.binary import Binary, Convention, Machine, Region, UnreadableError, name_of

_CPU = MachO.Header.CPU_TYPE
_MACHINES = {
    _CPU.X86_64: (Machine.X86_64, Convention.SYSTEM_V),
    _CPU.ARM64: (Machine.ARM64, Convention.ARM),
}
_BIG = {MachO.MACHO_TYPES.CIGAM, MachO.MACHO_TYPES.CIGAM_64}
_MOST_SLICES = 4
_WRITABLE = 2
_EXECUTABLE = 4


def read_macho(data: bytes) -> list[Binary]:
    """Return what a Mach-O file loads, for each of its slices."""
    config = MachO.ParserConfig()
    config.parse_dyld_exports = True
    config.parse_dyld_bindings = True
    config.parse_dyld_rebases = True
    lief.logging.disable()
    parsed = MachO.parse(data, config)
    if parsed is None or not len(parsed):
        raise UnreadableError("it is damaged")
    if len(parsed) > _MOST_SLICES:
        raise UnreadableError("it has too many slices")
    return [_slice(data, each) for each in parsed]


def _slice(data: bytes, parsed: MachO.Binary) -> Binary:
    header = parsed.header
    machine, convention = _MACHINES.get(header.cpu_type, (None, Convention.SYSTEM_V))
    wide = header.magic in {MachO.MACHO_TYPES.MAGIC_64, MachO.MACHO_TYPES.CIGAM_64}
    big = header.magic in _BIG
    binary = Binary(data, name_of(header.cpu_type), machine, convention, 8 if wide else 4, "big" if big else "little")
    binary.map(
        Region(
            segment.virtual_address,
            segment.virtual_address + segment.virtual_size,
            parsed.fat_offset + segment.file_offset,
            min(segment.file_size, segment.virtual_size),
            bool(segment.init_protection & _EXECUTABLE),
            bool(segment.init_protection & _WRITABLE),
        )
        for segment in parsed.segments
    )
    for exported in parsed.exported_symbols:
        name = str(exported.name).removeprefix("_")
        if is_hook(name) and exported.value:
            binary.hooks[name] = exported.value
    for imported in parsed.imported_symbols:
        binary.imported(str(imported.name).removeprefix("_"))
    binary.libraries = frozenset(str(library.name).lower() for library in parsed.libraries)
    for relocation in parsed.relocations:
        if isinstance(relocation, MachO.RelocationFixup):
            binary.pointers[relocation.address] = relocation.target
        elif isinstance(relocation, MachO.RelocationDyld):
            found = binary.stored(relocation.address, binary.word)
            binary.pointers[relocation.address] = None if found is None else int.from_bytes(found, binary.order)
    for binding in parsed.bindings:
        symbol = binding.symbol
        name = "" if symbol is None else str(symbol.name).removeprefix("_")
        binary.pointers[binding.address] = binary.imported(name) + binding.addend if name else None
    return binary

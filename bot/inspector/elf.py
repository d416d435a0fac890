"""Linux's and the BSDs' files."""

from __future__ import annotations

import lief
from lief import ELF

from bot.core.inspection.extension import is_hook
from bot.inspector.binary import Binary, Convention, Machine, Region, UnreadableError, name_of

_MACHINES = {
    ELF.ARCH.X86_64: (Machine.X86_64, Convention.SYSTEM_V),
    ELF.ARCH.AARCH64: (Machine.ARM64, Convention.ARM),
}
_IN_PLACE = {ELF.Relocation.ENCODING.REL, ELF.Relocation.ENCODING.RELR}
_SYMBOLIC = ("_glob_dat", "_jump_slot", "_jmp_slot")
_ABSOLUTE = {
    *("x86_64_64", "aarch64_abs64", "ppc64_addr64", "riscv_64", "sysz_64", "larch_64"),
    *("x86_32", "arm_abs32", "ppc_addr32", "riscv_32"),
}


def read_elf(data: bytes) -> Binary:
    """Return what an ELF file loads."""
    config = ELF.ParserConfig()
    config.parse_notes = False
    config.parse_overlay = False
    config.parse_symbol_versions = False
    config.parse_symtab_symbols = False
    lief.logging.disable()
    parsed = ELF.parse(data, config)
    if parsed is None:
        raise UnreadableError("it is damaged")
    header = parsed.header
    wide = header.identity_class == ELF.Header.CLASS.ELF64
    little = header.identity_data == ELF.Header.ELF_DATA.LSB
    machine, convention = _MACHINES.get(header.machine_type, (None, Convention.SYSTEM_V))
    if not wide or not little:
        machine = None
    binary = Binary(
        data, name_of(header.machine_type), machine, convention, 8 if wide else 4, "little" if little else "big"
    )
    binary.map(
        Region(
            segment.virtual_address,
            segment.virtual_address + segment.virtual_size,
            segment.file_offset,
            min(segment.physical_size, segment.virtual_size),
            segment.has(ELF.Segment.FLAGS.X),
            segment.has(ELF.Segment.FLAGS.W),
        )
        for segment in parsed.segments
        if segment.type == ELF.Segment.TYPE.LOAD
    )
    for symbol in parsed.dynamic_symbols:
        name = str(symbol.name)
        if symbol.value and is_hook(name):
            binary.hooks[name] = symbol.value
        elif not symbol.value and symbol.shndx == 0 and name:
            binary.imported(name)
    binary.libraries = frozenset(str(library).lower() for library in parsed.libraries)
    for relocation in parsed.relocations:
        binary.pointers[relocation.address] = _target(binary, relocation)
    return binary


def _target(binary: Binary, relocation: ELF.Relocation) -> int | None:
    """Return what the loader writes for a relocation, where that is an address."""
    in_place = relocation.encoding in _IN_PLACE
    kind = name_of(relocation.type)
    if relocation.encoding == ELF.Relocation.ENCODING.RELR or kind.endswith("_relative"):
        return _stored_word(binary, relocation.address) if in_place else relocation.addend
    symbol = relocation.symbol
    if symbol is None:
        return None
    if kind.endswith(_SYMBOLIC):
        addend = 0
    elif kind in _ABSOLUTE:
        found = _stored_word(binary, relocation.address) if in_place else relocation.addend
        if found is None:
            return None
        addend = found
    else:
        return None
    if symbol.value:
        return symbol.value + addend
    name = str(symbol.name)
    return binary.imported(name) + addend if name else None


def _stored_word(binary: Binary, address: int) -> int | None:
    found = binary.stored(address, binary.word)
    return None if found is None else int.from_bytes(found, binary.order)

"""Machine code as text, a stretch at a time; the one module that names capstone, which has no types."""

from __future__ import annotations

from collections.abc import Iterator

import capstone

from bot.inspector.binary import Binary, Machine
from bot.inspector.state import Instruction

_STRETCH = {Machine.X86_64: 96, Machine.ARM64: 64}


class Disassembly:
    """The instructions of a file, each read once."""

    def __init__(self, binary: Binary, machine: Machine) -> None:
        """Begin with nothing read."""
        self._binary = binary
        self.machine = machine
        self._stretch = _STRETCH[machine]
        self._read: dict[int, Instruction] = {}
        if machine is Machine.X86_64:
            self._engine = capstone.Cs(capstone.CS_ARCH_X86, capstone.CS_MODE_64)
        else:
            self._engine = capstone.Cs(capstone.CS_ARCH_ARM64, capstone.CS_MODE_ARM)

    def at(self, address: int) -> Instruction | None:
        """Return the instruction at an address, or None where there is none."""
        found = self._read.get(address)
        if found is None:
            for instruction in self._decode(address):
                self._read.setdefault(instruction[0], instruction)
            found = self._read.get(address)
        return found

    def _decode(self, address: int) -> Iterator[Instruction]:
        for start, size, mnemonic, operands in self._engine.disasm_lite(
            self._binary.code(address, self._stretch), address
        ):
            yield int(start), int(size), str(mnemonic), str(operands)

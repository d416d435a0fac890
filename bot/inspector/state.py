"""What is known while a module's initialising function is followed: registers, memory, and what it called.

Everything is a number, or None where it cannot be known without running the program.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from bot.inspector.binary import Binary, Convention

Value = int | None
Bytes = tuple[Value, ...]

STACK = 0x7F00_0000_0000_0000
"""Where the stack pointer stands when the initialising function is entered."""

HEAP = 0x7D00_0000_0000_0000
"""Where allocated memory begins."""

_STACK_SIZE = 1 << 24
_WIDEST_ESCAPE = 4096
_CALLERS_FRAME = 256
_DEEPEST_ESCAPE = 3


def is_stack(address: int) -> bool:
    """Return whether an address lies on the stack."""
    return STACK - _STACK_SIZE <= address < STACK + _STACK_SIZE


@dataclass(frozen=True, slots=True)
class Flags:
    """What a comparison or an operation left in the flags: ``how`` it was made, and of what."""

    how: str
    left: Value
    right: Value
    size: int


@dataclass(slots=True)
class MachineState:
    """One way through the code, up to one instruction.

    ``memory`` and ``stack`` hold what was written, byte by byte; ``calls`` what the module API was asked for; ``blind``
    tells that a function of the file was called that was not followed, which may have written anything.
    """

    binary: Binary
    registers: dict[str, Value] = field(default_factory=dict)
    vectors: dict[str, Bytes] = field(default_factory=dict)
    memory: dict[int, Value] = field(default_factory=dict)
    stack: dict[int, Value] = field(default_factory=dict)
    flags: Flags | None = None
    calls: tuple[object, ...] = ()
    blind: bool = False
    heap: int = HEAP
    frame: int = STACK

    def copy(self) -> MachineState:
        """Return a state that goes on by itself."""
        return MachineState(
            self.binary,
            dict(self.registers),
            dict(self.vectors),
            dict(self.memory),
            dict(self.stack),
            self.flags,
            self.calls,
            self.blind,
            self.heap,
            self.frame,
        )

    def same(self, other: MachineState) -> bool:
        """Return whether nothing can go another way."""
        return (
            self.registers == other.registers
            and self.stack == other.stack
            and self.memory == other.memory
            and self.vectors == other.vectors
            and self.flags == other.flags
            and self.calls == other.calls
            and self.blind == other.blind
        )

    def joined(self, other: MachineState) -> MachineState:
        """Return what is known on either of two ways with the same calls."""
        both = self.copy()
        both.registers = {name: _either(value, other.registers.get(name)) for name, value in self.registers.items()}
        both.vectors = {name: value for name, value in self.vectors.items() if other.vectors.get(name) == value}
        both.memory = _both(self.memory, other.memory)
        both.stack = _both(self.stack, other.stack)
        both.flags = self.flags if self.flags == other.flags else None
        both.blind = self.blind or other.blind
        both.heap = max(self.heap, other.heap)
        return both

    def distance(self, other: MachineState) -> int:
        """Return how many bytes outside the stack were written otherwise."""
        return 0 if self.memory == other.memory else len(self.memory.items() ^ other.memory.items())

    def load_bytes(self, address: int, size: int) -> Bytes:
        """Return the bytes at an address."""
        memory = self.stack if is_stack(address) else self.memory
        if not memory:
            image = self.binary.read(address, size)
            return (None,) * size if image is None else tuple(image)
        written = [memory.get(each, -1) for each in range(address, address + size)]
        if -1 not in written:
            return tuple(written)
        image = self.binary.read(address, size)
        if image is None:
            return tuple(None if byte == -1 else byte for byte in written)
        return tuple(image[index] if byte == -1 else byte for index, byte in enumerate(written))

    def load(self, address: Value, size: int) -> Value:
        """Return the number at an address."""
        if address is None:
            return None
        content = self.load_bytes(address, size)
        return number(content if self.binary.order == "little" else content[::-1])

    def load_now(self, address: Value, size: int) -> Value:
        """Return the number at an address, as the code sees it that runs now.

        After a function that was not followed, memory that was zero may be filled in.
        """
        value = self.load(address, size)
        if value == 0 and self.blind and address is not None and not self.is_written(address, 1):
            region = self.binary.region(address)
            if region is not None and region.writable:
                return None
        return value

    def store_bytes(self, address: Value, content: Bytes) -> None:
        """Write bytes; what is written nobody knows where leaves the rest as it is."""
        if address is not None:
            memory = self.stack if is_stack(address) else self.memory
            memory.update(zip(range(address, address + len(content)), content, strict=True))

    def store(self, address: Value, size: int, value: Value) -> None:
        """Write a number."""
        self.store_bytes(address, content_of(value, size))

    def forget(self, start: int, stop: int) -> None:
        """Know nothing any more of what was written there."""
        memory = self.stack if is_stack(start) else self.memory
        for address in [each for each in memory if start <= each < stop]:
            memory[address] = None

    def is_written(self, address: int, size: int) -> bool:
        """Return whether the code wrote there."""
        memory = self.stack if is_stack(address) else self.memory
        return any(each in memory for each in range(address, address + size))

    def allocate(self, size: Value, *, zeroed: bool) -> int:
        """Return the address of new memory."""
        address = self.heap
        length = _WIDEST_ESCAPE if size is None else min(size, _WIDEST_ESCAPE)
        self.heap += 2 * _WIDEST_ESCAPE
        if zeroed:
            self.store_bytes(address, (0,) * length)
        return address

    def string(self, address: Value) -> str | None:
        """Return the C string at an address of the file."""
        return None if address is None or self.is_written(address, 1) else self.binary.string(address)

    def escape(self, address: Value, *, data: bool) -> None:
        """Forget what somebody else may write who was given an address: a part of the stack, and data where told."""
        if address is None:
            return
        if is_stack(address):
            self._escape_stack(address, _DEEPEST_ESCAPE)
        elif data:
            self.forget(address, address + _WIDEST_ESCAPE)

    def _escape_stack(self, address: int, depth: int) -> None:
        """Forget a part of the stack, and the parts to which pointers in it point."""
        stop = self.frame if address < self.frame else address + _CALLERS_FRAME
        pointed = {self.load(place, 8) for place in range(address, stop, 8) if place in self.stack} if depth else ()
        self.forget(address, stop)
        for target in pointed:
            if target is not None and is_stack(target) and not address <= target < stop:
                self._escape_stack(target, depth - 1)

    def go_blind(self) -> None:
        """Forget all that a function of the same file may write that is not followed."""
        self.blind = True
        self.memory = dict.fromkeys(self.memory)


def _both(left: dict[int, Value], right: dict[int, Value]) -> dict[int, Value]:
    """Return what two memories have in common; the rest is unknown."""
    if left == right:
        return dict(left)
    both = dict.fromkeys(left.keys() | right.keys())
    both.update(left.items() & right.items())
    return both


def _either(left: Value, right: Value) -> Value:
    return left if left == right else None


def number(content: Bytes) -> Value:
    """Return the number that little-endian bytes are."""
    total = 0
    for index, byte in enumerate(content):
        if byte is None:
            return None
        total |= byte << 8 * index
    return total


def content_of(value: Value, size: int) -> Bytes:
    """Return a number's little-endian bytes."""
    if value is None:
        return (None,) * size
    return tuple((value % (1 << 8 * size)).to_bytes(size, "little"))


def signed(value: int, size: int) -> int:
    """Return a number as its sign bit says."""
    return value - (1 << 8 * size) if value >> (8 * size - 1) else value


@dataclass(frozen=True, slots=True)
class CallingConvention:
    """Which registers hold arguments and the result, and which a call leaves alone."""

    arguments: tuple[str, ...]
    result: str
    stack: str
    kept: frozenset[str]

    def argument(self, state: MachineState, index: int) -> Value:
        """Return an argument of the call that is about to be made."""
        return state.registers.get(self.arguments[index])

    def clobber(self, state: MachineState, result: Value) -> None:
        """Make the registers as they are after a call."""
        for name in state.registers:
            if name not in self.kept:
                state.registers[name] = None
        state.vectors.clear()
        state.flags = None
        state.registers[self.result] = result


_X86_KEPT = frozenset({"rbx", "rbp", "rsp", "r12", "r13", "r14", "r15"})
ABIS: dict[Convention, CallingConvention] = {
    Convention.SYSTEM_V: CallingConvention(("rdi", "rsi", "rdx", "rcx", "r8", "r9"), "rax", "rsp", _X86_KEPT),
    Convention.WINDOWS: CallingConvention(("rcx", "rdx", "r8", "r9"), "rax", "rsp", _X86_KEPT | {"rdi", "rsi"}),
    Convention.ARM: CallingConvention(
        tuple(f"x{index}" for index in range(8)),
        "x0",
        "sp",
        frozenset({"sp", *(f"x{index}" for index in range(19, 30))}),
    ),
}

Instruction = tuple[int, int, str, str]
"""Address, size, mnemonic and operands, as capstone writes them."""


@dataclass(frozen=True, slots=True)
class Jump:
    """Where an instruction goes other than to the next: ``taken`` is None where it depends on what is not known."""

    target: Value
    taken: bool | None = True


@dataclass(frozen=True, slots=True)
class FunctionCall:
    """A call, after which the next instruction follows."""

    target: Value


@dataclass(frozen=True, slots=True)
class Return:
    """The end of a function."""


@dataclass(frozen=True, slots=True)
class Stop:
    """The end of the program, or what cannot be followed."""

    is_end: bool


Step = Jump | FunctionCall | Return | Stop | None
Stepper = Callable[[MachineState, Instruction], Step]

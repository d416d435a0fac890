"""What instructions of x86-64 do, as far as initialising functions need it.

An instruction that is not known makes its first operand unknown, so that nothing wrong follows from it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from bot.inspector.state import (
    Bytes,
    Flags,
    FunctionCall,
    Instruction,
    Jump,
    MachineState,
    Return,
    Step,
    Stop,
    Value,
    content_of,
    number,
    signed,
)

_WORD = 8
_SIZES = {"byte": 1, "word": 2, "dword": 4, "qword": 8, "xmmword": 16, "ymmword": 32, "zmmword": 64, "tbyte": 10}
_MEMORY = re.compile(r"(?:(\w+) ptr )?(?:(fs|gs|ds|es|cs|ss):)?\[(.+)\]")
_MASK = re.compile(r" *\{\w+\}")
_TERM = re.compile(r"([+-])?\s*(?:(\w+)\*)?(\w+)")


def _registers() -> dict[str, tuple[str, int, int]]:
    """Return the names of registers: whole register, size, offset of the first byte."""
    names: dict[str, tuple[str, int, int]] = {}
    for letter in "abcd":
        whole = f"r{letter}x"
        names |= {whole: (whole, 8, 0), f"e{letter}x": (whole, 4, 0), f"{letter}x": (whole, 2, 0)}
        names |= {f"{letter}l": (whole, 1, 0), f"{letter}h": (whole, 1, 1)}
    for short in ("si", "di", "bp", "sp"):
        whole = f"r{short}"
        names |= {whole: (whole, 8, 0), f"e{short}": (whole, 4, 0), short: (whole, 2, 0), f"{short}l": (whole, 1, 0)}
    for index in range(8, 16):
        whole = f"r{index}"
        names |= {whole: (whole, 8, 0), f"{whole}d": (whole, 4, 0), f"{whole}w": (whole, 2, 0)}
        names |= {f"{whole}b": (whole, 1, 0)}
    for index in range(32):
        names |= {f"{kind}{index}": (f"v{index}", size, 0) for kind, size in (("xmm", 16), ("ymm", 32), ("zmm", 64))}
    return names


_REGISTERS = _registers()
GENERAL = tuple(dict.fromkeys(whole for whole, size, _ in _REGISTERS.values() if size <= _WORD))
"""The whole general registers."""


@dataclass(frozen=True, slots=True)
class Register:
    """A register, or a part of one."""

    whole: str
    size: int
    offset: int

    @property
    def is_vector(self) -> bool:
        """Return whether it is one of SSE's or AVX's."""
        return self.whole[0] == "v"


@dataclass(frozen=True, slots=True)
class Memory:
    """A place in memory: the sum of registers, each with its factor, and of a number."""

    size: int
    terms: tuple[tuple[str, int], ...]
    displacement: int
    is_thread_local: bool


@dataclass(frozen=True, slots=True)
class Immediate:
    """A number."""

    value: int


Operand = Register | Memory | Immediate | None


@lru_cache(maxsize=4096)
def _operands(text: str) -> tuple[Operand, ...]:
    return tuple(_operand(each.strip()) for each in text.split(", ")) if text else ()


def _operand(text: str) -> Operand:
    text = _MASK.sub("", text)
    register = _REGISTERS.get(text)
    if register is not None:
        return Register(*register)
    match = _MEMORY.fullmatch(text)
    if match:
        return _memory(match[1], match[2], match[3])
    try:
        return Immediate(int(text, 0))
    except ValueError:
        return None


def _memory(size: str | None, segment: str | None, inside: str) -> Memory:
    terms = []
    displacement = 0
    for sign, first, second in _TERM.findall(inside):
        direction = -1 if sign == "-" else 1
        if second[0].isdigit() and not first:
            displacement += direction * int(second, 0)
        elif first:
            terms.append((first, int(second, 0)))
        else:
            terms.append((second, 1))
    return Memory(_SIZES.get(size or "", _WORD), tuple(terms), displacement, segment in {"fs", "gs"})


def _address(state: MachineState, place: Memory, following: int) -> Value:
    if place.is_thread_local:
        return None
    total = place.displacement
    for name, factor in place.terms:
        if name == "rip":
            total += following
            continue
        register = _REGISTERS.get(name)
        value = state.registers.get(register[0]) if register else None
        if value is None:
            return None
        total += value * factor
    return total % (1 << 64)


def _known_part(state: MachineState, place: Memory, following: int) -> Value:
    """Return where a place begins whose index is not known."""
    known = [state.registers.get(name) for name, factor in place.terms if factor == 1 and name != "rip"]
    bases = [value for value in known if value is not None and value > _PAGE]
    if ("rip", 1) in place.terms:
        bases.append(following)
    return bases[0] + place.displacement if bases and not place.is_thread_local else None


_PAGE = 4096


@dataclass(slots=True)
class _Machine:
    """One instruction, while it is carried out."""

    state: MachineState
    following: int

    def size(self, operand: Operand) -> int:
        return operand.size if isinstance(operand, Register | Memory) else _WORD

    def address(self, operand: Operand) -> Value:
        return _address(self.state, operand, self.following) if isinstance(operand, Memory) else None

    def get(self, operand: Operand) -> Value:
        if isinstance(operand, Immediate):
            return operand.value
        if isinstance(operand, Memory):
            return self.state.load_now(_address(self.state, operand, self.following), operand.size)
        if isinstance(operand, Register) and not operand.is_vector:
            value = self.state.registers.get(operand.whole)
            return None if value is None else value >> 8 * operand.offset & (1 << 8 * operand.size) - 1
        return None

    def get_bytes(self, operand: Operand, size: int) -> Bytes:
        if isinstance(operand, Memory):
            address = _address(self.state, operand, self.following)
            return (None,) * size if address is None else self.state.load_bytes(address, size)
        if isinstance(operand, Register) and operand.is_vector:
            content = self.state.vectors.get(operand.whole, ())[:size]
            return content + (None,) * (size - len(content))
        return content_of(self.get(operand), size)

    def put(self, operand: Operand, value: Value) -> None:
        if isinstance(operand, Memory):
            self.put_bytes(operand, content_of(value, operand.size))
        elif isinstance(operand, Register):
            if operand.is_vector:
                self.put_bytes(operand, content_of(value, operand.size))
            else:
                self.state.registers[operand.whole] = self._merged(operand, value)

    def _merged(self, register: Register, value: Value) -> Value:
        if value is None:
            return None
        value %= 1 << 8 * register.size
        if register.size >= 4:  # noqa: PLR2004 - the upper half becomes zero
            return value
        old = self.state.registers.get(register.whole)
        if old is None:
            return None
        mask = (1 << 8 * register.size) - 1 << 8 * register.offset
        return old & ~mask | value << 8 * register.offset

    def put_bytes(self, operand: Operand, content: Bytes) -> None:
        if isinstance(operand, Memory):
            address = _address(self.state, operand, self.following)
            if address is None:
                base = _known_part(self.state, operand, self.following)
                if base is not None:
                    self.state.forget(base, base + _PAGE)
                return
            self.state.store_bytes(address, content)
        elif isinstance(operand, Register) and operand.is_vector:
            self.state.vectors[operand.whole] = content

    def flags(self, how: str, left: Value, right: Value, size: int) -> None:
        self.state.flags = Flags(how, left, right, size)


_Operation = Callable[["_Machine", "tuple[Operand, ...]"], Step]


def _move(machine: _Machine, operands: tuple[Operand, ...]) -> Step:
    target, source = operands
    value = machine.get(source)
    machine.put(target, value)
    return None


def _move_extended(machine: _Machine, operands: tuple[Operand, ...]) -> Step:
    target, source = operands
    value = machine.get(source)
    machine.put(target, None if value is None else signed(value, machine.size(source)))
    return None


def _load_address(machine: _Machine, operands: tuple[Operand, ...]) -> Step:
    target, source = operands
    machine.put(target, machine.address(source))
    return None


def _push(machine: _Machine, operands: tuple[Operand, ...]) -> Step:
    value = machine.get(operands[0])
    stack = machine.state.registers.get("rsp")
    if stack is not None:
        stack -= _WORD
        machine.state.store(stack, _WORD, value)
    machine.state.registers["rsp"] = stack
    return None


def _pop(machine: _Machine, operands: tuple[Operand, ...]) -> Step:
    stack = machine.state.registers.get("rsp")
    value = machine.state.load_now(stack, _WORD)
    machine.state.registers["rsp"] = None if stack is None else stack + _WORD
    machine.put(operands[0], value)
    return None


def _leave(machine: _Machine, _operands: tuple[Operand, ...]) -> Step:
    machine.state.registers["rsp"] = machine.state.registers.get("rbp")
    return _pop(machine, (Register("rbp", _WORD, 0),))


def _exchange(machine: _Machine, operands: tuple[Operand, ...]) -> Step:
    left, right = operands
    first, second = machine.get(left), machine.get(right)
    machine.put(left, second)
    machine.put(right, first)
    return None


_ARITHMETIC: dict[str, Callable[[int, int], int]] = {
    "add": lambda left, right: left + right,
    "sub": lambda left, right: left - right,
    "and": lambda left, right: left & right,
    "or": lambda left, right: left | right,
    "xor": lambda left, right: left ^ right,
    "shl": lambda left, right: left << right,
    "sal": lambda left, right: left << right,
    "shr": lambda left, right: left >> right,
    "imul": lambda left, right: left * right,
}


_SHIFTS = {"shl", "sal", "shr"}


def _arithmetic(mnemonic: str) -> _Operation:
    operate = _ARITHMETIC[mnemonic]
    how = mnemonic if mnemonic == "sub" else "logic" if mnemonic in {"and", "or", "xor"} else "result"

    def run(machine: _Machine, operands: tuple[Operand, ...]) -> Step:
        if len(operands) < 2:  # noqa: PLR2004 - `imul rcx` multiplies into rdx:rax
            _unknown(machine, operands)
            return _unknown_accumulator(machine, operands)
        target, first, second = operands[0], operands[-2], operands[-1]
        size = machine.size(target)
        left, right = machine.get(first), machine.get(second)
        result: Value = None
        if (first == second and mnemonic in {"xor", "sub"}) or (mnemonic == "and" and 0 in {left, right}):
            result = 0
        elif left is not None and right is not None:
            shift = (63 if size == _WORD else 31) if mnemonic in _SHIFTS else -1
            result = operate(left, right & shift) % (1 << 8 * size)
        if how == "sub":
            machine.flags("compare", left, right, size)
        else:
            machine.flags(how, result, None, size)
        machine.put(target, result)
        return None

    return run


def _step_by(amount: int) -> _Operation:
    def run(machine: _Machine, operands: tuple[Operand, ...]) -> Step:
        size = machine.size(operands[0])
        value = machine.get(operands[0])
        result = None if value is None else (value + amount) % (1 << 8 * size)
        machine.flags("result", result, None, size)
        machine.put(operands[0], result)
        return None

    return run


def _invert(machine: _Machine, operands: tuple[Operand, ...]) -> Step:
    value = machine.get(operands[0])
    machine.put(operands[0], None if value is None else ~value)
    return None


def _negate(machine: _Machine, operands: tuple[Operand, ...]) -> Step:
    value = machine.get(operands[0])
    machine.state.flags = None
    machine.put(operands[0], None if value is None else -value)
    return None


def _compare(machine: _Machine, operands: tuple[Operand, ...]) -> Step:
    left, right = machine.get(operands[0]), machine.get(operands[1])
    machine.flags("compare", left, right, machine.size(operands[0]))
    return None


def _test(machine: _Machine, operands: tuple[Operand, ...]) -> Step:
    left, right = machine.get(operands[0]), machine.get(operands[1])
    result = 0 if 0 in {left, right} else None if left is None or right is None else left & right
    machine.flags("logic", result, None, machine.size(operands[0]))
    return None


def _holds(flags: Flags | None, condition: str) -> bool | None:
    """Return whether a condition holds."""
    if flags is None:
        return None
    negated = _NEGATED.get(condition)
    if negated is not None:
        opposite = _holds(flags, negated)
        return None if opposite is None else not opposite
    size, left, right = flags.size, flags.left, flags.right
    if flags.how == "compare":
        if left is None or right is None:
            return None
        mask = (1 << 8 * size) - 1
        left, right = left & mask, right & mask
    else:
        if left is None or (flags.how == "result" and condition not in {"e", "s"}):
            return None
        right = 0
    return _CONDITIONS[condition](left, right, size) if condition in _CONDITIONS else None


_NEGATED = {"ne": "e", "ae": "b", "a": "be", "ge": "l", "g": "le", "ns": "s"}
_CONDITIONS: dict[str, Callable[[int, int, int], bool]] = {
    "e": lambda left, right, _size: left == right,
    "b": lambda left, right, _size: left < right,
    "be": lambda left, right, _size: left <= right,
    "l": lambda left, right, size: signed(left, size) < signed(right, size),
    "le": lambda left, right, size: signed(left, size) <= signed(right, size),
    "s": lambda left, right, size: bool((left - right) >> (8 * size - 1) & 1),
}


def _set(condition: str) -> _Operation:
    def run(machine: _Machine, operands: tuple[Operand, ...]) -> Step:
        holds = _holds(machine.state.flags, condition)
        machine.put(operands[0], None if holds is None else int(holds))
        return None

    return run


def _conditional_move(condition: str) -> _Operation:
    def run(machine: _Machine, operands: tuple[Operand, ...]) -> Step:
        holds = _holds(machine.state.flags, condition)
        old, new = machine.get(operands[0]), machine.get(operands[1])
        machine.put(operands[0], new if holds else old if holds is False or old == new else None)
        return None

    return run


def _jump_if(condition: str) -> _Operation:
    def run(machine: _Machine, operands: tuple[Operand, ...]) -> Step:
        return Jump(machine.get(operands[0]), _holds(machine.state.flags, condition))

    return run


def _jump(machine: _Machine, operands: tuple[Operand, ...]) -> Step:
    return Jump(machine.get(operands[-1]))


def _call(machine: _Machine, operands: tuple[Operand, ...]) -> Step:
    return FunctionCall(machine.get(operands[-1]))


def _move_vector(size: int) -> _Operation:
    def run(machine: _Machine, operands: tuple[Operand, ...]) -> Step:
        target, source = operands[0], operands[-1]
        content = machine.get_bytes(source, size)
        if isinstance(target, Register) and not target.is_vector:
            machine.put(target, number(content))
        elif isinstance(target, Register):
            machine.put_bytes(target, content + (0,) * (16 - size))
        else:
            machine.put_bytes(target, content)
        return None

    return run


def _move_low(size: int) -> _Operation:
    """Carry out what moves the low part of a vector: from memory alone into a new one, else the rest stays."""

    def run(machine: _Machine, operands: tuple[Operand, ...]) -> Step:
        target, source = operands[0], operands[-1]
        content = machine.get_bytes(source, size)
        if isinstance(target, Register):
            content += (None,) * (16 - size)
        machine.put_bytes(target, content)
        return None

    return run


def _move_whole_vector(machine: _Machine, operands: tuple[Operand, ...]) -> Step:
    return _move_vector(max(machine.size(operand) for operand in operands))(machine, operands)


def _move_high(machine: _Machine, operands: tuple[Operand, ...]) -> Step:
    target, source = operands[0], operands[-1]
    if isinstance(target, Register):
        low = machine.get_bytes(operands[-2] if len(operands) > 2 else target, _WORD)  # noqa: PLR2004 - AVX has three
        machine.put_bytes(target, low + machine.get_bytes(source, _WORD))
    else:
        machine.put_bytes(target, machine.get_bytes(source, 16)[_WORD:])
    return None


def _unpack_low(machine: _Machine, operands: tuple[Operand, ...]) -> Step:
    low = machine.get_bytes(operands[-2], _WORD)
    machine.put_bytes(operands[0], low + machine.get_bytes(operands[-1], _WORD))
    return None


def _insert_word(size: int) -> _Operation:
    def run(machine: _Machine, operands: tuple[Operand, ...]) -> Step:
        lane = machine.get(operands[-1])
        content = list(machine.get_bytes(operands[-3], 16))
        if lane is None:
            content = [None] * 16
        else:
            start = size * (lane % (16 // size))
            content[start : start + size] = machine.get_bytes(operands[-2], size)
        machine.put_bytes(operands[0], tuple(content))
        return None

    return run


def _xor_vector(size: int) -> _Operation:
    """Carry out an exclusive or; AVX's clears the upper half of the register, too."""

    def run(machine: _Machine, operands: tuple[Operand, ...]) -> Step:
        zero = operands[-1] == operands[-2]
        machine.put_bytes(operands[0], (0 if zero else None,) * size)
        return None

    return run


def _extend_accumulator(source: int, target: int) -> _Operation:
    def run(machine: _Machine, _operands: tuple[Operand, ...]) -> Step:
        value = machine.get(Register("rax", source, 0))
        machine.put(Register("rax", target, 0), None if value is None else signed(value, source))
        return None

    return run


def _unknown_accumulator(machine: _Machine, _operands: tuple[Operand, ...]) -> Step:
    for name in ("rax", "rdx"):
        machine.state.registers[name] = None
    machine.state.flags = None
    return None


def _unknown_processor(machine: _Machine, operands: tuple[Operand, ...]) -> Step:
    for name in ("rbx", "rcx"):
        machine.state.registers[name] = None
    return _unknown_accumulator(machine, operands)


def _nothing(_machine: _Machine, _operands: tuple[Operand, ...]) -> Step:
    return None


def _unknown_flags(machine: _Machine, _operands: tuple[Operand, ...]) -> Step:
    machine.state.flags = None
    return None


def _return(_machine: _Machine, _operands: tuple[Operand, ...]) -> Step:
    return Return()


def _stop(_machine: _Machine, _operands: tuple[Operand, ...]) -> Step:
    return Stop(is_end=True)


def _unknown(machine: _Machine, operands: tuple[Operand, ...]) -> Step:
    if not operands:
        return _unknown_accumulator(machine, operands)
    machine.state.flags = None
    for first in operands[:1]:
        if isinstance(first, Register) and not first.is_vector:
            machine.state.registers[first.whole] = None
        else:
            machine.put_bytes(first, (None,) * machine.size(first))
    return None


def _unknown_both(machine: _Machine, operands: tuple[Operand, ...]) -> Step:
    """Carry out what writes its first two operands, rax and rdx (`lock cmpxchg`, `xadd`, `mulx`)."""
    for operand in operands[:2]:
        _unknown(machine, (operand,))
    return _unknown_accumulator(machine, operands)


_OPERATIONS: dict[str, _Operation] = {
    **dict.fromkeys(("mov", "movabs", "movzx"), _move),
    **dict.fromkeys(("movsx", "movsxd"), _move_extended),
    **dict.fromkeys(("nop", "endbr64", "data16", "pause", "lfence", "mfence", "sfence", "notrack"), _nothing),
    **dict.fromkeys(("prefetcht0", "prefetchw", "vzeroupper", "cld"), _nothing),
    **dict.fromkeys(("ucomiss", "ucomisd", "comiss", "comisd", "vucomiss", "vucomisd", "bt", "ptest"), _unknown_flags),
    **{name: _arithmetic(name) for name in _ARITHMETIC},
    "lea": _load_address,
    "push": _push,
    "pop": _pop,
    "leave": _leave,
    "xchg": _exchange,
    "inc": _step_by(1),
    "dec": _step_by(-1),
    "not": _invert,
    "neg": _negate,
    "cmp": _compare,
    "test": _test,
    **dict.fromkeys(("call", "notrack call", "bnd call"), _call),
    **dict.fromkeys(("jmp", "notrack jmp", "bnd jmp"), _jump),
    **dict.fromkeys(("ret", "bnd ret", "repz ret", "rep ret"), _return),
    **dict.fromkeys(("hlt", "ud2", "int3", "int", "syscall", "ud0", "ud1"), _stop),
    "cwde": _extend_accumulator(2, 4),
    "cdqe": _extend_accumulator(4, 8),
    **dict.fromkeys(("cdq", "cqo", "mul", "div", "idiv", "rdtsc", "xgetbv"), _unknown_accumulator),
    "cpuid": _unknown_processor,
    **dict.fromkeys(("lock cmpxchg", "cmpxchg", "lock xadd", "xadd", "mulx"), _unknown_both),
    **dict.fromkeys(("lock cmpxchg16b", "cmpxchg16b", "lock cmpxchg8b", "cmpxchg8b"), _unknown_both),
    **dict.fromkeys(("movq", "vmovq"), _move_vector(8)),
    **dict.fromkeys(("movd", "vmovd"), _move_vector(4)),
    **dict.fromkeys(("movsd", "vmovsd", "movlps", "vmovlps", "movlpd", "vmovlpd"), _move_low(8)),
    **dict.fromkeys(("movss", "vmovss"), _move_low(4)),
    **dict.fromkeys(
        (f"{avx}mov{name}" for avx in ("", "v") for name in ("aps", "apd", "ups", "upd", "dqa", "dqu", "ntdq", "ntps")),
        _move_whole_vector,
    ),
    **dict.fromkeys(("movhps", "vmovhps", "movhpd", "vmovhpd"), _move_high),
    **dict.fromkeys(("punpcklqdq", "vpunpcklqdq", "movlhps", "vmovlhps", "unpcklpd", "vunpcklpd"), _unpack_low),
    **dict.fromkeys(("pinsrq", "vpinsrq"), _insert_word(8)),
    **dict.fromkeys(("pinsrd", "vpinsrd"), _insert_word(4)),
    **dict.fromkeys(("pxor", "xorps", "xorpd"), _xor_vector(16)),
    **dict.fromkeys(("vpxor", "vxorps", "vxorpd"), _xor_vector(32)),
}
_ALIASES = {"z": "e", "nz": "ne", "c": "b", "nc": "ae", "nae": "b", "nb": "ae", "na": "be", "nbe": "a"}
for _name in ("e", "ne", "b", "ae", "be", "a", "l", "ge", "le", "g", "s", "ns", "o", "no", "p", "np", *_ALIASES):
    _condition = _ALIASES.get(_name, _name)
    _OPERATIONS |= {
        f"set{_name}": _set(_condition),
        f"cmov{_name}": _conditional_move(_condition),
        f"j{_name}": _jump_if(_condition),
    }


def _lost(_machine: _Machine, _operands: tuple[Operand, ...]) -> Step:
    return Stop(is_end=False)


def _jump_unknown(machine: _Machine, operands: tuple[Operand, ...]) -> Step:
    machine.state.registers["rcx"] = None
    return Jump(machine.get(operands[0]), taken=None)


_OPERATIONS |= dict.fromkeys(("enter", "iretq", "sysret", "popfq", "lcall", "ljmp", "retf", "retfq"), _lost)
_OPERATIONS |= dict.fromkeys(("jrcxz", "jecxz", "loop", "loope", "loopne"), _jump_unknown)


def step(state: MachineState, instruction: Instruction) -> Step:
    """Carry out an instruction."""
    address, size, mnemonic, text = instruction
    operation = _OPERATIONS.get(mnemonic)
    if "{" in text:
        operation = _unknown  # AVX-512 writes only a part, by a mask
    if mnemonic.startswith(_STRINGS) and (operation is None or text.count("[") > 1):
        return _strings(state, mnemonic)
    return (operation or _unknown)(_Machine(state, address + size), _operands(text))


_STRINGS = ("rep", "stos", "movs", "lods", "scas", "cmps")


def _strings(state: MachineState, mnemonic: str) -> Step:
    """Carry out the filling and copying of memory, as far as where and how much are known."""
    size = {"b": 1, "w": 2, "d": 4, "q": 8}.get(mnemonic[-1:], 0)
    repeated = mnemonic.startswith("rep")
    count = state.registers.get("rcx") if repeated else 1
    target, source = state.registers.get("rdi"), state.registers.get("rsi")
    state.registers |= dict.fromkeys(("rdi", "rsi"))
    if repeated:
        state.registers["rcx"] = None
    if "lods" in mnemonic:
        state.registers["rax"] = None
    state.flags = None
    if target is None:
        return None
    if not size or count is None or count * size > _PAGE:
        state.forget(target, target + _PAGE)
        return None
    length = count * size
    if "stos" in mnemonic:
        state.store_bytes(target, content_of(state.registers.get("rax"), size) * count)
    elif "movs" in mnemonic and source is not None:
        state.store_bytes(target, state.load_bytes(source, length))
    else:
        state.forget(target, target + length)
    return None

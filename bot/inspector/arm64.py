"""What instructions of arm64 do, as far as initialising functions need it.

An instruction that is not known makes the registers unknown that it may write, so that nothing wrong follows from it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
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
    signed,
)
from bot.inspector.state import content_of as bytes_of

_WORD = 8
_PAGE = 4096
_OPERAND = re.compile(r"\[[^\]]*\]!?|\{[^}]*\}(?:\[\d\])?|[^,\s][^,]*")
_VECTOR = re.compile(r"([bhsdqv])(\d+)(?:\.\w+)?")
_VECTORS = re.compile(r"\b[bhsdqvz](\d+)")
_WIDEST_STORE = 64
_LANE = re.compile(r"v(\d+)\.([bhsd])\[(\d+)\]")
_VECTOR_SIZES = {"b": 1, "h": 2, "s": 4, "d": 8, "q": 16, "v": 16}

GENERAL = (*(f"x{index}" for index in range(31)), "sp")
"""The whole general registers."""

_ALIASES = {"fp": "x29", "lr": "x30", "wsp": "sp"}


@lru_cache(maxsize=4096)
def _operands(text: str) -> tuple[str, ...]:
    return tuple(each.strip() for each in _OPERAND.findall(text))


def _general(text: str) -> tuple[str, int] | None:
    """Return a general register's whole name and its size."""
    name = _ALIASES.get(text, text)
    if name in {"sp", "xzr"}:
        return name, 8
    if name == "wzr":
        return "xzr", 4
    if name[:1] in {"x", "w"} and name[1:].isdigit():
        return f"x{name[1:]}", 8 if name[0] == "x" else 4
    return None


def _size(text: str) -> int:
    register = _general(text)
    return register[1] if register else _WORD


def _immediate(text: str) -> Value:
    try:
        return int(text.removeprefix("#"), 0)
    except ValueError:
        return None


def _get(state: MachineState, text: str) -> Value:
    if text.startswith("#") or text[:1].isdigit():
        return _immediate(text)
    register = _general(text)
    if register is None:
        return None
    name, size = register
    value = 0 if name == "xzr" else state.registers.get(name)
    return None if value is None else value & (1 << 8 * size) - 1


def _put(state: MachineState, text: str, value: Value) -> None:
    register = _general(text)
    if register is None:
        vector = _VECTOR.match(text)
        if vector:
            state.vectors[f"v{vector[2]}"] = bytes_of(value, 8) + (0,) * 8
        return
    name, size = register
    if name != "xzr":
        state.registers[name] = None if value is None else value % (1 << 8 * size)


def _last(state: MachineState, operands: tuple[str, ...], first: int, size: int) -> Value:
    """Return the last source operand, which may be shifted or extended."""
    value = _get(state, operands[first])
    if value is None or len(operands) == first + 1:
        return value
    how, _, amount = operands[first + 1].partition(" ")
    by = _immediate(amount) if amount else 0
    if by is None:
        return None
    return _SHIFTS[how](value, size) << by if how in _EXTENSIONS else _shifted(how, value, by, size)


def _shifted(how: str, value: int, by: int, size: int) -> Value:
    match how:
        case "lsl":
            return value << by
        case "lsr":
            return value >> by
        case "asr":
            return signed(value, size) >> by
        case _:
            return None


_SHIFTS: dict[str, Callable[[int, int], int]] = {
    "uxtb": lambda value, _size: value & 0xFF,
    "uxth": lambda value, _size: value & 0xFFFF,
    "uxtw": lambda value, _size: value & 0xFFFF_FFFF,
    "uxtx": lambda value, _size: value,
    "sxtb": lambda value, _size: signed(value & 0xFF, 1),
    "sxth": lambda value, _size: signed(value & 0xFFFF, 2),
    "sxtw": lambda value, _size: signed(value & 0xFFFF_FFFF, 4),
    "sxtx": lambda value, _size: value,
}
_EXTENSIONS = frozenset(_SHIFTS)


def _place(state: MachineState, operands: tuple[str, ...], index: int) -> tuple[Value, Value]:
    """Return the address that a load or store means, and where its memory begins if the index is not known.

    It also moves the base register on, where the instruction does.
    """
    text = operands[index]
    inside = tuple(each.strip() for each in text.strip("[]!").split(","))
    base = _get(state, inside[0])
    if base is None:
        address: Value = None
    elif len(inside) == 1:
        address = base
    else:
        offset = _last(state, inside, 1, _WORD)
        address = None if offset is None else (base + offset) % (1 << 64)
    if text.endswith("!"):
        _put(state, inside[0], address)
    elif len(operands) > index + 1:
        after = _get(state, operands[index + 1])
        _put(state, inside[0], None if base is None or after is None else base + after)
    return address, base if base is not None and base > _PAGE else None


def _load(size: int | None, *, extend: bool = False) -> _Operation:
    def run(state: MachineState, operands: tuple[str, ...], _address: int) -> Step:
        target = operands[0]
        vector = _VECTOR.match(target)
        if operands[1].startswith("#"):
            address, length = _immediate(operands[1]), size or _size(target)
        else:
            address, length = _place(state, operands, 1)[0], size or _size(target)
        if vector and _general(target) is None:
            length = _VECTOR_SIZES[vector[1]]
            content: Bytes = (None,) * length if address is None else state.load_bytes(address, length)
            state.vectors[f"v{vector[2]}"] = content + (0,) * (16 - length)
            return None
        value = state.load_now(address, length)
        _put(state, target, signed(value, length) if extend and value is not None else value)
        return None

    return run


def _load_pair(state: MachineState, operands: tuple[str, ...], _address: int) -> Step:
    address = _place(state, operands, 2)[0]
    for target in operands[:2]:
        vector = _VECTOR.match(target)
        length = _VECTOR_SIZES[vector[1]] if vector and _general(target) is None else _size(target)
        if vector and _general(target) is None:
            content: Bytes = (None,) * length if address is None else state.load_bytes(address, length)
            state.vectors[f"v{vector[2]}"] = content + (0,) * (16 - length)
        else:
            _put(state, target, state.load_now(address, length))
        address = None if address is None else address + length
    return None


def _content(state: MachineState, source: str, size: int | None) -> Bytes:
    """Return the bytes that a store writes of a register."""
    vector = _VECTOR.match(source)
    if vector and _general(source) is None:
        length = _VECTOR_SIZES[vector[1]]
        known = state.vectors.get(f"v{vector[2]}", ())[:length]
        return known + (None,) * (length - len(known))
    return bytes_of(_get(state, source), size or _size(source))


def _write(state: MachineState, place: tuple[Value, Value], content: Bytes) -> None:
    address, base = place
    if address is not None:
        state.store_bytes(address, content)
    elif base is not None:
        state.forget(base, base + _PAGE)


def _store(size: int | None) -> _Operation:
    def run(state: MachineState, operands: tuple[str, ...], _address: int) -> Step:
        content = _content(state, operands[0], size)
        _write(state, _place(state, operands, 1), content)
        return None

    return run


def _store_pair(state: MachineState, operands: tuple[str, ...], _address: int) -> Step:
    content = _content(state, operands[0], None) + _content(state, operands[1], None)
    _write(state, _place(state, operands, 2), content)
    return None


def _store_exclusive(state: MachineState, operands: tuple[str, ...], _address: int) -> Step:
    """Carry out a store that succeeds, as nobody else runs."""
    _write(state, _place(state, operands, 2), _content(state, operands[1], None))
    _put(state, operands[0], 0)
    return None


def _move(state: MachineState, operands: tuple[str, ...], _address: int) -> Step:
    target, source = operands[0], operands[1]
    into, out = _LANE.fullmatch(target), _LANE.fullmatch(source)
    if into:
        size = _VECTOR_SIZES[into[2]]
        content = list(state.vectors.get(f"v{into[1]}", (None,) * 16))
        start = size * int(into[3])
        content[start : start + size] = _lane(state, out) if out else bytes_of(_get(state, source), size)
        state.vectors[f"v{into[1]}"] = tuple(content)
    elif out:
        value = _lane(state, out)
        _put(state, target, None if None in value else int.from_bytes(bytes(each or 0 for each in value), "little"))
    elif _general(target) is None:
        vector, from_vector = _VECTOR.match(target), _VECTOR.match(source)
        if vector and from_vector and _general(source) is None:
            state.vectors[f"v{vector[2]}"] = state.vectors.get(f"v{from_vector[2]}", (None,) * 16)
        elif vector:
            state.vectors[f"v{vector[2]}"] = bytes_of(_get(state, source), 8) + (0,) * 8
    elif len(operands) > 2:  # noqa: PLR2004 - `movz x0, #1, lsl #16`
        _put(state, target, _last(state, operands, 1, _WORD))
    else:
        _put(state, target, _get(state, source))
    return None


def _lane(state: MachineState, lane: re.Match[str]) -> Bytes:
    size = _VECTOR_SIZES[lane[2]]
    start = size * int(lane[3])
    return state.vectors.get(f"v{lane[1]}", (None,) * 16)[start : start + size]


def _move_keep(state: MachineState, operands: tuple[str, ...], _address: int) -> Step:
    old, part = _get(state, operands[0]), _immediate(operands[1])
    shift = _immediate(operands[2].removeprefix("lsl ")) if len(operands) > 2 else 0  # noqa: PLR2004 - the shift
    known = old is not None and part is not None and shift is not None
    _put(state, operands[0], (old or 0) & ~(0xFFFF << (shift or 0)) | (part or 0) << (shift or 0) if known else None)
    return None


def _move_not(state: MachineState, operands: tuple[str, ...], _address: int) -> Step:
    value = _last(state, operands, 1, _WORD)
    _put(state, operands[0], None if value is None else ~value)
    return None


def _fill(state: MachineState, operands: tuple[str, ...], _address: int) -> Step:
    """Carry out what writes one number into every part of a vector (`movi`, `dup`)."""
    vector = _VECTOR.match(operands[0])
    if vector is None:
        return None
    shape = operands[0].partition(".")[2]
    size = _VECTOR_SIZES.get(shape[-1:], _WORD)
    lane = _LANE.fullmatch(operands[1])
    part = _lane(state, lane) if lane else bytes_of(_get(state, operands[1]), size)
    if len(operands) > 2:  # noqa: PLR2004 - shifted
        part = (None,) * size
    whole = _WORD if vector[1] == "d" or shape in {"8b", "4h", "2s", "1d"} else 16
    state.vectors[f"v{vector[2]}"] = part * (whole // size) + (0,) * (16 - whole)
    return None


_ARITHMETIC: dict[str, Callable[[int, int], int]] = {
    "add": lambda left, right: left + right,
    "sub": lambda left, right: left - right,
    "and": lambda left, right: left & right,
    "bic": lambda left, right: left & ~right,
    "orr": lambda left, right: left | right,
    "orn": lambda left, right: left | ~right,
    "eor": lambda left, right: left ^ right,
    "lsl": lambda left, right: left << (right & 63),
    "lsr": lambda left, right: left >> (right & 63),
    "mul": lambda left, right: left * right,
}


def _arithmetic(mnemonic: str, *, flags: bool = False) -> _Operation:
    operate = _ARITHMETIC[mnemonic]

    def run(state: MachineState, operands: tuple[str, ...], _address: int) -> Step:
        target = operands[0]
        if _general(target) is None:
            return _unknown(state, operands, 0)
        size = _size(target)
        left, right = _get(state, operands[1]), _last(state, operands, 2, size)
        result = None if left is None or right is None else operate(left, right) % (1 << 8 * size)
        if mnemonic == "eor" and operands[1] == operands[2]:
            result = 0
        if flags:
            state.flags = (
                Flags("compare", left, right, size) if mnemonic == "sub" else Flags("logic", result, None, size)
            )
            if mnemonic == "add":
                state.flags = Flags("result", result, None, size)
        _put(state, target, result)
        return None

    return run


def _compare(state: MachineState, operands: tuple[str, ...], _address: int) -> Step:
    size = _size(operands[0])
    state.flags = Flags("compare", _get(state, operands[0]), _last(state, operands, 1, size), size)
    return None


def _compare_negative(state: MachineState, operands: tuple[str, ...], _address: int) -> Step:
    size = _size(operands[0])
    left, right = _get(state, operands[0]), _last(state, operands, 1, size)
    known = left is not None and right is not None
    state.flags = Flags("result", ((left or 0) + (right or 0)) % (1 << 8 * size) if known else None, None, size)
    return None


def _test(state: MachineState, operands: tuple[str, ...], _address: int) -> Step:
    size = _size(operands[0])
    left, right = _get(state, operands[0]), _last(state, operands, 1, size)
    state.flags = Flags("logic", None if left is None or right is None else left & right, None, size)
    return None


_NEGATED = {"ne": "eq", "lo": "hs", "cc": "hs", "ls": "hi", "lt": "ge", "le": "gt", "pl": "mi", "cs": "hs"}
_CONDITIONS: dict[str, Callable[[int, int, int], bool]] = {
    "eq": lambda left, right, _size: left == right,
    "hs": lambda left, right, _size: left >= right,
    "hi": lambda left, right, _size: left > right,
    "ge": lambda left, right, size: signed(left, size) >= signed(right, size),
    "gt": lambda left, right, size: signed(left, size) > signed(right, size),
    "mi": lambda left, right, size: bool((left - right) >> (8 * size - 1) & 1),
}


def _holds(flags: Flags | None, condition: str) -> bool | None:
    """Return whether a condition holds."""
    if condition in {"al", "nv"}:
        return True
    if flags is None:
        return None
    if condition == "cs":
        condition = "hs"
    negated = _NEGATED.get(condition)
    if negated is not None:
        opposite = _holds(flags, negated)
        return None if opposite is None else not opposite
    left, right, size = flags.left, flags.right, flags.size
    if flags.how != "compare":
        right = 0
        if condition not in {"eq", "mi"}:
            return None
    if left is None or right is None or condition not in _CONDITIONS:
        return None
    mask = (1 << 8 * size) - 1
    return _CONDITIONS[condition](left & mask, right & mask, size)


def _select(change: Callable[[int], int]) -> _Operation:
    def run(state: MachineState, operands: tuple[str, ...], _address: int) -> Step:
        holds = _holds(state.flags, operands[3])
        first, second = _get(state, operands[1]), _get(state, operands[2])
        second = None if second is None else change(second)
        same = first if first == second else None
        _put(state, operands[0], first if holds else second if holds is False else same)
        return None

    return run


def _set(yes: int) -> _Operation:
    def run(state: MachineState, operands: tuple[str, ...], _address: int) -> Step:
        holds = _holds(state.flags, operands[1])
        _put(state, operands[0], None if holds is None else yes if holds else 0)
        return None

    return run


def _page_address(state: MachineState, operands: tuple[str, ...], _address: int) -> Step:
    _put(state, operands[0], _immediate(operands[1]))
    return None


def _jump(state: MachineState, operands: tuple[str, ...], _address: int) -> Step:
    return Jump(_get(state, operands[0]))


def _call(state: MachineState, operands: tuple[str, ...], _address: int) -> Step:
    return FunctionCall(_get(state, operands[0]))


def _jump_if_zero(zero: bool) -> _Operation:  # noqa: FBT001 - it is what the name says
    def run(state: MachineState, operands: tuple[str, ...], _address: int) -> Step:
        value = _get(state, operands[0])
        return Jump(_immediate(operands[1]), None if value is None else (value == 0) == zero)

    return run


def _jump_if_bit(wanted: int) -> _Operation:
    def run(state: MachineState, operands: tuple[str, ...], _address: int) -> Step:
        value, bit = _get(state, operands[0]), _immediate(operands[1])
        taken = None if value is None or bit is None else value >> bit & 1 == wanted
        return Jump(_immediate(operands[2]), taken)

    return run


def _return(_state: MachineState, _operands: tuple[str, ...], _address: int) -> Step:
    return Return()


def _stop(_state: MachineState, _operands: tuple[str, ...], _address: int) -> Step:
    return Stop(is_end=True)


def _nothing(_state: MachineState, _operands: tuple[str, ...], _address: int) -> Step:
    return None


def _unknown(state: MachineState, operands: tuple[str, ...], _address: int) -> Step:
    written = operands[:1]
    for index, operand in enumerate(operands):
        if operand.startswith("["):
            _write(state, _place(state, operands, index), (None,) * _WIDEST_STORE)
            written = operands[:index]
            break
    for operand in written:
        if _general(operand):
            _put(state, operand, None)
        for vector in _VECTORS.findall(operand):
            state.vectors.pop(f"v{vector}", None)
    state.flags = None
    return None


_Operation = Callable[[MachineState, tuple[str, ...], int], Step]

_OPERATIONS: dict[str, _Operation] = {
    **dict.fromkeys(("mov", "movz", "fmov", "ins", "umov"), _move),
    "movk": _move_keep,
    **dict.fromkeys(("movn", "mvn"), _move_not),
    **dict.fromkeys(("movi", "dup"), _fill),
    **dict.fromkeys(("adr", "adrp"), _page_address),
    **{name: _arithmetic(name) for name in _ARITHMETIC},
    **{f"{name}s": _arithmetic(name, flags=True) for name in ("add", "sub", "and")},
    "cmp": _compare,
    "cmn": _compare_negative,
    "tst": _test,
    **dict.fromkeys(("ldr", "ldur", "ldar", "ldapr", "ldapur", "ldxr", "ldaxr"), _load(None)),
    **dict.fromkeys(("ldrb", "ldurb", "ldarb", "ldaprb", "ldxrb", "ldaxrb"), _load(1)),
    **dict.fromkeys(("ldrh", "ldurh", "ldarh", "ldaprh"), _load(2)),
    **dict.fromkeys(("ldrsb", "ldursb"), _load(1, extend=True)),
    **dict.fromkeys(("ldrsh", "ldursh"), _load(2, extend=True)),
    **dict.fromkeys(("ldrsw", "ldursw"), _load(4, extend=True)),
    **dict.fromkeys(("ldp", "ldnp"), _load_pair),
    **dict.fromkeys(("str", "stur", "stlr", "stlur"), _store(None)),
    **dict.fromkeys(("strb", "sturb", "stlrb"), _store(1)),
    **dict.fromkeys(("strh", "sturh", "stlrh"), _store(2)),
    **dict.fromkeys(("stp", "stnp"), _store_pair),
    **dict.fromkeys(("stxr", "stlxr"), _store_exclusive),
    "csel": _select(lambda value: value),
    "csinc": _select(lambda value: value + 1),
    "csinv": _select(lambda value: ~value),
    "csneg": _select(lambda value: -value),
    "cset": _set(1),
    "csetm": _set(-1),
    **dict.fromkeys(("b", "br", "braa", "braaz", "brabz"), _jump),
    **dict.fromkeys(("bl", "blr", "blraa", "blraaz"), _call),
    "cbz": _jump_if_zero(True),  # noqa: FBT003 - as above
    "cbnz": _jump_if_zero(False),  # noqa: FBT003 - as above
    "tbz": _jump_if_bit(0),
    "tbnz": _jump_if_bit(1),
    **dict.fromkeys(("ret", "retaa", "retab"), _return),
    **dict.fromkeys(("brk", "udf", "hlt", "svc"), _stop),
    **dict.fromkeys(
        ("nop", "bti", "hint", "paciasp", "pacibsp", "autiasp", "autibsp", "xpaclri", "dmb", "dsb", "isb", "prfm"),
        _nothing,
    ),
}


def _jump_if(condition: str) -> _Operation:
    def run(state: MachineState, operands: tuple[str, ...], _address: int) -> Step:
        return Jump(_immediate(operands[0]), _holds(state.flags, condition))

    return run


for _condition in (*_CONDITIONS, *_NEGATED):
    _OPERATIONS[f"b.{_condition}"] = _jump_if(_condition)
for _condition in ("vs", "vc"):
    _OPERATIONS[f"b.{_condition}"] = _jump_if(_condition)


def step(state: MachineState, instruction: Instruction) -> Step:
    """Carry out an instruction."""
    address, _, mnemonic, text = instruction
    return _OPERATIONS.get(mnemonic, _unknown)(state, _operands(text), address)

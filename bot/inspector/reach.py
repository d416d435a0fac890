"""Which functions of a file lead to the calls that matter, so that those alone are followed far.

This looks at the code without carrying it out: what a function may call or hand on, whatever the conditions are.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Collection, Iterator

from bot.inspector.binary import Binary
from bot.inspector.disassembly import Disassembly

_MOST_INSTRUCTIONS = 50_000
_MOST_OF_ONE = 700
_TABLE = 6
_RELATIVE = re.compile(r"\[rip ([+-]) (0x[0-9a-f]+|\d+)\]")
_TARGET = re.compile(r"(?:[xw]\d+, (?:#\w+, )?)?#?(0x[0-9a-f]+)")
_PAGE_OFFSET = re.compile(r"(?:(x\d+), )?\[?(x\d+)(?:, #(0x[0-9a-f]+|\d+))?\]?")
_ENDS = frozenset({"ret", "ud2", "hlt", "int3", "brk", "udf", "retaa", "retab"})
_BRANCHES = ("j", "b", "call", "cb", "tb", "loop", "notrack")
_CALLS = frozenset({"call", "bl"})


def distances_to(binary: Binary, code: Disassembly, entry: int, wanted: Collection[str]) -> dict[int, int]:
    """Return the functions that lead to a call of a wanted import, and over how many calls, near the entry."""
    callers: dict[int, set[int]] = {}
    goals = []
    queue = deque([entry])
    known = {entry}
    left = _MOST_INSTRUCTIONS
    while queue and left > 0:
        function = queue.popleft()
        for target in _targets(binary, code, function):
            left -= 1
            if target is None:
                continue
            name = binary.import_at(target)
            if name is None:
                callers.setdefault(target, set()).add(function)
                if target not in known:
                    known.add(target)
                    queue.append(target)
            elif name in wanted:
                goals.append(function)
    distances = dict.fromkeys(goals, 1)
    queue = deque(distances)
    while queue:
        function = queue.popleft()
        for caller in callers.get(function, ()):
            if caller not in distances:
                distances[caller] = distances[function] + 1
                queue.append(caller)
    return distances


def _targets(binary: Binary, code: Disassembly, function: int) -> Iterator[int | None]:
    """Yield for each instruction of a function what it calls or takes the address of; None for the others."""
    pages: dict[str, int] = {}
    work = [function]
    seen: set[int] = set()
    while work:
        address = work.pop()
        while address not in seen and len(seen) < _MOST_OF_ONE:
            seen.add(address)
            instruction = code.at(address)
            if instruction is None:
                break
            _, size, mnemonic, operands = instruction
            target = _direct(operands) if mnemonic.startswith(_BRANCHES) else None
            if target is not None and mnemonic not in _CALLS and binary.import_at(target) is None:
                work.append(target)
                yield None
            elif target is not None:
                yield target
            else:
                yield None
                yield from _addresses(binary, pages, address + size, mnemonic, operands)
            if mnemonic in _ENDS or mnemonic in {"jmp", "b", "br"}:
                break
            address += size


def _direct(operands: str) -> int | None:
    """Return the address to which an instruction jumps that names it as its last operand."""
    match = _TARGET.fullmatch(operands)
    return int(match[1], 16) if match else None


def _addresses(binary: Binary, pages: dict[str, int], following: int, mnemonic: str, operands: str) -> Iterator[int]:
    """Yield the functions whose address an instruction takes, relative to itself or to a page."""
    match = _RELATIVE.search(operands)
    if match:
        place = following + int(match[2], 0) * (1 if match[1] == "+" else -1)
        yield from _functions(binary, place, is_address=mnemonic == "lea")
    if mnemonic == "adr":
        yield from _functions(binary, int(operands.rpartition("#")[2], 0), is_address=True)
    elif mnemonic == "adrp":
        register, _, page = operands.partition(", #")
        pages[register] = int(page, 16)
    elif mnemonic in {"add", "ldr"}:
        register, _, rest = operands.partition(", ")
        match = _PAGE_OFFSET.fullmatch(rest)
        if match and match[2] in pages:
            place = pages[match[2]] + int(match[3] or "0", 0)
            yield from _functions(binary, place, is_address=mnemonic == "add")


def _functions(binary: Binary, place: int, *, is_address: bool) -> Iterator[int]:
    """Yield the function at a place or behind the pointers there: a closure is called through a table of them."""
    if not is_address:
        target = binary.pointers.get(place)
        if target is not None and (binary.import_at(target) is not None or _is_function(binary, target)):
            yield target
        return
    if _is_function(binary, place):
        yield place
        return
    for pointer in range(place, place + binary.word * _TABLE, binary.word):
        target = binary.pointers.get(pointer)
        if target is not None and _is_function(binary, target):
            yield target


def _is_function(binary: Binary, address: int) -> bool:
    region = binary.region(address)
    return region is not None and region.executable

"""Definitions of modules and their arrays of slots, in memory as it is at one moment.

A ``PyModuleDef`` points to an array of ``PyModuleDef_Slot``, an identifier and a value each (PEP 489); what a
``PyModExport_`` function returns is an array of ``PySlot``, which has flags as well (PEP 793, PEP 820). An array ends
with identifier 0, and one can contain others. CPython 3.15 gave the slots new identifiers and still takes the old ones.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from bot.core.inspection.modules import Declaration, How
from bot.inspector.binary import Binary
from bot.inspector.state import HEAP, MachineState

GIL_SLOTS = frozenset({4, 87})
"""``Py_mod_gil`` until CPython 3.14, and from 3.15 on."""

_NEW_ARRAY = 92
"""``Py_slot_subslots``: a nested array of ``PySlot``."""

_OLD_ARRAY = 94
"""``Py_mod_slots``: a nested array of ``PyModuleDef_Slot``."""

_NESTED = (_NEW_ARRAY, _OLD_ARRAY)

_DECLARATIONS = {0: Declaration.USED, 1: Declaration.NOT_USED}
_MOST_SLOTS = 64
_MOST_ARRAYS = 16
_LONGEST_PACKAGE = 128
_PACKAGE = re.compile(rb"(?:[^\W\d]\w*\.)+\Z")
_PLAUSIBLE = frozenset({*range(1, 14), *range(80, 128)})
_NEW_SLOT_SIZE = 16
_LARGEST_STATE = 1 << 24

_NOT_FOLLOWED = "Its slots are written when it is imported, by code that could not be followed."
_NOT_FOUND = "Its slots are written when it is imported, by code that was not found."

_HEADS = (40, 56)
"""How many bytes of a ``PyModuleDef`` come before its name: in builds with the GIL, and in free-threaded ones."""


@dataclass(frozen=True, slots=True)
class Declared:
    """What a definition, an array of slots or a call declares; ``reason`` is a sentence where that is unknown.

    ``is_filled`` is False for an array that was found empty on a way on which nothing was written into it.
    """

    gil: Declaration
    how: How | None = None
    reason: str | None = None
    is_filled: bool = True


def unknown(reason: str) -> Declared:
    """Return that it cannot be told, and why."""
    return Declared(Declaration.UNKNOWN, None, reason)


@dataclass(frozen=True, slots=True)
class _Slot:
    address: int
    identifier: int
    value: int | None


class _UnreadableSlotsError(Exception):
    """An array that cannot be read; its text is a sentence."""


def read_slots(state: MachineState, address: int, *, new: bool) -> Declared:
    """Return what an array of slots declares: of ``PySlot`` where ``new``, else of ``PyModuleDef_Slot``."""
    try:
        slots = _slots(state, address, new=new)
    except _UnreadableSlotsError as error:
        return unknown(str(error))
    values = [slot.value for slot in slots if slot.identifier in GIL_SLOTS]
    written = [state.is_written(slot.address, 1) for slot in slots]
    how = How.CODE if any(written) else How.SLOT
    if not values:
        return _undeclared(state, slots, how, is_end_written=written[-1])
    if len(values) > 1:
        return unknown("It has more than one slot for the GIL.")
    found = None if values[0] is None else _DECLARATIONS.get(values[0])
    if found is None:
        return unknown("The value of its slot for the GIL cannot be told.")
    return Declared(found, how)


def _undeclared(state: MachineState, slots: list[_Slot], how: How, *, is_end_written: bool) -> Declared:
    """Return what it means that no slot is one for the GIL; the array's end is the last of the slots."""
    if is_end_written:
        return Declared(Declaration.UNDECLARED, how)
    region = state.binary.region(slots[-1].address)
    is_open = region is not None and region.writable
    if len(slots) == 1 and is_open:
        return Declared(Declaration.UNKNOWN, None, _NOT_FOUND, is_filled=False)
    if state.blind and is_open:
        return unknown(_NOT_FOLLOWED)
    return Declared(Declaration.UNDECLARED, how)


def _slots(state: MachineState, address: int, *, new: bool) -> list[_Slot]:
    """Return the slots of an array and of those that it contains; the last is the end of the first array."""
    found: list[_Slot] = []
    found.append(_collect(state, address, found, [], new=new))
    return found


def _collect(state: MachineState, address: int, found: list[_Slot], arrays: list[int], *, new: bool) -> _Slot:
    """Add an array's slots to those that were found, and return its end."""
    if address in arrays or len(arrays) >= _MOST_ARRAYS:
        raise _UnreadableSlotsError("Its slots are in arrays that contain each other.")
    arrays.append(address)
    word = state.binary.word
    size, at = (_NEW_SLOT_SIZE, 8) if new else (2 * word, word)
    for place in range(address, address + size * _MOST_SLOTS, size):
        identifier = state.load(place, 2 if new else 4)
        if identifier is None:
            raise _UnreadableSlotsError(_NOT_FOLLOWED)
        if not identifier:
            return _Slot(place, 0, None)
        value = state.load(place + at, word)
        if identifier in _NESTED:
            if value is None:
                raise _UnreadableSlotsError("Its slots are in another array, which could not be found.")
            if value:
                _collect(state, value, found, arrays, new=identifier == _NEW_ARRAY)
        else:
            found.append(_Slot(place, identifier, value))
    raise _UnreadableSlotsError("Its array of slots has no end.")


def read_definition(state: MachineState, address: int) -> Declared:
    """Return what a ``PyModuleDef`` declares that is given to ``PyModuleDef_Init``."""
    word = state.binary.word
    for head in _HEADS:
        name = state.load(address + head, word)
        if name and (state.binary.region(name) or name >= HEAP):
            break
    else:
        return Declared(Declaration.UNKNOWN, None, _NOT_FOUND, is_filled=False)
    slots = state.load(address + head + 4 * word, word)
    if slots is None:
        return unknown(_NOT_FOLLOWED)
    if slots:
        return read_slots(state, slots, new=False)
    if state.blind:
        return Declared(Declaration.UNKNOWN, None, _NOT_FOUND, is_filled=False)
    return Declared(Declaration.UNDECLARED, How.SLOT)


def find_definitions(binary: Binary, name: str) -> list[int]:
    """Return where definitions of a module lie that stand in the file, found by the module's name.

    What is returned is the address of the field ``m_name``: how much comes before it differs between builds.
    """
    places: dict[int, list[int]] = {}
    for address, target in binary.pointers.items():
        if target is not None:
            places.setdefault(target, []).append(address)
    found = [place for text in _names(binary, name) for place in places.get(text, ()) if _is_definition(binary, place)]
    return list(dict.fromkeys(found))


def _names(binary: Binary, name: str) -> Iterator[int]:
    """Yield the addresses of strings that are a module's name, with or without its package."""
    for address in binary.find(name.encode() + b"\0"):
        yield address
        region = binary.region(address)
        length = min(_LONGEST_PACKAGE, address - region.start) if region is not None else 0
        package = _PACKAGE.search(binary.stored(address - length, length) or b"")
        if package:
            yield from range(address - len(package[0]), address)


def _is_definition(binary: Binary, place: int) -> bool:
    """Return whether what begins with a pointer to a module's name is a definition from there on."""
    word = binary.word
    before = binary.number(place - 3 * word, 3 * word)
    if before != 0:
        return False
    documentation, methods, slots = (place + index * word for index in (1, 3, 4))
    for pointer in (documentation, methods, slots):
        if pointer not in binary.pointers and binary.number(pointer, word) != 0:
            return False
    size = binary.number(place + 2 * word, word)
    if size is None or place + 2 * word in binary.pointers:
        return False
    limit = 1 << 8 * word
    if not (size == limit - 1 or size < _LARGEST_STATE):
        return False
    return _are_slots(binary, binary.pointers.get(slots))


def _are_slots(binary: Binary, address: int | None) -> bool:
    """Return whether there is an array of slots, or no pointer to one."""
    if address is None:
        return True
    try:
        slots = _slots(MachineState(binary), address, new=False)
    except _UnreadableSlotsError:
        return False
    return all(slot.identifier in _PLAUSIBLE for slot in slots[:-1])


def read_static(binary: Binary, place: int) -> int | None:
    """Return the address of the slots of a definition that was found by name; 0 where it has none."""
    return MachineState(binary).load(place + 4 * binary.word, binary.word)

"""What a module declares that one of its hooks makes: found by following its code, else by its name in the data."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from bot.core.inspection.modules import Declaration, How
from bot.inspector.binary import Binary, Machine
from bot.inspector.calls import CREATORS, SETTER, STARTER, Created, GilSet, Initialised
from bot.inspector.definition import Declared, find_definitions, read_slots, read_static, unknown
from bot.inspector.disassembly import Disassembly
from bot.inspector.follow import Follower
from bot.inspector.reach import distances_to
from bot.inspector.state import ABIS, MachineState

_CFFI = b"_init_cffi_1_0_external_module\0"
"""The method of ``_cffi_backend`` to which the modules that cffi generates leave everything."""

_MAY_ADD = "Its slots in the file have none for the GIL, and its code, which may add one, is not understood."
_DECLARED = {0: Declaration.USED, 1: Declaration.NOT_USED}


def read_export(binary: Binary, hook: int) -> Declared:
    """Return what the array of slots declares that a ``PyModExport_`` function returns (PEP 793)."""
    if binary.machine is None:
        return unknown(f"Its slots are found by its code, and code for {binary.processor} is not understood.")
    follower = Follower(binary, Disassembly(binary, binary.machine))
    readings = [
        unknown("Its export hook could not be followed to its slots.")
        if address is None
        else read_slots(end, address, new=True)
        for end, address in _results(follower.follow(hook))
        if address != 0
    ]
    return agreed(readings) or unknown("Its export hook could not be followed to its slots.")


def read_init(binary: Binary, name: str, hook: int) -> Declared:
    """Return what a module declares that a ``PyInit_`` function makes (PEP 489); ``name`` has no dot."""
    if _is_cffi(binary):
        return Declared(Declaration.NOT_USED, How.CFFI)
    followed = None if binary.machine is None else _follow_init(binary, binary.machine, hook)
    if followed is not None:
        return followed
    if STARTER not in binary.imports and SETTER not in binary.imports and CREATORS & binary.imports.keys():
        return Declared(Declaration.UNDECLARED)
    return _read_by_name(binary, name) or unknown(
        "Its code was not followed to where the module is made."
        if binary.machine is not None
        else f"Its code makes the module, and code for {binary.processor} is not understood."
    )


def _is_cffi(binary: Binary) -> bool:
    """Return whether cffi generated the module: it calls nothing of the module API itself."""
    own = {STARTER, SETTER, *CREATORS} & binary.imports.keys()
    return not own and binary.contains(_CFFI)


def _follow_init(binary: Binary, machine: Machine, hook: int) -> Declared | None:
    """Return what is found by following the code, first hardly into what it calls, then as far as it matters.

    It is None where the code is not followed to where the module is made.
    """
    code = Disassembly(binary, machine)
    may_declare = SETTER in binary.imports or STARTER in binary.imports
    reading = _follow_init_into(Follower(binary, code), hook, may_declare=may_declare)
    if reading is None or reading.gil is Declaration.UNKNOWN:
        distances = distances_to(binary, code, hook, {STARTER, SETTER, *CREATORS})
        reading = _follow_init_into(Follower(binary, code, distances), hook, may_declare=may_declare) or reading
    return reading


def _follow_init_into(follower: Follower, hook: int, *, may_declare: bool) -> Declared | None:
    results = _results(follower.follow(hook))
    # A way that ends with NULL is an error's. What was declared on it before counts all the same.
    calls = [call for end, _ in results for call in end.calls]
    readings = [call.reading for call in calls if isinstance(call, Initialised)]
    if readings:
        return agreed(readings)
    values = {
        call.value
        for end, result in results
        for call in end.calls
        if isinstance(call, GilSet) and (not result or call.module in {None, result})
    }
    if values:
        return _of_values(values)
    ends = [end for end, result in results if result != 0]
    if not any(isinstance(call, Created) for end in ends for call in end.calls):
        return None
    # Where a call was not followed that may have declared something, that nothing was declared says nothing.
    if may_declare and (not follower.is_complete or any(end.blind for end in ends)):
        return unknown("Its code was not followed to where it may declare that it does not use the GIL.")
    return Declared(Declaration.UNDECLARED)


def _of_values(values: Collection[int | None]) -> Declared:
    """Return what a module declares by the values that are given to ``PyUnstable_Module_SetGIL``."""
    if len(values) > 1:
        return unknown("What it gives to PyUnstable_Module_SetGIL depends on what happens when it is imported.")
    (value,) = values
    declared = None if value is None else _DECLARED.get(value)
    if declared is None:
        return unknown("What it gives to PyUnstable_Module_SetGIL is computed when it is imported.")
    return Declared(declared, How.CALL)


def _read_by_name(binary: Binary, name: str) -> Declared | None:
    """Return what the definitions declare that stand in the file under the module's name.

    That an array has no slot for the GIL in the file says nothing: the code can add one.
    """
    readings = []
    for place in find_definitions(binary, name):
        slots = read_static(binary, place)
        if slots:
            reading = read_slots(MachineState(binary), slots, new=False)
            is_open = reading.gil is Declaration.UNDECLARED
            readings.append(unknown(_MAY_ADD) if is_open else reading)
    return agreed(readings)


def _results(ends: Sequence[MachineState]) -> list[tuple[MachineState, int | None]]:
    return [(end, end.registers.get(ABIS[end.binary.convention].result)) for end in ends]


def agreed(readings: Sequence[Declared]) -> Declared | None:
    """Return what readings of one module have in common; None where there are none.

    What is empty on one way through the code and filled in on another is filled in: a guard tells whether it was
    filled in before.
    """
    filled = [reading for reading in readings if reading.is_filled]
    for reading in filled:
        if reading.gil is Declaration.UNKNOWN:
            return reading
    if len({reading.gil for reading in filled}) > 1:
        return unknown("What it declares depends on what happens when it is imported.")
    return filled[0] if filled else readings[0] if readings else None

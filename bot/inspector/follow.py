"""Follows an initialising function through its code, as if CPython called it for the first time.

Every way is followed whose condition is not known; ways that meet and differ are joined, so that only what holds on
both stays known. A function of the same file is followed as well, unless it is too long: then whatever it could have
written is unknown from there on. All of it is bounded by a number of instructions.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from bot.inspector import arm64, x86
from bot.inspector.binary import Binary, Machine
from bot.inspector.calls import GilSet, Initialised, call_import
from bot.inspector.disassembly import Disassembly
from bot.inspector.state import ABIS, STACK, FunctionCall, Jump, MachineState, Return, Stepper, Stop

_MOST_INSTRUCTIONS = 5_000
"""Instructions that are carried out for one hook, if it is not known which functions matter."""

_MOST_FAR = 12_000
"""The same if it is known."""

_MOST_CALLED = 4_000
"""Instructions of a function that is called and leads to what matters, with all that it calls."""

_MOST_OF_OTHERS = 120
"""The same of any other function: enough for those that the linker or the C runtime adds."""

_LEAST_CALLED = 16
_DEEPEST = 24
_WAYS = 3
"""Ways that may come to one place before they are joined; those of the next two numbers if they wrote other things."""

_MOST_WAYS = 12
_ROUNDS = 48
"""Rounds of a loop of which everything is known."""

_TABLE = 6
_FAR = 1 << 30
_WORD = 8

_GENERAL = {Machine.X86_64: x86.GENERAL, Machine.ARM64: arm64.GENERAL}
_STEPS: dict[Machine, Stepper] = {Machine.X86_64: x86.step, Machine.ARM64: arm64.step}


@dataclass(slots=True)
class _Exploration:
    """The ways through one function: those still to follow, what came where, and how it ended."""

    limit: int
    depth: int
    work: list[tuple[int, MachineState]]
    seen: dict[tuple[int, tuple[object, ...]], list[MachineState]] = field(default_factory=dict)
    ends: list[MachineState] = field(default_factory=list)

    def arrive(self, address: int, state: MachineState) -> MachineState | None:
        """Return with what to go on from an address that was jumped to, or None where it brings nothing new."""
        before = self.seen.setdefault((address, state.calls), [])
        if any(state.same(other) for other in before):
            return None
        is_only_way = not self.work
        partner = None
        if len(before) >= (_ROUNDS if is_only_way else _WAYS):
            partner = _partner(before, state)
        if partner is None:
            before.append(state.copy())
            return state
        joined = before[partner].joined(state)
        if joined.same(before[partner]):
            return None
        before[partner] = joined.copy()
        return joined


class Follower:
    """Follows functions of one file, within one budget of instructions."""

    def __init__(self, binary: Binary, code: Disassembly, distances: Mapping[int, int] | None = None) -> None:
        """Begin with the file as it is before anything runs.

        ``distances`` tells of functions over how many calls they lead to what matters; they are followed far.
        """
        self._binary = binary
        self._code = code
        self._machine = code.machine
        self._distances = distances or {}
        self._distance = _FAR
        self._step = _STEPS[code.machine]
        self._abi = ABIS[binary.convention]
        self._spent = 0
        self._too_long: set[int] = set()
        self.is_complete = True

    def follow(self, entry: int) -> list[MachineState]:
        """Return how the function can end; ``is_complete`` then tells whether every way was followed to its end."""
        registers = dict.fromkeys(_GENERAL[self._machine])
        state = MachineState(self._binary, {**registers, self._abi.stack: STACK - _WORD})
        self.is_complete = True
        self._distance = self._distances.get(entry, _FAR)
        return self._run(entry, state, self._spent + (_MOST_FAR if self._distances else _MOST_INSTRUCTIONS), 0)

    def _run(self, entry: int, state: MachineState, limit: int, depth: int) -> list[MachineState]:
        ways = _Exploration(limit, depth, [(entry, state)])
        while ways.work:
            way: tuple[int, MachineState] | None = ways.work.pop()
            while way is not None and self._spent < limit:
                way = self._advance(ways, *way)
            if self._spent >= limit:
                self.is_complete = False
                break
        return _fewer(ways.ends)

    def _advance(self, ways: _Exploration, address: int, state: MachineState) -> tuple[int, MachineState] | None:
        """Carry out one instruction, and return where to go on; None at the end of a way."""
        instruction = self._code.at(address)
        if instruction is None:
            self.is_complete = False
            return None
        self._spent += 1
        following = address + instruction[1]
        match self._step(state, instruction):
            case None:
                return following, state
            case Return():
                ways.ends.append(state)
                return None
            case Stop(is_end):
                self.is_complete &= is_end
                return None
            case FunctionCall(target):
                after = self._call(target, state, ways)
                ways.work.extend((following, other) for other in after[1:])
                return (following, after[0]) if after else None
            case Jump(target, taken):
                return self._jump(ways, target, following, state, taken=taken)

    def _jump(
        self, ways: _Exploration, target: int | None, following: int, state: MachineState, *, taken: bool | None
    ) -> tuple[int, MachineState] | None:
        if taken is False:
            arrived = ways.arrive(following, state)
            return None if arrived is None else (following, arrived)
        name = None if target is None else self._binary.import_at(target)
        if name is not None and taken:
            if call_import(state, self._abi, name):
                ways.ends.append(state)
            return None
        if taken is None:
            other = ways.arrive(following, state.copy())
            if other is not None:
                ways.work.append((following, other))
        if target is None:
            self.is_complete = False
            return None
        arrived = ways.arrive(target, state)
        return None if arrived is None else (target, arrived)

    def _call(self, target: int | None, state: MachineState, ways: _Exploration) -> list[MachineState]:
        """Return the states after a call, none where it does not come back."""
        if target is not None:
            name = self._binary.import_at(target)
            if name is not None:
                return [state] if call_import(state, self._abi, name) else []
            after = self._follow_called(target, state, ways)
            if after is not None:
                return after
        for index in range(len(self._abi.arguments)):
            state.escape(self._abi.argument(state, index), data=False)
        state.go_blind()
        self._abi.clobber(state, None)
        return [state]

    def _follow_called(self, target: int, state: MachineState, ways: _Exploration) -> list[MachineState] | None:
        """Return the states after a call of a function of the same file, or None where it is too long to follow."""
        left = ways.limit - self._spent
        if self._leads_on(target) or self._hands_on(state):
            most, share = _MOST_CALLED, min(_MOST_CALLED, left)
        else:
            most, share = _MOST_OF_OTHERS, min(_MOST_OF_OTHERS, left // 2)
        if target in self._too_long or ways.depth >= _DEEPEST or share < _LEAST_CALLED:
            return None
        after = self._enter(target, state, self._spent + share, ways.depth)
        if after is None and share == most:
            self._too_long.add(target)
        return after

    def _leads_on(self, function: int | None) -> bool:
        """Return whether a function is nearer to what matters than the one that is followed."""
        return function is not None and self._distances.get(function, _FAR) < self._distance

    def _hands_on(self, state: MachineState) -> bool:
        """Return whether a function that leads on is handed to the one that is called, or a table with one."""
        if not self._distances:
            return False
        for index in range(len(self._abi.arguments)):
            address = self._abi.argument(state, index)
            if address is None:
                continue
            places = range(address, address + _TABLE * _WORD, _WORD)
            if self._leads_on(address) or any(self._leads_on(self._binary.pointers.get(place)) for place in places):
                return True
        return False

    def _enter(self, target: int, state: MachineState, limit: int, depth: int) -> list[MachineState] | None:
        was_complete, distance = self.is_complete, self._distance
        self.is_complete, self._distance = True, min(distance, self._distances.get(target, distance))
        inner = state.copy()
        stack = inner.registers.get(self._abi.stack)
        if stack is not None:
            inner.frame = stack
            if self._machine is Machine.X86_64:
                inner.registers[self._abi.stack] = stack - _WORD
        ends = self._run(target, inner, limit, depth + 1)
        was_followed, self.is_complete, self._distance = self.is_complete, was_complete, distance
        if not was_followed:
            # Not to its end, but if it came to what matters, that is known.
            ends = [end for end in ends if _has_declared(end.calls[len(state.calls) :])]
            if not ends:
                return None
            self.is_complete = False
        for end in ends:
            self._abi.clobber(end, end.registers.get(self._abi.result))
            end.frame = state.frame
            for name in self._abi.kept:
                end.registers[name] = state.registers.get(name)
        return ends


def _has_declared(calls: Sequence[object]) -> bool:
    return any(isinstance(call, GilSet | Initialised) for call in calls)


def _partner(others: list[MachineState], state: MachineState) -> int | None:
    """Return which other state one is joined with: the one that has written the most alike; None if none is near.

    A definition that is filled in once, behind a guard, is so kept apart from one that was not filled in.
    """
    distances = [state.distance(other) for other in others]
    least = min(distances)
    return distances.index(least) if not least or len(others) >= _MOST_WAYS else None


def _fewer(ends: list[MachineState]) -> list[MachineState]:
    """Return the ends of a function, those joined that did the same, where they are many."""
    if len(ends) <= _WAYS:
        return ends
    groups: dict[tuple[object, ...], list[MachineState]] = {}
    for end in ends:
        group = groups.setdefault(end.calls, [])
        partner = _partner(group, end) if group else None
        if partner is None:
            group.append(end)
        else:
            group[partner] = group[partner].joined(end)
    return [end for group in groups.values() for end in group]

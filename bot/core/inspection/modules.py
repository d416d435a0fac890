"""Extension modules and what each declares about the GIL; what follows for a wheel.

A free-threaded Python turns the GIL back on, for the whole process, when it imports a module that does not declare that
it can do without (PEP 703, PEP 779). The declaration is in the file: `docs/inspect.md` tells where.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

RULES = 2
"""The version of the rules by which files are read; what was read by another is read again."""

MOST_NAMED = 5
"""So many modules are named as those that turn the GIL back on."""

_TESTS = ("test", "tests", "testing")


class Declaration(StrEnum):
    """What one extension module declares."""

    NOT_USED = "not-used"
    """It can do without the GIL (``Py_MOD_GIL_NOT_USED``)."""

    USED = "used"
    """It needs the GIL (``Py_MOD_GIL_USED``): importing it turns the GIL back on."""

    UNDECLARED = "undeclared"
    """It declares nothing, which means the same."""

    UNKNOWN = "unknown"
    """It could not be told; the module's ``reason`` says why."""


class How(StrEnum):
    """Where the declaration was found."""

    SLOT = "slot"
    """In the file's data: a ``Py_mod_gil`` slot, or a slot array without one."""

    CALL = "call"
    """In the argument of a call of ``PyUnstable_Module_SetGIL``."""

    CODE = "code"
    """In the code of the function that initialises the module."""

    CFFI = "cffi"
    """cffi declares it when the module is imported."""


class Gil(StrEnum):
    """What importing all extension modules of a wheel does, in one word."""

    OFF = "off"
    ON = "on"
    UNKNOWN = "unknown"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class ExtensionModule:
    """An extension module: its dotted name, its file inside the wheel, and what it declares.

    ``how`` is None where nothing declares or nothing could be told; ``reason`` is a sentence where it is unknown.
    """

    module: str
    file: str
    gil: Declaration
    how: How | None = None
    reason: str | None = None

    @property
    def turns_gil_on(self) -> bool:
        """Return whether importing it turns the GIL back on."""
        return self.gil in {Declaration.USED, Declaration.UNDECLARED}

    @property
    def is_private(self) -> bool:
        """Return whether a part of its name says that it is nobody else's, so that users do not know it."""
        return any(part.startswith("_") for part in self.module.split("."))

    @property
    def is_aside(self) -> bool:
        """Return whether it is a test module inside the package, which importing the package hardly imports."""
        return any(part in _TESTS or part.startswith("_test") for part in self.module.split("."))


def gil_of(modules: Sequence[ExtensionModule]) -> Gil:
    """Return what importing them all does.

    Test modules count only where there are no others: users do not import them.
    """
    counted = [module for module in modules if not module.is_aside] or modules
    if not counted:
        return Gil.NONE
    if any(module.turns_gil_on for module in counted):
        return Gil.ON
    if any(module.gil is Declaration.UNKNOWN for module in counted):
        return Gil.UNKNOWN
    return Gil.OFF


def turning_on(modules: Sequence[ExtensionModule]) -> tuple[str, ...]:
    """Return the names of the modules that turn the GIL back on: public ones first, test modules last."""
    found = [module for module in modules if module.turns_gil_on]
    return tuple(module.module for module in sorted(found, key=lambda each: (each.is_aside, each.is_private)))

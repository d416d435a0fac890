"""What the functions do that an initialising function calls and that are not in its file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from bot.inspector.definition import Declared, read_definition, unknown
from bot.inspector.state import CallingConvention, MachineState, Value, content_of


@dataclass(frozen=True, slots=True)
class Initialised:
    """``PyModuleDef_Init``: the module is made in phases, as its definition says."""

    reading: Declared


@dataclass(frozen=True, slots=True)
class Created:
    """``PyModule_Create2`` and the like: the module is made at once."""


@dataclass(frozen=True, slots=True)
class GilSet:
    """``PyUnstable_Module_SetGIL``, with what it was given."""

    module: Value
    value: Value


STARTER = "PyModuleDef_Init"
"""The function that a module calls that is made in phases."""

SETTER = "PyUnstable_Module_SetGIL"
"""The function by which a module declares whose definition has no slots."""

CREATORS = frozenset({"PyModule_Create2", "PyModule_FromDefAndSpec2", "PyModule_New", "PyModule_NewObject"})
"""The functions that make a module at once."""

_ENDS = frozenset({
    *("abort", "exit", "_exit", "__stack_chk_fail", "__cxa_throw", "__cxa_rethrow", "_Unwind_Resume", "__assert_fail"),
    *("_ZSt9terminatev", "__cxa_pure_virtual", "__cxa_bad_cast", "__assert_rtn", "Py_FatalError", "Py_Exit"),
    *("_Py_FatalErrorFunc", "_CxxThrowException", "terminate", "_invalid_parameter_noinfo_noreturn", "ExitProcess"),
    *("__std_terminate", "__fastfail", "_wassert", "longjmp", "_Unwind_RaiseException"),
})  # fmt: skip
_ENDING_PREFIXES = ("_ZSt17__throw_", "_ZSt19__throw_", "_ZSt20__throw_", "_ZSt24__throw_", "_ZSt25__throw_")
_WRITE_NOTHING = (
    *("PyEval_", "PyGILState_", "PyInterpreterState_", "PyThreadState_", "PyImport_", "PyModule_", "PyType_"),
    *("Py_IncRef", "Py_DecRef", "_Py_IncRef", "_Py_DecRef", "_Py_Dealloc", "Py_GetVersion", "PyUnicode_From"),
    *("PyObject_GetAttr", "PyObject_SetAttr", "PyObject_Call", "PyErr_Set", "PyErr_Format", "PyErr_Clear"),
    *("PyLong_From", "PyFloat_From", "PyBool_", "PyTuple_", "PyList_", "PyDict_New", "PyDict_SetItem", "PyCapsule_"),
    *("PyErr_GetRaisedException", "PyErr_SetRaisedException", "PyErr_Print", "PyErr_NewException"),
    *("__cxa_guard", "__cxa_atexit", "__tls_get_addr", "_tlv_bootstrap", "free", "pthread_", "str", "memcmp"),
    *("Acquire", "Release", "SleepCondition", "WakeAll", "Enter", "Leave"),
)
"""What the names begin with of functions that write nothing where an argument points to, if there is an argument."""

_WRITE_NO_DATA = (*_WRITE_NOTHING, "Py", "_Py")
"""The same for memory outside the stack: results are written to the stack."""

_NO_DEFINITION = "Its definition is made when it is imported, by code that could not be followed."
_MOST_COPIED = 4096

_Model = Callable[[MachineState, CallingConvention], Value]


def call_import(state: MachineState, abi: CallingConvention, name: str) -> bool:
    """Carry out the call of an imported function, and return whether it comes back."""
    if name in _ENDS or name.startswith(_ENDING_PREFIXES):
        return False
    model = _MODELS.get(name)
    if model is not None:
        result = model(state, abi)
    else:
        result = None
        if not name.startswith(_WRITE_NOTHING):
            for index in range(len(abi.arguments)):
                state.escape(abi.argument(state, index), data=not name.startswith(_WRITE_NO_DATA))
    abi.clobber(state, result)
    return True


def _initialise(state: MachineState, abi: CallingConvention) -> Value:
    definition = abi.argument(state, 0)
    reading = unknown(_NO_DEFINITION) if definition is None else read_definition(state, definition)
    state.calls += (Initialised(reading),)
    return definition


def _create(state: MachineState, _abi: CallingConvention) -> Value:
    state.calls += (Created(),)
    return state.allocate(None, zeroed=False)


def _set_gil(state: MachineState, abi: CallingConvention) -> Value:
    state.calls += (GilSet(abi.argument(state, 0), abi.argument(state, 1)),)
    return 0


def _allocate(state: MachineState, abi: CallingConvention) -> Value:
    return state.allocate(abi.argument(state, 0), zeroed=False)


def _allocate_zeroed(state: MachineState, abi: CallingConvention) -> Value:
    count, size = abi.argument(state, 0), abi.argument(state, 1)
    return state.allocate(None if count is None or size is None else count * size, zeroed=True)


def _copy(state: MachineState, abi: CallingConvention) -> Value:
    target, source, size = (abi.argument(state, index) for index in range(3))
    if target is not None:
        if size is None or size > _MOST_COPIED:
            state.forget(target, target + _MOST_COPIED)
        else:
            known = source is not None
            state.store_bytes(target, state.load_bytes(source or 0, size) if known else (None,) * size)
    return target


def _fill(state: MachineState, abi: CallingConvention) -> Value:
    target, value, size = (abi.argument(state, index) for index in range(3))
    if target is not None:
        if size is None or size > _MOST_COPIED:
            state.forget(target, target + _MOST_COPIED)
        else:
            state.store_bytes(target, content_of(None if value is None else value & 0xFF, 1) * size)
    return target


def _length(state: MachineState, abi: CallingConvention) -> Value:
    text = state.string(abi.argument(state, 0))
    return None if text is None else len(text.encode())


def _always(value: int) -> _Model:
    def run(_state: MachineState, _abi: CallingConvention) -> Value:
        return value

    return run


_MODELS: dict[str, _Model] = {
    STARTER: _initialise,
    **dict.fromkeys(CREATORS, _create),
    SETTER: _set_gil,
    "PyErr_Occurred": _always(0),
    "__cxa_guard_acquire": _always(1),
    **dict.fromkeys(("__cxa_guard_release", "__cxa_atexit", "atexit"), _always(0)),
    **dict.fromkeys(("malloc", "PyMem_Malloc", "PyObject_Malloc", "PyMem_RawMalloc", "_Znwm", "_Znam"), _allocate),
    **dict.fromkeys(("calloc", "PyMem_Calloc", "PyObject_Calloc", "PyMem_RawCalloc"), _allocate_zeroed),
    **dict.fromkeys(("memcpy", "memmove", "__memcpy_chk", "__memmove_chk"), _copy),
    **dict.fromkeys(("memset", "__memset_chk"), _fill),
    "strlen": _length,
}

/* pybind11 3: the array is written when the module is imported, once. */
#include "python.h"
static PyModuleDef_Slot slots[5];
static PyModuleDef definition = {IMMORTAL, 0, 0, 0, "m", 0, 0, 0, slots};
static unsigned long long guard;
HOOK void *PyInit_m(void) {
    const char *version = Py_GetVersion();
    if (version[0] != '3')
        return 0;
    if (!*(volatile char *)&guard && __cxa_guard_acquire(&guard)) {
        slots[0] = (PyModuleDef_Slot){2, execute};
        slots[1] = (PyModuleDef_Slot){3, 0};
        slots[2] = (PyModuleDef_Slot){4, NOT_USED};
        slots[3] = (PyModuleDef_Slot){0, 0};
        __cxa_guard_release(&guard);
    }
    return PyModuleDef_Init(&definition);
}

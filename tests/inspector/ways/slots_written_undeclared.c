/* The same without mod_gil_not_used(); the definition gets its array by code, too. */
#include "python.h"
static PyModuleDef_Slot slots[5];
static PyModuleDef definition = {IMMORTAL, 0, 0, 0, "m"};
static unsigned long long guard;
HOOK void *PyInit_m(void) {
    if (!*(volatile char *)&guard && __cxa_guard_acquire(&guard)) {
        slots[0] = (PyModuleDef_Slot){2, execute};
        slots[1] = (PyModuleDef_Slot){3, 0};
        slots[2] = (PyModuleDef_Slot){0, 0};
        definition.slots = slots;
        __cxa_guard_release(&guard);
    }
    return PyModuleDef_Init(&definition);
}

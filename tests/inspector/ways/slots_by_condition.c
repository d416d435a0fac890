/* The declaration depends on what nobody knows before. */
#include "python.h"
static PyModuleDef_Slot slots[4] = {{2, execute}};
static PyModuleDef definition = {IMMORTAL, 0, 0, 0, "m", 0, 0, 0, slots};
HOOK void *PyInit_m(void) {
    if (Py_GetVersion()[2] == '7')
        slots[1] = (PyModuleDef_Slot){4, NOT_USED};
    return PyModuleDef_Init(&definition);
}

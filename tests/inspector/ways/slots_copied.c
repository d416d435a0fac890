/* pybind11 3 on Windows: the array is built on the stack and copied. */
#include "python.h"
static PyModuleDef_Slot slots[4];
static PyModuleDef definition = {IMMORTAL, 0, 0, 0, "m", 0, 0, 0, slots};
static void NOINLINE copy(PyModuleDef_Slot *to, const PyModuleDef_Slot *from) {
    for (int index = 0; index < 4; index++)
        to[index] = from[index];
}
HOOK void *PyInit_m(void) {
    PyModuleDef_Slot made[4];
    made[0] = (PyModuleDef_Slot){2, execute};
    made[1] = (PyModuleDef_Slot){4, NOT_USED};
    made[2] = made[3] = (PyModuleDef_Slot){0, 0};
    copy(slots, made);
    return PyModuleDef_Init(&definition);
}

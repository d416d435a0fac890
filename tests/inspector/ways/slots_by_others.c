/* Another library writes the array. */
#include "python.h"
static PyModuleDef_Slot slots[4];
static PyModuleDef definition = {IMMORTAL, 0, 0, 0, "m", 0, 0, 0, slots};
API void write_slots(PyModuleDef_Slot *);
HOOK void *PyInit_m(void) {
    write_slots(slots);
    return PyModuleDef_Init(&definition);
}

/* Slots, and none for the GIL. */
#include "python.h"
static PyModuleDef_Slot slots[] = {{2, execute}, {0, 0}};
static PyModuleDef definition = {IMMORTAL, 0, 0, 0, "m", 0, 0, 0, slots};
HOOK void *PyInit_m(void) { return PyModuleDef_Init(&definition); }

/* As a compiler sees it with CPython 3.15's headers. */
#include "python.h"
static PyModuleDef_Slot slots[] = {{85, execute}, {87, NOT_USED}, {0, 0}};
static PyModuleDef definition = {IMMORTAL, 0, 0, 0, "m", 0, 0, 0, slots};
HOOK void *PyInit_m(void) { return PyModuleDef_Init(&definition); }

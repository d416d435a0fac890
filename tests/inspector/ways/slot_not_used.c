/* The declaration as most modules make it. */
#include "python.h"
static PyModuleDef_Slot slots[] = {{2, execute}, {3, (void *)2}, {4, NOT_USED}, {0, 0}};
static PyModuleDef definition = {IMMORTAL, 0, 0, 0, "package.m", "Text.", 0, 0, slots};
HOOK void *PyInit_m(void) { return PyModuleDef_Init(&definition); }

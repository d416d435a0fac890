/* Made in phases, without any slot. */
#include "python.h"
static PyModuleDef definition = {IMMORTAL, 0, 0, 0, "m"};
HOOK void *PyInit_m(void) { return PyModuleDef_Init(&definition); }

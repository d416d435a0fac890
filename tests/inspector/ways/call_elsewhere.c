/* The function is imported, and called by somebody else. */
#include "python.h"
static PyModuleDef definition = {IMMORTAL, 0, 0, 0, "m"};
HOOK int declare(void *module) { return PyUnstable_Module_SetGIL(module, NOT_USED); }
HOOK void *PyInit_m(void) { return PyModule_Create2(&definition, 1013); }

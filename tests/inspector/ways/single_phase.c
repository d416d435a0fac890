/* Made at once; nothing is declared. */
#include "python.h"
static PyModuleDef definition = {IMMORTAL, 0, 0, 0, "m"};
HOOK void *PyInit_m(void) { return PyModule_Create2(&definition, 1013); }

/* Another library makes the module. */
#include "python.h"
API void *make_module(PyModuleDef *);
static PyModuleDef definition = {IMMORTAL, 0, 0, 0, "m"};
HOOK void *PyInit_m(void) { return make_module(&definition); }

/* f2py's default: the call is there, and says that the GIL is used. */
#include "python.h"
static PyModuleDef definition = {IMMORTAL, 0, 0, 0, "m"};
HOOK void *PyInit_m(void) {
    void *module = PyModule_Create2(&definition, 1013);
    PyUnstable_Module_SetGIL(module, USED);
    return module;
}

/* What the call is given is known only when the module is imported. */
#include "python.h"
static PyModuleDef definition = {IMMORTAL, 0, 0, 0, "m"};
HOOK void *PyInit_m(void) {
    void *module = PyModule_Create2(&definition, 1013);
    PyUnstable_Module_SetGIL(module, Py_GetVersion()[0] == '3' ? NOT_USED : USED);
    return module;
}

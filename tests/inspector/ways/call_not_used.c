/* Made at once, and declared by a call, after some work that can fail. */
#include "python.h"
static PyModuleDef definition = {IMMORTAL, 0, 0, 0, "m"};
HOOK void *PyInit_m(void) {
    void *module = PyModule_Create2(&definition, 1013);
    if (!module)
        return 0;
    if (PyModule_AddIntConstant(module, "one", 1) < 0 || PyModule_AddIntConstant(module, "two", 2) < 0)
        return 0;
    PyUnstable_Module_SetGIL(module, NOT_USED);
    return module;
}

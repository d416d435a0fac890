/* PyO3 0.23 to 0.27: a constant goes through closures to where the call is. */
#include "python.h"
static PyModuleDef definition = {IMMORTAL, 0, 0, 0, "m"};
typedef struct {
    PyModuleDef *definition;
    const char *gil_used;
} Closure;
static void *made;
static int NOINLINE make(Closure *closure) {
    void *module = PyModule_Create2(closure->definition, 1013);
    if (!module)
        return -1;
    PyUnstable_Module_SetGIL(module, (void *)(unsigned long long)(*closure->gil_used ^ 1));
    made = module;
    return 0;
}
static int (*const table[])(Closure *) = {make};
static int NOINLINE once(Closure *closure, int (*const *call)(Closure *)) {
    for (int index = 0; index < 200; index++)
        if (PyModule_AddIntConstant(made, "again", index) > 0)
            return 1;
    return call[0](closure);
}
static void *NOINLINE make_module(PyModuleDef *definition, char gil_used) {
    Closure closure = {definition, &gil_used};
    return once(&closure, table) < 0 ? 0 : made;
}
HOOK void *PyInit_m(void) { return make_module(&definition, 0); }

/* nanobind: definition and array lie in allocated memory. */
#include "python.h"
HOOK void *PyInit_m(void) {
    struct {
        PyModuleDef definition;
        PyModuleDef_Slot slots[3];
    } *made = malloc(sizeof *made);
    if (!made)
        return 0;
    made->definition = (PyModuleDef){IMMORTAL, 0, 0, 0, "m", 0, 0, 0, made->slots};
    made->slots[0] = (PyModuleDef_Slot){2, execute};
    made->slots[1] = (PyModuleDef_Slot){4, NOT_USED};
    made->slots[2] = (PyModuleDef_Slot){0, 0};
    return PyModuleDef_Init(&made->definition);
}

/* A table of methods and a type look like definitions to who looks for the module's name; the slots are not in the file. */
#include "python.h"
typedef struct {
    const char *name;
    void *function;
    void *flags;
    const char *doc;
} PyMethodDef;
static PyMethodDef methods[] = {{"m", execute, (void *)4, "First."}, {"other", execute, (void *)4, "Second."}, {0}};
static PyModuleDef_Slot slots[4];
static PyModuleDef definition = {IMMORTAL, 0, 0, 0, "m", 0, 0, methods, slots};
API void write_slots(PyModuleDef_Slot *);
HOOK void *PyInit_m(void) {
    write_slots(slots);
    return PyModuleDef_Init(&definition);
}

/* Both hooks, which do not say the same. */
#include "python.h"
static PySlot slots[] = {{85, 0, 0, {execute}}, {87, 0, 0, {NOT_USED}}, {0}};
static PyModuleDef_Slot old[] = {{2, execute}, {4, USED}, {0, 0}};
static PyModuleDef definition = {IMMORTAL, 0, 0, 0, "m", 0, 0, 0, old};
HOOK void *PyInit_m(void) { return PyModuleDef_Init(&definition); }
HOOK void *PyModExport_m(void) { return slots; }

/* PyO3 on CPython 3.15: both hooks use one array. */
#include "python.h"
static PySlot slots[] = {{85, 0, 0, {execute}}, {87, 0, 0, {NOT_USED}}, {0}};
static PyModuleDef_Slot outer[] = {{92, slots}, {0, 0}};
static PyModuleDef definition = {IMMORTAL, 0, 0, 0, "m", 0, 0, 0, outer};
HOOK void *PyInit_m(void) { return PyModuleDef_Init(&definition); }
HOOK void *PyModExport_m(void) { return *(void *volatile *)&outer[0].value; }

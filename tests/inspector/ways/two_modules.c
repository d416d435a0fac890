/* Two hooks in one file. */
#include "python.h"
static PyModuleDef_Slot free_slots[] = {{2, execute}, {4, NOT_USED}, {0, 0}};
static PyModuleDef_Slot slots[] = {{2, execute}, {4, USED}, {0, 0}};
static PyModuleDef first = {IMMORTAL, 0, 0, 0, "m", 0, 0, 0, free_slots};
static PyModuleDef second = {IMMORTAL, 0, 0, 0, "n", 0, 0, 0, slots};
HOOK void *PyInit_m(void) { return PyModuleDef_Init(&first); }
HOOK void *PyInit_n(void) { return PyModuleDef_Init(&second); }

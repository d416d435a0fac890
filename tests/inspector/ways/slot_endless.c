/* An array that contains itself, eight times. */
#include "python.h"
#define ITSELF {92, 0, 0, {slots}}
static PySlot slots[] = {ITSELF, ITSELF, ITSELF, ITSELF, ITSELF, ITSELF, ITSELF, ITSELF, {0}};
static PyModuleDef_Slot outer[] = {{92, slots}, {0, 0}};
static PyModuleDef definition = {IMMORTAL, 0, 0, 0, "m", 0, 0, 0, outer};
HOOK void *PyInit_m(void) { return PyModuleDef_Init(&definition); }

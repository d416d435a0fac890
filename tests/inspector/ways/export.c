/* PEP 793 alone, as abi3t wheels have it. */
#include "python.h"
static PySlot slots[] = {{100, 0, 0, {"m"}}, {85, 0, 0, {execute}}, {87, 0, 0, {NOT_USED}}, {0}};
HOOK void *PyModExport_m(void) { return slots; }

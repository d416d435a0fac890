/* No module: it only speaks of one. */
#include "python.h"
HOOK const char *describe(void) { return "PyInit_m"; }

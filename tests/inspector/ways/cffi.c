/* A module that cffi generates. */
#include "python.h"
HOOK void *PyInit_m(void) {
    void *backend = PyImport_ImportModule("_cffi_backend");
    return backend ? PyObject_CallMethod(backend, "_init_cffi_1_0_external_module", "O", backend) : 0;
}

/* What a free-threaded CPython's headers declare of modules, as far as these need it. */
#if defined(_WIN32)
#define HOOK __declspec(dllexport)
#define API __declspec(dllimport)
#else
#define HOOK __attribute__((visibility("default")))
#define API
#endif
#define NOINLINE __attribute__((noinline))

typedef struct {
    int slot;
    void *value;
} PyModuleDef_Slot;

typedef struct {
    unsigned short id, flags;
    unsigned int reserved;
    union {
        void *pointer;
        unsigned long long number;
    };
} PySlot;

typedef struct {
    void *thread;
    unsigned short flags;
    unsigned char mutex, bits;
    unsigned int local;
    void *shared, *type;
} PyObject;

typedef struct {
    PyObject base;
    void *(*init)(void);
    void *index, *copy;
    const char *name, *doc;
    void *size;
    void *methods;
    PyModuleDef_Slot *slots;
    void *traverse, *clear, *free;
} PyModuleDef;

#define IMMORTAL {0, 0, 0, 0, 0xFFFFFFFF, 0, 0}
#define NOT_USED ((void *)1)
#define USED ((void *)0)

API void *PyModuleDef_Init(PyModuleDef *definition);
API void *PyModule_Create2(PyModuleDef *definition, int version);
API int PyUnstable_Module_SetGIL(void *module, void *gil);
API int PyModule_AddIntConstant(void *module, const char *name, long value);
API void *PyImport_ImportModule(const char *name);
API void *PyObject_CallMethod(void *object, const char *name, const char *format, ...);
API const char *Py_GetVersion(void);
API int __cxa_guard_acquire(void *guard);
API void __cxa_guard_release(void *guard);
API void *malloc(__SIZE_TYPE__ size);

static int execute(void *module) { return module == 0; }

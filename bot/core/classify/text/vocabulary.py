"""The words maintainers use, by what they mean: a term and the phrases that say it.

A phrase is words of a-z and 0-9; every other character only separates words, so `Py_GIL_DISABLED` is read
as "py gil disabled", `3.14t` as "3 14t", and "free-threaded" as "free threaded". Case does not matter. `a/b` is either
word, `a/` is a word that may be left out ("the/ gil" is "the gil" and "gil"), and an apostrophe keeps "won't" together.
Rules name terms, never phrases, so a new way to say an old thing is one phrase more here. A phrase may stand under
several terms: a `-strict` or `-strong` term is the part of a broader one that leaves no doubt.
"""

from collections.abc import Iterator, Mapping
from itertools import product
from types import MappingProxyType


def spell_out(listed: str) -> Iterator[str]:
    """Return every phrase of a list as it is written in the vocabulary, each alternative on its own."""
    for phrase in listed.split(","):
        if "/" not in phrase:  # as most are, and all are spelled out at every start
            yield " ".join(phrase.replace("'", " ").split())
            continue
        for words in product(*(word.split("/") for word in phrase.split())):
            yield " ".join(word for word in words if word).replace("'", " ")


WHOLE = frozenset({"non-ft", "gil-talk"})
"""Terms whose words say nothing else: "non-free-threaded" is not "free-threaded", "no GIL release" not "no GIL"."""

REPOSITORIES: Mapping[str, str] = MappingProxyType(
    {
        "free-threaded": "ft-repo",
        "free-threading": "ft-repo",
        "freethread": "ft-repo",
        "/nogil": "ft-repo",
        "gilectomy": "ft-repo",
        "free-threaded-compatibility$": "guide",
        "/py-free-threading": "guide",
        "/auditwheel$": "tool",
        "/cibuildwheel$": "tool",
        "/conda$": "tool",
        "/hatch$": "tool",
        "/mamba$": "tool",
        "/maturin$": "tool",
        "/meson-python$": "tool",
        "/nox$": "tool",
        "/packaging$": "tool",
        "/pdm$": "tool",
        "/pip$": "tool",
        "/pixi$": "tool",
        "/poetry$": "tool",
        "/py-build-cmake$": "tool",
        "/pyenv": "tool",
        "/rules_python$": "tool",
        "/rye$": "tool",
        "/mise$": "tool",
        "/virtualenv$": "tool",
        "/enscons$": "tool",
        "/hatchling$": "tool",
        "/pdm-backend$": "tool",
        "/poetry-core$": "tool",
        "/flit$": "tool",
        "/delvewheel$": "tool",
        "/delocate$": "tool",
        "/dep-logic$": "tool",
        "/unearth$": "tool",
        "/cx_freeze$": "tool",
        "/pyinstaller$": "tool",
        "/scikit-build-core$": "tool",
        "/setup-python$": "tool",
        "/setup-uv$": "tool",
        "/setuptools$": "tool",
        "/tox$": "tool",
        "/uv$": "tool",
        "python/cpython$": "cpython",
        "run-parallel": "tests-threads",
        "-feedstock$": "packager",
        "/talks$": "talk",
        "_talk$": "talk",
        "-website$": "talk",
        "blog$": "talk",
        "meetup": "talk",
        "pypy/pypy$": "other-python",
    }
)
"""What a repository's name says: a part of it (`$` is its end) to a term."""

_FREE_THREADED = (
    "free threaded/threading/threadedness/threadable/threadness/threadingness, free thread "
    "binary/binaries/build/builds/compatible/compatibility/cpython/interpreter/mode/python/safe/support/version, "
    "free thread variant/wheel/wheels, "
    "freethreaded/freethreading/freethread/freethreads/freethreadedness/freethreadingness"
)
_NO_GIL_BUILD = (
    "nogil/gilless python/cpython/python3/build/builds/interpreter/mode/wheel/wheels/binaries/variant/variants, "
    "nogil ci/job/env/tests/safe/compatible/compatibility/readiness/ready/support, no gil "
    "python/cpython/build/builds/interpreter/mode/wheel/wheels/support, python/cpython nogil, python/cpython no gil, "
    "gil free/less/disabled python/cpython/build/builds/interpreter/wheel/wheels, support nogil, support no gil, "
    "support for nogil/no, python/cpython without the/ gil, non gil python/cpython/build/builds/mode/interpreter"
)
_GIL_DISABLED = (
    "disable gil, disabled gil, gil disabled, gil is disabled, disabling the gil, disable the gil, gil disabling, "
    "disable/disables/disabling/disabled the global interpreter lock"
)
_GIL_REMOVED = (
    "removing the gil, gil removal, optional gil, gil optional, making the gil optional, "
    "remove/removes/removing/removed the global interpreter lock"
)
_GIL_FREE = "gil free, gilfree, gil less, gilless"
_NO_GIL = "no gil, no global interpreter lock, without the/a/ global interpreter lock"
_NOGIL = "nogil"
_WITHOUT_GIL = (
    "without the gil, without gil, gil off, not using/use/need/require the gil, no longer needs/requires/uses the gil, "
    "gil turned/switched off"
)
_FT_BUILD = (
    "python 3 13/14/15 ft, ft python/cpython/build/builds/mode/wheel/wheels/interpreter/interpreters/ci/variant, py "
    "ft, on/in/under ft"
)

VOCABULARY: Mapping[str, str] = MappingProxyType(
    {
        # -- what makes a thread one about free-threading
        "ft": (
            f"{_FREE_THREADED}, {_NO_GIL_BUILD}, {_GIL_DISABLED}, {_GIL_REMOVED}, {_GIL_FREE}, {_NO_GIL}, {_FT_BUILD}"
        ),
        "ft-named": _FREE_THREADED,
        "no-gil-build": _NO_GIL_BUILD,
        "gil-disabled": _GIL_DISABLED,
        "gil-removed": _GIL_REMOVED,
        "gil-free": _GIL_FREE,
        "no-gil": _NO_GIL,
        "nogil": _NOGIL,
        "without-gil": _WITHOUT_GIL,
        "ft-short": f"ft, {_FT_BUILD}",
        "ft-word": (
            "free threaded, free threading, freethreaded, freethreading, freethread, free threadedness, "
            "freethreadedness, freethreadingness, free threadingness, no gil, nogil, disable gil, without the gil, ft"
        ),
        "t-tag": "cp31xt, cp31 t, cp3xt, 3 xt",
        "ft-mark": (
            "py gil disabled, py mod gil, gil not used, mod gil, freethreading compatible, freethreaded compatible, "
            "pep 703, pep703, pep 779, pep 803, pep 809, abi3t, is gil enabled, pyunstable module setgil, module "
            "setgil, py free threading, x64 freethreaded, thread safety classifier, trove classifiers free "
            "threading, python freethreading, isgilenabled, gil is enabled, all threads while the gil is disabled, "
            "py begin critical section, py begin critical section2, supports free threading, trove "
            "classifier/classifiers free threading, cpython freethreading, ft mutex, ft object mutex, lock self, "
            "free threading 1/2/3/4, gil used false/true, mod gil used"
        ),
        "ft-internals": (
            "lock keys, unlock keys, lock object, type lock, qsbr, py qsbr, biased reference counting, biased "
            "refcounting, deferred reference counting, deferred refcounting, deferred rc, stop the world, "
            "stoptheworld, pycriticalsection, critical section, critical sections, tlbc, thread local bytecode, per "
            "thread refcounting, per thread reference counting, pymutex, py tryincref, try incref, tryincref, "
            "freelist, freelists, py reftracer, immortalization, immortalize, unique reference, is owned by current "
            "thread, py isownedbycurrentthread, py atomic, ft atomic, ft atomics"
        ),
        "ft-loose": f"{_NOGIL}, {_WITHOUT_GIL}",
        "gil-talk": (
            "release/releases/released/releasing/drop/drops/dropped/dropping/unlock/unlocks/unlocking the/ python/ "
            "gil, acquire/acquires/acquired/acquiring/hold/holds/holding/held/grab/grabs/take/takes/ensure/reacquire "
            "the/ python/ gil, gil "
            "release/released/releases/releasing/acquisition/acquire/acquired/held/contention/handling, "
            "no/without/disable/explicit/automatic gil release/releases/acquisition, gil is/ not held, gil state, "
            "gil deadlock/deadlocks, allowed without gil, allowed without the gil, not without gil, gil requiring, "
            "cython nogil, error compiling cython, per interpreter gil, own gil, gil per, release global interpreter "
            "lock, release/releases/releasing the global interpreter lock, release nogil, gil usage, gil locking"
        ),
        "other-python": "pypy, jython, ironpython, graalpy, ruby, rubies, jruby, truffleruby, yarv, ocaml",
        "other-gil": "sub interpreter, sub interpreters, subinterpreter, subinterpreters, pep 684, pep684, pep 734",
        "needs-gil": "need/needs/needing/require/requires/requiring the/ gil",
        "cython-word": "cython, pyx, pxd, cdef, loop, loops",
        "foreign": (
            "apartment, apartments, coinitialize, coinitializeex, marshaler, marshaller, wpf, freezable, activex, "
            "winforms, directx, apartmentthreaded, coinit, gvl"
        ),
        "python-word": "python, cpython, python3, pip, pypi, wheel, wheels, cython, pyo3, pybind11, nanobind, py",
        "talk": (
            "talk, talks, slides, keynote, meetup, pycon, europython, podcast, newsletter, webinar, conference, blog, "
            "blogpost, tutorial video, lecture, course, lightning talk, til, introduction to "
            "multithreading/threading/threads/concurrency/parallelism"
        ),
        "release-notes": (
            "dependabot, renovate, mend renovate, release notes, what s changed, whats changed, full changelog, pre "
            "commit ci, bumps the"
        ),
        "free-threads": "free threads, free thread",
        "gil-warning": (
            "gil has been enabled to load module, has been enabled to load module, "
            "interpreter lock gil has been enabled, not declared that it can run safely without the gil, "
            "has not declared that it can run safely"
        ),
        "ft-build": (
            "in free threaded, in the free threaded, on free threaded, on the free threaded, with free threaded, "
            "under free threading, under free threaded, with free threading, for free threaded, for free threading, "
            "the free threaded build, the free threading build, free threaded builds, free threaded build, "
            "free threading builds, free threading build, in free threading, with the free threaded, "
            "for the free threaded, only affected the free threaded, against free threaded, using free threaded, "
            "to free threaded, of free threaded, freethreaded build, freethreading build"
        ),
        # -- what takes it back
        "non-ft": (
            "nonfreethreaded, gil only, without free threading, without free threaded, not free threaded build, not "
            "free threaded builds, not free threaded wheel, not free threaded wheels, gil enabled build, gil enabled "
            "builds, gil enabled wheel, gil enabled wheels, gil wheel, gil wheels, gil version, with gil build, "
            "regular gil, only the/ free threaded/threading wheel/wheels, only the/ freethreaded/freethreading "
            "wheel/wheels, only the/ cp313t/cp314t/cp315t wheel/wheels, gil enabled "
            "interpreter/interpreters/python/cpython/variant/version, 3 13/14/15 not free threaded/threading"
        ),
        "both-builds": (
            "both free/freethreaded/nogil/regular, both the/ gil, both the free, both standard/normal/default, and gil "
            "enabled, and non free, and no gil, and regular gil, and free threaded/threading, and the free "
            "threaded/threading, with and without the/ gil, as well as free"
        ),
        "aside": (
            "on the horizon, also looked, looked briefly, in the future, eventually, some day, someday, including "
            "free threaded, including free threading, unrelated, not related, as well as free threaded, including "
            "the free threaded, not needed for, is/are/be excluded, left for later, left/leave to/for another, out "
            "of scope, separate issue, follow up, for now skip, for another time, changelog, side note, by the way, "
            "btw, in passing, tangential, become/becomes mainstream/default/common/widespread"
        ),
        "nogil-code": (
            "nogil true, nogil false, prange, nogil function, nogil functions, nogil block, nogil blocks, nogil "
            "statement/statements, nogil section, nogil sections, except nogil, gil scoped release, release the "
            "gil, releases the gil, releasing the gil, release gil, releasing gil, allow threads, py allow "
            "threads, py begin allow threads, drop the gil, dropping the gil, acquire the gil, gil scoped acquire, "
            "pygilstate, drop gil, numba, njit, guvectorize, vectorize, cdef, cpdef, pxd, cython nogil, nogil to, "
            "nogil from, nogil versions of, nogil "
            "declaration/declarations/signature/signatures/attribute/attributes/keyword, nogil "
            "clause/option/context/region/regions/callback/callbacks/method/methods/specifier, nogil "
            "qualifier/decorator, declared nogil, nogil cdef, called/callable/call without the gil, gil is/ not "
            "held, hold/holds/holding/held the gil, gil is/ held, gil released, released the gil, gil is/gets/was "
            "released, ensure the gil, nogil around, gil state, nogil in"
        ),
        "nogil-used": (
            "use/used/using/work/works/working/run/runs/running/compatible/tested/fails/crashes/hangs with nogil"
        ),
        # -- wheels
        "wheel": (
            "wheel, wheels, whl, whls, binaries, binary wheel, binary wheels, prebuilt, pre built, precompiled, "
            "bdist, bdists, binary distribution, binary distributions, binary builds, binary packages, "
            "prebuilts, binary, binary package, conda package/packages, prebuild, prebuilds, pre compiled, manylinux "
            "wheel/wheels"
        ),
        "cibuildwheel": "cibuildwheel, cibw",
        "pypi": "pypi, conda forge, index, nightly index, package index, anaconda",
        "on-index": (
            "on/to/from/in pypi, on/to/from/in conda forge, on/to/from/in anaconda, package index, nightly index"
        ),
        "provide": (
            "provide, providing, provided, publish, published, publishing, upload, uploads, uploaded, uploading, "
            "ship, ships, shipping, shipped, release, releases, released, releasing, distribute, distributed, "
            "distributing, available, add, adds, added, adding, build, builds, building, built, produce, producing, "
            "generate, generating, offer, offered, enable, enabling, enables, enabled, support, supported, include, "
            "create, need, want, make, deploy, packaging, package, release to, distribute/distributes, redistribute, "
            "turn on, turned on, turns on, bring back, restore, request, requesting, please"
        ),
        "publish": (
            "publish/publishes/published/publishing, upload/uploads/uploaded/uploading, ship/ships/shipped/shipping, "
            "distribute/distributes/distributing/distribution, release/releases/releasing, "
            "rebuild/rebuilds/rebuilding"
        ),
        "lack": (
            "missing, lack, lacks, lacking, no wheel, no wheels, not available, unavailable, without wheels, absent, "
            "falls back to the sdist, fall back to the sdist, falls back to building, no matching distribution, not "
            "on pypi, aren t, isn t, doesn t have, don t have, has no, have no, there are no, there is no, only "
            "sdist, drop, drops, dropped, dropping, no prebuilt, no binary, no binaries, no longer, isn t any, not "
            "published, not uploaded, nowhere, only has, only have, only for, not provide/provided, "
            "doesn't/don't/not ship, still no, no cp313t/cp314t/cp315t"
        ),
        "wheel-ask": (
            "provide/publish/upload/ship/distribute/release/offer/build/make prebuilt/binary/the/free/some/python "
            "wheels, "
            "provide/providing/publish/publishing/upload/uploading/ship/shipping/release/releasing/build/building/make "
            "wheels, wheels published/uploaded/released/provided/available, prebuilt wheels, prebuilt wheel, wheels "
            "would, wheels could, wheel builds, wheels can be built, wheels for, provide/publish/upload/ship "
            "prebuilt"
        ),
        "leave-out": (
            "skip, skips, skipping, exclude, excludes, excluding, drop, drops, dropping, remove, removes, removing, "
            "don't/not/stop build/building/publish/publishing/ship/shipping, disable, disables, stop, cibw skip"
        ),
        "plans": (
            "any plan/plans, do you have plans, do you have any plans, have/had plans, is there a plan, are there "
            "plans, are there any plans, is there any plan, plan/plans/planned/planning to "
            "support/add/publish/provide, plans for, when will, will there be, is it planned, on the roadmap, any "
            "timeline, any roadmap"
        ),
        "confirm": (
            "confirm compatibility, confirmed compatibility, confirm support, compatibility with, compatible with"
        ),
        "detect": "detect, detects, detected, detecting, detection",
        "trial": (
            "test, try, trying, perform/run some/a tests/test/trial, give a try, evaluate, experiment, experiment with"
        ),
        "migration": "migrator, migrators, migration, migrations",
        "no-need": "no need, not needed, no longer needed/necessary/required, not necessary",
        "define": (
            "define, defines, defined, defining, set, sets, setting, pass, passes, passing, propagate, propagates"
        ),
        "gil-macro": "py gil disabled",
        "import-word": "import, imports, importing, imported",
        "enable": "enable, enables, enabling, turn/turns/turning on, allow, allows",
        "wonder": "i wonder, wondering if/whether, i was wondering, just wondering, curious if/whether",
        "gone": "missing, lack of, unavailable, not available, no longer available, absent, not provided",
        "wheel-tag": "cp313t, cp314t, cp315t, cp316t, cp31xt, cp31 t",
        "build-thing": "build, builds, binary, binaries, package, packages, variant, variants, distribution",
        "drop": "drop, drops, dropped, dropping",
        "and": "and",
        # -- the stable ABI
        "abi3t": "abi3t, abi3 abi3t, pep 803, pep803, pep 809, pep809, pep 820, pep 793, py target abi3t",
        "stable-abi": "stable abi, limited api, abi3, py limited api, limited c api, stableabi",
        "py315": "3 15, 315, cp315, 3 15t, cp315t",
        "limited-error": (
            "limited api is not currently supported, limited api is not supported, limited api isn t supported, "
            "limited api is not available, not support the limited api, not currently support the limited api, "
            "doesn t support the limited api, don t support the limited api, don t support py limited api, "
            "doesn t support py limited api, limited api which is not supported, not support py limited api, "
            "not supported by free threaded, don t currently support the limited api, "
            "doesn t currently support the limited api, don t build with limited api, don t define py limited api, "
            "disable limited api, disable py limited api, disable the limited api, disable abi3, skip abi3, "
            "disable stable abi, no limited api, incompatible with the limited api, clashes with free threaded, "
            "limited api build, not define py limited api, does not support abi3, doesn t support abi3, "
            "not compatible with abi3, not using limited api, don t use limited api, don t use the limited api, "
            "don t use py limited api, don t set py limited api, not use the limited api"
        ),
        "neg": (
            "doesn t, don t, not, isn t, aren t, no, stop, stops, disable, disables, without, clashes, off, "
            "unsupported, skip, skips, avoid, unset, undefine, incompatible, drop, guard, guards, ifndef, undef, "
            "unless, except, turn off, turned off, turning off, disallow, prevent, prevents, ignore, refuse, "
            "refuses, remove, removes, cannot, can t, errors, fails, fail, error"
        ),
        # -- builds that fail
        "compile": (
            "building, compile, compiles, compiling, compilation, link, linking, install, installs, installing, "
            "installation, pip install, configure, configuring, installable, uninstallable, buildable, compilable, "
            "compiler, linker, pip, uv pip"
        ),
        "build-verb": (
            "build, builds, building, compile, compiles, compiling, compilation, link, linking, linked, install, "
            "installs, installing, installation, pip install, cmake, meson, setup py, uv sync, uv pip, compilable, "
            "buildable"
        ),
        "fail": (
            "fail, fails, failed, failing, failure, failures, error, errors, unable, cannot, can t, can not, broken, "
            "break, breaks, not possible, impossible, doesn t work, does not work, won t, couldn t, could not, not "
            "working, fix, fixes, fixed, fixing, problem, problems, issue, issues, regression, refuses, breaking, no "
            "longer, errors out, bug, bugs, trouble, troubles, wrong, not found, misses, refuse, reject, rejects, "
            "rejected, incompatible, not compatible, assertionerror, typeerror, attributeerror, runtimeerror, "
            "valueerror, importerror, systemerror, exception, exceptions, raises"
        ),
        "fail-strict": "fail, fails, failed, failing, failure, failures, error, errors, broken, flaky",
        "build-fails": (
            "build failure, build failures, build fails, build failing, build error, build errors, fails to build, "
            "failed to build, fail to build, failing to build, unable to build, cannot build, can t build, can not "
            "build, couldn t build, could not build, fails to compile, failed to compile, fail to compile, can t "
            "compile, cannot compile, compile error, compile errors, compile failure, compiler error, compiler "
            "errors, compilation error, compilation errors, compilation fails, compilation failed, compilation "
            "failure, errors at compiling, doesn t compile, does not compile, doesn t build, does not build, won t "
            "compile, won t build, fix free threaded build, fix free threaded builds, fix the free threaded build, "
            "fix free threading build, fix the free threading build, fix freethreaded build, fix nogil build, build "
            "broken, broken build, fix build, fix building, fix compilation, fix compile, fix compiling, link error, "
            "link errors, linker error, linker errors, linking error, linking fails, unresolved external, undefined "
            "reference, fails to install, failed to install, fail to install, installation fails, install fails, "
            "installing fails, cannot install, can t install, unable to install, installation of, will fail, "
            "installation failure, not installable, could not be linked, couldn t be linked, failed to link, fails "
            "to link, fails building, build is broken, can t be built, cannot be built, building fails, fix the "
            "build, not/never/won't/can't/cannot/couldn't compile, make it/ compile, make it/ build, errors out "
            "when/while building/compiling/installing, not/doesn't/won't/can't/cannot install, broken "
            "install/installation, install/installation is broken, installation broken, build/builds is/are/ "
            "broken/breaks/break, broke the build, breaks the build, build/install/compile/installation "
            "issue/issues/problem/problems, building/compiling/installing/linking errors, "
            "error/errors/fails/failure/failures when/while/during/on building/compiling/installing/linking, build "
            "stops, fix build/compile/compiler/linker error/errors, unbuildable, "
            "linking/link/build/compilation/compile/install failed/fails/failing, can't/cannot/couldn't/not be "
            "installed/built/compiled, fails at link time"
        ),
        "build-log": (
            "subprocess exited with error, did not run successfully, metadata generation failed, failed building "
            "wheel, failed to build wheel, failed to build installable wheels, could not build wheels, error "
            "unresolved import, unresolved import pyo3, fatal error c1083, fatal error lnk1104, lnk1104, lnk2001, "
            "lnk2019, error c2039, error c2065, error c2440, error implicit declaration, implicit declaration of "
            "function, has no member named, returning int from a function, makes pointer from integer, ninja build "
            "stopped, command gcc failed, is newer than pyo3 s maximum supported version, newer than pyo3, cffi does "
            "not support the free threaded build, cffi doesn t support, python interpreter is free threaded, limited "
            "api is not currently supported in the free threaded build, error the limited api, cannot find lpython3, "
            "undeclared identifier, use of undeclared, missing free threading library, builderror, gilprotected, "
            "error e0277, error e0432, could not compile, failed code 1, failed code 2, undefined symbol, symbol not "
            "found, no member named, could not find python/python3 missing, missing development module, cannot open "
            "file python313/python314/python315, cannot open file python313t/python314t/python315t, not supported on "
            "free threaded/threading, abi3 cannot be used, error e0433, error e0425, error e0599, could not find "
            "gilprotected, no matching function for call, implicit function declaration, unknown type name, expected "
            "declaration, py limited api is currently incompatible, currently incompatible with py gil disabled, "
            "unsupported limited api, error command/cmake, cargo build failed, maturin failed, fatal error python h"
        ),
        # -- crashes
        "crash": (
            "segfault, segfaults, segfaulted, segfaulting, seg fault, seg faults, segmentation fault, segmentation "
            "faults, sigsegv, segv, sigabrt, sigbus, sigill, crash, crashes, crashed, crashing, fatal python error, "
            "core dumped, coredump, core dump, access violation, use after free, useafterfree, heap use after free, "
            "heap buffer overflow, double free, memory corruption, corrupted double linked list, assertion failed, "
            "assertion failure, assertion failures, assertions fail, assertion fails, failed assertion, assert "
            "failed, aborts, aborted, null pointer dereference, invalid memory, bus error, stack overflow, negative "
            "refcount, corrupts memory, heap corruption, double decref, uaf, refcount corruption, abort, aborting, "
            "panic, panics, panicked, panicking, killed by signal, signal 11, exit code 139/134, exits with code "
            "139/134, sigtrap, free invalid pointer, invalid pointer, dangling, corrupted size, munmap chunk, double "
            "free or corruption, negative reference count/counts, nullptr, null pointer, invalid free, freed memory, "
            "after free, out of bounds, buffer overflow, dies with, process dies, interpreter dies, "
            "corrupt/corrupted/corrupts/corrupting memory, corrupted heap, ub, undefined behavior/behaviour, "
            "crasher, fatal error, bad pointer, illegal instruction, core dump/dumps/dumping, coredumps, "
            "assertfailed, assert fails, exits/exit/exited with code/signal, exits with 11/139/134"
        ),
        "crash-strong": (
            "segfault, segfaults, segfaulting, segmentation fault, sigsegv, sigabrt, fatal python error, use after "
            "free, heap buffer overflow, double free, crash, crashes, crashing, access violation, assertion failed, "
            "failed assertion, core dumped, segfaulted, aborted, panicked, panics, sigbus, free invalid pointer, "
            "double free or corruption, negative refcount, core dump, killed by signal, process dies, core dumps, "
            "coredumps"
        ),
        "crash-log": (
            "fatal python error, segmentation fault, sigsegv, sigabrt, addresssanitizer, must be called with the gil "
            "held, cannot show all threads while the gil is disabled, program received signal, core dumped, signal "
            "11, exit code 139, exit code 134, access violation, exc bad access, heap use after free, exit 139, "
            "returned 139, non zero exit status 139, thread panicked, panicked at, double free or corruption, free "
            "invalid pointer, munmap chunk, corrupted size, unaligned tcache, malloc unaligned, malloc corrupted, py "
            "negativerefcount, negativerefcount, addresssanitizer heap, attempting double free, killed by signal, "
            "exited with signal, dumped core"
        ),
        "assertion": "assertion, assertions",
        "observe": (
            "i get, i got, get a, gets a, got a, reliably, results in, leads to, causes, cause, produces, see a, "
            "i see, can trigger, triggers, reproducibly, randomly, sometimes"
        ),
        # -- races and hangs
        "race": (
            "race, races, racing, racy, data race, data races, datarace, raciness, race free, raced, data race/races"
        ),
        "tsan": "tsan, threadsanitizer, thread sanitizer, thread sanitiser, helgrind",
        "suppress": "suppression, suppressions, suppress, suppresses",
        "data-race": (
            "data race, data races, race condition, race conditions, datarace, race detected, races detected, racy, "
            "raced, racing, concurrent write/writes, lost update/updates, races with/on/between, the race, a race"
        ),
        "tsan-report": (
            "warning threadsanitizer data race, threadsanitizer data race, summary threadsanitizer, "
            "previous write of size, previous read of size, previous atomic read of size, "
            "previous atomic write of size"
        ),
        "safety-bug": (
            "thread safety issue, thread safety issues, thread safety bug, thread safety bugs, thread safety problem, "
            "thread safety problems, thread safety fix, thread safety fixes"
        ),
        "unsafe": (
            "not thread safe, not threadsafe, thread unsafe, threadunsafe, isn t thread safe, isn t threadsafe, is "
            "not safe in free threaded, not safe in free threaded, not safe under free threading, not safe in the "
            "free threaded, not safe in free threading, not safe with free threading, aren t thread safe, thread "
            "safety issue, thread safety issues, thread safety bug, thread safety bugs, thread safety problem, "
            "thread safety problems, non thread safe, unsafe, not be thread safe, thread safety of, thread safety "
            "in, concurrent access, concurrent mutation, concurrent modification, fix thread safety, improve thread "
            "safety, without synchronization, unsynchronized, lost updates, unsynchronised, without synchronisation, "
            "missing synchronization/synchronisation/lock/locks/locking, safe under free threading, not free "
            "threading/threaded safe, not freethreading/freethreaded safe, non atomic, nonatomic, not atomic, isn t "
            "atomic, lacks locking/synchronization, thread hostile, unguarded, unprotected, not protected, thread "
            "safety hazard/hazards"
        ),
        "symptom": (
            "changed size during iteration, wrong results, wrong result, incorrect results, incorrect result, "
            "inconsistent results, inconsistent state, corrupted state, data corruption, lost update, mutated during "
            "iteration, protect, protected, guard, critical section, critical sections, concurrent/simultaneous "
            "read/reads/readers/write/writes/writers/call/calls/update/updates/insert/inserts, "
            "concurrent/simultaneous iteration/use/usage/modifications/mutations/resize/append/appends, "
            "concurrent/simultaneous operations/assignment/initialization, concurrently "
            "modified/mutated/accessed/called, modified/mutated/accessed/called concurrently, from "
            "multiple/several/different/many/two/other threads, by multiple/several/two threads, between/across "
            "threads, corrupt/corrupts/corrupted/corrupting/corruption, "
            "incorrect/wrong/garbage/inconsistent/random/unexpected/different "
            "value/values/output/counts/data/results, global/shared/mutable/static/module/internal state, shared "
            "mutable/global, static/global variable/variables/buffer/buffers/cache/caches/dict/registry, borrowed "
            "reference/references/ref/refs, thread local, thread locals, torn read/reads/write/writes, double "
            "checked, lazy/lazily initialization/initialisation/initialized/initialised/init, one time init, "
            "loses/lost/lose increments/updates/items/writes, duplicate/duplicated/missing items/entries/results, "
            "changed size, synchronize, synchronise, synchronized, synchronised, synchronizing, synchronization, "
            "synchronisation, guards, guarding, protects, protecting, protection, strong reference/references, "
            "getitemref, pydict getitemref, pylist getitemref, once flag, call once, audit, audits, auditing, memory "
            "order/ordering, value/values/result/results/count/counts/counter/counters/output is/are/ "
            "wrong/incorrect, twice, same object, differ, differs, vary, varies, nondeterminism, non determinism, "
            "non deterministically, unstable, stale, overwritten, mixed up, interleaved, nondeterministic, non "
            "deterministic, several/multiple/many/two/concurrent threads, run to run, between runs, every/each "
            "thread, own copy/workspace/buffer/cache, concurrent users"
        ),
        "make-safe": (
            "lock the, mutex, mutexes, pymutex, std mutex, locked, locks, seqlock, make thread safe, thread safe in "
            "free threaded, thread safe in the free threaded, thread safe under free threading, thread safe with "
            "free threading, thread safe for free threading, thread safe in disable gil, thread safe in free "
            "threading, thread safe in nogil, thread safe on free threaded, thread safe without the gil, thread safe "
            "when, threadsafe in free threaded, use atomics, atomics, atomic, atomically, use critical section, add "
            "critical section, use critical sections, add critical sections, add locks, add lock, locking, use lock, "
            "per object lock, thread safe for free threaded, add locking, lock free, critical section, critical "
            "sections, atomic load/loads/store/stores/operation/operations/access/increment, safe "
            "under/in/on/with/for the/ free threaded/threading, safe without the/ gil, safe when the/ gil is/ "
            "disabled, compare exchange, compare and swap, ft atomic, thread safe under/in/on/with/for the/ free "
            "threaded/threading, threadsafe under/in/on/with/for the/ free threaded/threading, safe with the/ gil "
            "disabled/off"
        ),
        "not-a-lock": (
            "interpreter lock, uv lock, poetry lock, lock file, lock files, lockfile, pdm lock, import lock"
        ),
        "lock-word": "lock, locks, locking, locked, rlock, unlock, spinlock, rwlock, oncelock, semaphore",
        "thread-safe": "thread safe, threadsafe, thread safety, threadsafety, thread safely",
        "deadlock": (
            "deadlock, deadlocks, deadlocked, deadlocking, dead lock, dead locks, livelock, livelocks, hang, hangs, "
            "hanging, hung, stuck, freezes, freezing, lock inversion, lock order inversion, lock ordering, never "
            "returns, never finishes, blocks forever, waits forever, never terminates, does not terminate, infinite "
            "loop, spins forever, self deadlock, lockup, lockups, lock up, locks up, locked up, softlock, "
            "never/not/won't/doesn't complete/completes/exit/exits/exiting/finish/finishes/terminate/terminates, "
            "never end/ends/return/returns/wake/wakes/stop/stops/joins, "
            "wait/waits/waiting/block/blocks/blocked/blocking/sleeps/sleep indefinitely/forever, unresponsive, "
            "stall, stalls, stalled, stalling, starvation, starves, starved, lock order/ordering "
            "inversion/violation, lock inversion/inversions, inverted lock order, spin/spins/spinning, runs forever, "
            "run forever, running forever, never gets, infinite wait/spin/hang, endless loop, endlessly, freeze "
            "on/at/when/during/while, froze, wait/waits/waiting for each other, circular wait, never come/comes "
            "back, never returning, never responds, not responding, stops responding"
        ),
        "avoid": (
            "avoid, avoids, avoided, avoiding, prevent, prevents, preventing, fix, fixes, fixed, fixing, "
            "lead/leads/leading to, cause, causes, caused, could, can, may, might, otherwise"
        ),
        "timeout": "times/time/timed/timing out, timeout, timeouts",
        # -- the GIL that comes back
        "re-enable": (
            "re enable the gil, re enables the gil, re enabling the gil, re enabled the gil, reenable the gil, "
            "reenables the gil, reenabling the gil, reenabled, gil re enabled, gil reenabled, gil is re enabled, gil "
            "being enabled, re enable gil, re enables gil, re enabling gil, reenable gil, gil gets enabled, gil gets "
            "re enabled, gil has been enabled, enables the gil, enabling the gil, enable the gil, prevents disabling "
            "the gil, force the gil, forces the gil, gil to be enabled, gil to be re enabled, turns the gil, turning "
            "the gil, turn the gil back on, keeps the gil, keep the gil disabled, gil enabled to load, to load "
            "module, gil warning, gil be explicitly disabled, disable gil on import, gil re enabling, explicitly "
            "disable gil, gil stays disabled, gil remains disabled, gil is not re enabled, gil stay disabled, "
            "disable/disables/disabling the/ gil for/in/on free/the/module/modules/extension/extensions, gil "
            "remain disabled, gil doesn t get re enabled, gil not enabled, does not re enable, not re enable the "
            "gil, don t re enable, enable/enables/enabling/reenable/reenables/reenabling the/ gil, "
            "reactivate/reactivates/reactivating/activate/activates/activating the/ gil, re "
            "enabled/activate/activates/activated/activating/enables/enable/enabling the/ gil, enabled the gil, "
            "force/forces/forced/forcing the gil, "
            "turn/turns/turned/turning/switch/switches/switched/switching/bring/brings/bringing/brought the/ gil "
            "back/on, turn/turns/turned/turning/switch/switches/switching on the/ gil, "
            "turn/turns/turning/switch/switches back on the/ gil, gil is/gets/being/was/be/to/ turned/switched back/ "
            "on, gil comes/come/back on, gil comes back, gil is back, gil was/being/been/is/gets/got/to/be "
            "automatically/silently/again/now/still enabled/reenabled/activated/reactivated, gil re "
            "enabled/activated/enables/enable, gil is/gets/was/being/been/be/longer/ re enabled, gil enabled "
            "after/upon/when/by/during/import, fall/falls/falling back to the/ gil, falls/fall back to running with "
            "the gil, gil stays/remains/stay/remain/keeps/left/kept on/off/enabled/disabled, "
            "keep/keeps/keeping/leave/leaves the/ gil off/on/disabled/enabled, gil enabled "
            "is/returns/return/prints/gives/says/reports/to/be/being/ true, gil status, gil activation, undeclared "
            "module/modules, not re enable, gil get/got enabled"
        ),
        "gil": "gil",
        "gil-on": "gil is/gets/was enabled, gil enabled at runtime",
        "declare": (
            "declare, declares, declared, declaring, declaration, declarations, mark, marks, marked, marking, flag, "
            "indicate, indicates, advertise, opt in, opt into, announce, specify, "
            "annotate/annotates/annotated/annotating/annotation/annotations, flagged, flags, flagging, advertises, "
            "advertised, indicated, indicating, opting in, opts in, opted in, not marked, unmarked"
        ),
        "declare-strict": (
            "declare, declares, declared, declaring, mark, marks, marked, marking, opt in, opt into, opting in, opts "
            "in, annotate/annotates/annotated/annotating/annotation/annotations, "
            "indicate/indicates/indicated/indicating that/support, advertise/advertises/advertised, declaration, "
            "declarations, opted in, flagged, unmarked, tell/tells cython/python/cpython/pybind11/nanobind/pyo3"
        ),
        "classifier": "classifier, classifiers, trove",
        "put": (
            "set, sets, setting, add, adds, adding, pass, define, defines, turn on, turns on, turned on, enable, "
            "enables, enabled, passes, use, apply, include, specify, need, needs, missing, build with"
        ),
        "use": "use, uses, using, used, via",
        "gil-slot": (
            "supports running without the gil, support running without the gil, as safe, supports free threaded, "
            "support for free threading, py mod gil, gil not used, mod gil, gil used, freethreading compatible, "
            "freethreaded compatible, pyunstable module setgil, module setgil, not require the gil, doesn t require "
            "the gil, not need the gil, doesn t need the gil, not rely on the gil, safe to run without the gil, run "
            "safely without the gil, safe without the gil, run without the gil, free threading compatibility, free "
            "threading compatible, free threaded compatible, free threading safe, free threading support, free "
            "threaded support, gil not required, gil independent, not requiring the gil, supports free threading, "
            "nogil compatible, free threading aware, as free threaded, as free threading, as nogil, as gil free, as "
            "gil not used, need the gil, needs the gil, require the gil, requires the gil, requiring the gil, not "
            "using/use/need/require the/ gil, not rely on the/ gil, independent of the gil, without "
            "needing/requiring the gil, running/run/runs/work/works/operate without the/ gil, nogil "
            "safe/compatible/ready, gil safe, safe for the/ free threaded/threading, safe under/with/in the/ free "
            "threaded/threading, free threaded/threading safe/ready/capable, supports/support running without"
        ),
        "gil-slot-strict": (
            "py mod gil, gil not used, gil used false, gil used true, freethreading compatible, freethreaded "
            "compatible, pyunstable module setgil, module setgil, mod gil, gil used, nb module free threaded, "
            "nanobind add module free threaded, pybind11 nogil, f2py freethreading compatible"
        ),
        "warning": "warning, warnings, warns, runtimewarning, runtimewarnings, warn, warned",
        # -- speed
        "slow": (
            "slow, slower, slowness, slowdown, slowdowns, slows, performance, perf, faster, speed, speedup, speeding "
            "up, scaling, scale, scales, scalability, scalable, contention, contended, overhead, bottleneck, "
            "bottlenecks, throughput, latency, optimize, optimise, optimization, optimizations, benchmark, "
            "benchmarks, benchmarking, efficient, efficiency, inefficient, performs, memory usage, memory "
            "consumption, ftscalingbench, false sharing, regresses, degradation, expensive, cpu usage, multi core, "
            "ms per, runtime of, cost, costs, costly, cheaper, longer than, takes longer, times longer, x longer, "
            "req s, qps, rps, ops s, all cores, one core, single core, regress, regressed, drops by, memory "
            "overhead, memory bloat, memory growth, hot path, fast path, shard, sharding, sharded, thread scaling, "
            "cache line, perf improvement, speeds up, freelist, freelists, free list, free lists, percent, micro "
            "optimization"
        ),
        "slow-strong": (
            "inefficient, inefficiency, much worse, rows per second, requests per second, slow, slower, slowdown, "
            "slowdowns, scaling, scale, scales, scalability, contention, overhead, bottleneck, performance, perf, "
            "speed up, speedup, faster, throughput, false sharing, benchmark, benchmarks, ftscalingbench, slows, "
            "slowness, slowing, slowed, speeds up, performs worse/poorly/badly, perform worse/poorly, "
            "poor/bad/worse/degraded performance, takes longer, longer than, times longer, times faster, times "
            "slower, x longer, x slower, x faster, contended, doesn t scale, not scale, scalable, bottlenecks, perf "
            "regression, performance regression, req s, qps, cache line, memory usage/consumption/overhead, multi "
            "core performance, thread scaling, unscalable, low cpu usage/utilization, no speedup/speedups, "
            "speedup/speed up, no benefit, no gain, as fast as, no/not faster"
        ),
        "perf-clause": (
            "much worse, rows per second, requests per second, slow, slower, slowdown, scaling, scales, scalability, "
            "contention, overhead, bottleneck, performance regression, performance degradation, throughput, false "
            "sharing, x faster, req s, times slower, times longer, x slower, x longer, slowdowns, times faster, "
            "takes longer, speedup, speed up, scale, scaled, not scale, doesn t scale, faster, performs, "
            "would/could/to perform"
        ),
        "deferred": (
            "deferred reference counting, deferred refcounting, deferred rc, immortalize, immortalization, "
            "per thread reference counting, memory usage"
        ),
        # -- tests and CI
        "ci": (
            "ci, github actions, github action, gha, workflow, workflows, test matrix, build matrix, matrix, azure, "
            "appveyor, circleci, cirrus, travis, nox, tox, pipeline, continuous integration, setup python, actions, "
            "nightly job, test job, test run, build job, readthedocs, pre commit, nightly, weekly"
        ),
        "ci-strict": (
            "ci, github actions, github action, gha, workflow, workflows, test matrix, tox, nox, tsan job, free "
            "threaded job, free threading job, job for free threaded, jobs for free threaded, sanitizer job, "
            "continuous integration, cirrus ci, circleci, azure pipelines, noxfile, tox ini, tox env, tox envs, tox "
            "environment, tox environments, envlist, env list, gitlab, gitlab ci, jenkins, to/in the/ matrix, ci "
            "matrix, python matrix, version matrix, python version matrix, test env/envs/environment/environments, "
            "free threaded/threading job/jobs, freethreaded/freethreading job/jobs, nogil job/jobs, tsan job/jobs, 3 "
            "13t/14t/15t job/jobs, test job/jobs, add job, build job/jobs, buildkite, github workflow, pipelines, "
            "cibw test, ci run, ci job, ci jobs, nightly tests, cron, hatch env, hatch matrix, actions setup python, "
            "use setup python"
        ),
        "testing": (
            "testing, test coverage, tests run, tested, tests on/against/with/under, test on/against/with/under, "
            "tested on/against/with/under"
        ),
        "ci-test": (
            "to testing, to the testing, to tests, to the tests, to the test matrix, to the ci, to our ci, to test "
            "matrix, run tests, run test, run the tests, run the test suite, run ci, test on, test with, test "
            "against, test using, test under, testing on, testing with, testing against, testing under, testing of, "
            "tests on, tests with, tests against, tests under, tests for, test for, test freethreaded, test python, "
            "test cpython, add free threaded tests, test suite with, test free, test nogil, run pytest, add test, "
            "add testing, enable tests, test suite on, test 3 14t, test 3 13t, test 3 15t, stress test, "
            "stress tests, multithreaded tests, multi threaded tests, threading tests, threading ci, simplify "
            "testing, free threaded testing, freethreaded testing, free threading testing, freethreading testing, "
            "free threaded tests, in ci, to ci, thread safety tests, thread safety testing, parallel tests, tests in "
            "parallel, testing free, run/runs/running unit/the/all/our/ tests/test/testsuite, run/runs/running "
            "the/our/ test/ suite, run/execute tests concurrently/in, test and build, test it, tests in, test in, "
            "test the, tests of, concurrency tests, concurrency testing, thread tests, tests concurrently, coverage "
            "on, unit tests on/with/under/against, verify on/with/against, check against, test also, also test, "
            "start testing, begin testing, testing the, tested on/with/against/under, running on/under"
        ),
        "run-parallel": (
            "pytest run parallel, run parallel, parallel threads, thread unsafe fixtures, pytest freethreaded, "
            "pytest parallel, thread unsafe fixture, iterations"
        ),
        "test": (
            "test, tests, testing, tst, testsuite, unittest, unit test, unit tests, pytest, doctest, doctests, test "
            "suite, tests pass, test case, test cases, testcase, buildbot, buildbots"
        ),
        "test-fails": (
            "test failure, test failures, tests fail, test fails, tests failing, test failing, failing test, failing "
            "tests, failed tests, failed test, test failed, tests failed, fails the test, fix test, fix tests, fix "
            "failing, flaky, flakiness, skip test, skip tests, xfail, xfails, xfailed, skip limited api test, tst "
            "skip, tests are failing, test is failing, fails with, fails under, fails on, fails in, fail with, fail "
            "under, fail on, fail in, test suite fails, test errors, test error, fixes test, test regression, "
            "intermittent failure, intermittent failures, intermittently fails, sporadic failure, sporadically "
            "fails, fails intermittently, fail intermittently, tests broken, fails when, fail when, failing "
            "on/under/with/in, failed on/under/with/in, failure on/under/with/in, failures on/under/with/in, "
            "fails/fail/failing intermittently/sporadically/randomly, relax, loosen, weaken, "
            "intermittent/sporadic/random/spurious failure/failures/fail, de flake, deflake, unflake, incompatible, "
            "not compatible, assumes the gil, rely on the/ gil, relies on the/ gil, spurious, xpass, "
            "crash/crashes/hang/hangs/segfault/segfaults in tests, tests "
            "segfault/segfaults/crash/crashes/hang/hangs, test segfaults/crashes/hangs"
        ),
        "mend-test": (
            "relax, loosen, weaken, tolerate, adapt, adjust, stabilize, stabilise, harden, flaky, flakiness, "
            "deflake, refcount test, fragile, robust, more robust, deterministic, pass, passes, passing, green, "
            "rely, relying, depend"
        ),
        "tst": "tst",
        "test-mark": (
            "mark, marks, marking, thread unsafe, skip, skips, skipping, xfail, xfails, fix, fixes, disable, deselect, "
            "ignore"
        ),
        "skip": (
            "skip, skips, skipped, skipping, xfail, xfails, mark, marks, marking, deselect, "
            "disable/disables/disabling/ignore/exclude/remove test/tests"
        ),
        # -- documents, plans and questions
        "doc": (
            "doc, docs, document, documents, documented, documenting, documentation, howto, how to guide, guide, "
            "guidance, tutorial, docstring, docstrings, readme, mention, mentions, clarify, clarification, explain, "
            "link to, porting guide, faq, what s new, blog, glossary, changelog, wording, typo, describe, describes, "
            "describing, caveat, caveats, terminology, user guide, walkthrough, cookbook, explanation, explains, "
            "devguide, broken link, typos"
        ),
        "status-word": "status, compatibility",
        "doc-prefix": "doc, docs",
        "note": (
            "add note, add a note, add notes, add section, add a section, note about, note on, notes on, recommend, "
            "recommending, recommendation, suggest, advice, notes, note, considerations, caveats, best practices, "
            "guideline, guidelines"
        ),
        "guarantee": (
            "guarantee, guarantees, guaranteed, safe to share, shared between threads, share between threads, thread "
            "safety notes, thread safety levels, thread safety documentation, thread safety docs, thread safety "
            "guarantees, thread safety section, not safe to, sharing, thread safety level, thread safety "
            "annotations, thread safety guarantee, thread safety contract, thread safety semantics, safe to use from "
            "multiple threads, may be shared, can be shared"
        ),
        "support": (
            "support, supports, supporting, supported, compatibility, compatible, compat, compatability, enable, "
            "enabling, allow, ready, readiness, port, porting, adopt, migrate, work with, works with, run on, "
            "usable, handle, declare support, introduce, implement, prepare, prepares, preparing, preparation, "
            "recognise, recognize, recognises, recognizes, detect, detects, detection, accept, accepts, allows, "
            "allowing, provide, image, images, initial, official, officially, enablement, migration, transition, "
            "adoption, investigate, explore, consider, docker, dockerfile, container, containers, devcontainer"
        ),
        "add": "add, adds, adding, added",
        "support-title": (
            "support for free threaded, support for free threading, free threaded support, free threading support, "
            "free threaded python support, free threading python support, support freethreaded, support "
            "freethreading, freethreading support, freethreaded support, support nogil, nogil support, no gil "
            "support, support no gil, support for no gil, support for nogil, support the free threaded, support the "
            "free threading, support for the free threaded, support for the free threading, support for python 3 "
            "13t, support for python 3 14t, support python 3 13t, support python 3 14t, support 3 13t, support 3 "
            "14t, free thread support, free threaded cpython support, free threaded build support, free threading "
            "compatibility, free threaded compatibility, compatible with free threaded, compatible with free "
            "threading, compatibility with free threaded, compatibility with free threading, free threading "
            "compatible, free threaded compatible, support pep 703, pep 703 support, support python 3 15t, support 3 "
            "15t, support cp314t, support cp313t, support free, free threaded python compatibility, free threading "
            "readiness, gil free support, support gil free, support disable gil, 3 13t support, 3 14t support, 3 15t "
            "support, enable free threaded support, initial free threading, initial free threaded, improve free "
            "threading, improve support for free threaded, improve support for free threading, support for "
            "freethreaded, support for freethreading, ready for free threading, ready for free threaded, work with "
            "free threaded, works with free threaded, free threaded build compatibility, support running on free "
            "threaded, nogil compatibility, free threading cpython support, free threaded interpreter support, "
            "support for pep 703, support for the/ free threaded/threading/freethreaded/freethreading/nogil/3, "
            "prepare/preparing for free threading, prepare/preparing for free threaded, prepare/preparing for "
            "nogil/freethreading, free threading/threaded enablement/readiness/compat/migration/transition/port, "
            "nogil/freethreading/freethreaded readiness/compat/compatibility, "
            "initial/official/experimental/preliminary/basic/full support for free/freethreaded/freethreading/nogil, "
            "initial/official/experimental/preliminary/basic/full free threaded/threading/thread support, make it/ "
            "compatible with free threaded/threading, compatible with no gil, compatible with nogil, support "
            "free/freethreaded/freethreading/nogil, support gil free/less, pep 703 compatibility/compat/readiness, "
            "work/works/working on free threading/threaded, python without the gil support, port to free, porting to "
            "free, free threaded/threading mode support, support for gil free/less, ready for nogil, ready for "
            "freethreading, supporting free threaded/threading, add free threaded/threading support, free "
            "threaded/threading python support"
        ),
        "support-word": (
            "support, supports, supporting, supported, compatibility, compatible, compat, readiness, ready"
        ),
        "tracking-title": (
            "tracking, tracker, roadmap, status of, umbrella, meta issue, epic, overview, plan for, compatibility "
            "status, status tracking, tracking issue, metaissue, checklist, milestone, master issue, support status, "
            "compat status"
        ),
        "ask": (
            "is it possible, may i ask, how to, how do i, how can i, can i, could i, should i, would it be possible, "
            "any plans, any plan, are there plans, are there any plans, is there a plan, what is the status, what s "
            "the status, is there any, is there a way, what about, when will, does this, does it, do you plan, plans "
            "for, plans to, plan to support, i wonder, wondering, question, curious, is this expected, expected "
            "behavior, expected behaviour, would this be right, why does, why is, can someone, am i, is that, do i "
            "need, any idea, any ideas, is anyone, any timeline, timeline for, what are the, what is needed, what s "
            "needed, what would it take, what does it take, does it/this/that/the work/support, does anyone, will "
            "it/this/there, is it/this safe/intended/supported/ok/possible, is free, is python, is nogil, how does, "
            "how do, how can, how should, what happens, which python, plan/plans/planned for/to, any "
            "news/update/updates/progress/roadmap, eta, when can/is, planned, timeline, do we, where can, intended, "
            "feasible"
        ),
        "query": (
            "can, is, does, do, am i, are, why, how, what, when, would this, should, will, which, where, has anyone, "
            "any"
        ),
        # -- platforms
        "linux": (
            "linux, manylinux, ubuntu, debian, fedora, centos, rhel, archlinux, opensuse, gentoo, gdb, coredumpctl, "
            "usr bin, usr lib, usr include, home runner, x86 64 linux gnu, opt python, ldd, glibc, almalinux, nixos, "
            "ld linux, futex, nptl, manylinux2014, rocky linux, pop os, wsl, wsl2, raspberry pi os, libc so, x86 64 "
            "linux, linux x86"
        ),
        "windows": (
            "windows, win32, win64, winarm64, win amd64, win arm64, msvc, lnk1104, lnk2001, lnk2019, visual studio, "
            "pyd, vcruntime, dll, powershell, windows server, windows 11, windows 10, mingw, msys2, visual c, cl "
            "exe, link exe, vcvarsall, python313t lib, python314t lib, amd64 win, access violation, error "
            "c2039/c2065/c2440/c1083/c2061/c2143/c2198/c3861, fatal error c1083, "
            "python3/python313/python314/python315 lib, vcpkg"
        ),
        "macos": (
            "macos, osx, os x, darwin, macosx, mac, macbook, apple, dylib, homebrew, exc bad access, xcode, macos "
            "arm64, mac os, sonoma, sequoia, ventura, apple silicon, clang apple, dyld, macos 14, macos 15"
        ),
        "aarch64": (
            "aarch64, arm64, armv8, apple m1, apple m2, apple m3, apple m4, graviton, apple silicon, raspberry pi, "
            "neoverse, arm linux, linux arm, windows on arm, winarm64, arm "
            "runner/runners/linux/wheel/wheels/build/builds, on/for arm"
        ),
        "musllinux": "musllinux, alpine, musl",
        "both": (
            "both variants, both are, are uploaded, have them, for example, e g, for instance, such as, "
            "on all platforms, all platforms, cross platform, and so on"
        ),
    }
)
"""Term to phrases, separated by commas; those with a version in them are in `spellings`."""

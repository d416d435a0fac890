"""The words maintainers use, by what they mean: a term and the phrases that say it.

A phrase is words of a-z and 0-9; every other character only separates words, so `Py_GIL_DISABLED` is read
as "py gil disabled", `3.14t` as "3 14t", and "free-threaded" as "free threaded". Case does not matter.
Rules name terms, never phrases, so a new way to say an old thing is one phrase more here. A phrase may stand under
several terms: a `-strict` or `-strong` term is the part of a broader one that leaves no doubt.
"""

from collections.abc import Mapping
from types import MappingProxyType

WHOLE = frozenset({"non-ft"})
"""Terms whose words say nothing else: "non-free-threaded" is not "free-threaded"."""

REPOSITORIES: Mapping[str, str] = MappingProxyType(
    {
        "free-threaded": "ft-repo",
        "free-threading": "ft-repo",
        "freethread": "ft-repo",
        "/nogil": "ft-repo",
        "gilectomy": "ft-repo",
        "free-threaded-compatibility$": "guide",
        "/py-free-threading": "guide",
        "python/cpython$": "cpython",
        "run-parallel": "tests-threads",
    }
)
"""What a repository's name says: a part of it (`$` is its end) to a term."""

VOCABULARY: Mapping[str, str] = MappingProxyType(
    {
        # -- what makes a thread one about free-threading
        "ft": (
            "free threaded, free threading, freethreaded, freethreading, freethread, free threadedness, "
            "freethreadedness, freethreadingness, free threadingness, no gil, nogil python, python nogil, "
            "nogil cpython, cpython nogil, nogil build, nogil builds, nogil interpreter, nogil mode, nogil wheels, "
            "nogil support, gil free, gilfree, gil less, gilless, disable gil, disabled gil, gil disabled, "
            "gil is disabled, disabling the gil, disable the gil, gil disabling, removing the gil, gil removal, "
            "python 3 13 ft, python 3 14 ft, ft python, ft build, ft builds, ft cpython, py ft, optional gil, "
            "gil optional, making the gil optional"
        ),
        "ft-word": (
            "free threaded, free threading, freethreaded, freethreading, freethread, free threadedness, "
            "freethreadedness, freethreadingness, free threadingness, no gil, nogil, disable gil, without the gil, ft"
        ),
        "t-tag": "cp31xt, cp31 t, cp3xt, 3 xt",
        "ft-mark": (
            "py gil disabled, py mod gil, gil not used, mod gil, freethreading compatible, freethreaded compatible, "
            "gil used, python gil, xgil, pep 703, pep703, pep 779, pep 803, pep 809, abi3t, is gil enabled, "
            "pyunstable module setgil, module setgil, py free threading, x64 freethreaded, thread safety classifier, "
            "trove classifiers free threading, python freethreading, gil is enabled, "
            "all threads while the gil is disabled, py begin critical section, py begin critical section2, "
            "supports free threading"
        ),
        "ft-internals": (
            "lock keys, unlock keys, lock object, type lock, qsbr, py qsbr, biased reference counting, "
            "biased refcounting, deferred reference counting, deferred refcounting, deferred rc, stop the world, "
            "stoptheworld, pycriticalsection, critical section, critical sections, tlbc, thread local bytecode, "
            "per thread refcounting, per thread reference counting, pymutex, py tryincref, try incref, tryincref, "
            "freelist, freelists, py reftracer, immortalization, immortalize, unique reference, "
            "is owned by current thread, py isownedbycurrentthread"
        ),
        "ft-loose": "nogil, without the gil, without gil, gil off",
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
            "nonfreethreaded, without free threading, without free threaded, not free threaded build, "
            "not free threaded builds, not free threaded wheel, not free threaded wheels, gil enabled build, "
            "gil enabled builds, gil enabled wheel, gil enabled wheels, gil wheel, gil wheels, gil version, "
            "with gil build, regular gil"
        ),
        "aside": (
            "on the horizon, also looked, looked briefly, in the future, eventually, some day, someday, "
            "including free threaded, including free threading, unrelated, not related, as well as free threaded, "
            "including the free threaded, not needed for"
        ),
        "nogil-code": (
            "with nogil, nogil true, nogil false, prange, nogil function, nogil functions, nogil block, nogil blocks, "
            "nogil section, nogil sections, except nogil, gil scoped release, release the gil, releases the gil, "
            "releasing the gil, release gil, releasing gil, allow threads, py allow threads, py begin allow threads, "
            "drop the gil, dropping the gil, acquire the gil, gil scoped acquire, pygilstate, drop gil"
        ),
        # -- wheels
        "wheel": (
            "wheel, wheels, whl, whls, binaries, binary wheel, binary wheels, prebuilt, pre built, precompiled, "
            "cibuildwheel, bdist, bdists, binary distribution, binary distributions, binary builds, binary packages, "
            "prebuilts"
        ),
        "provide": (
            "provide, providing, provided, publish, published, publishing, upload, uploads, uploaded, uploading, ship, "
            "ships, shipping, shipped, release, releases, released, releasing, distribute, distributed, distributing, "
            "available, add, adds, added, adding, build, builds, building, built, produce, producing, generate, "
            "generating, offer, offered, enable, enabling, enables, enabled, support, supported, include, create, "
            "need, want, make, deploy, packaging, package"
        ),
        "lack": (
            "missing, lack, lacks, lacking, no wheel, no wheels, not available, unavailable, without wheels, absent, "
            "falls back to the sdist, fall back to the sdist, falls back to building, no matching distribution, "
            "not on pypi, aren t, isn t, doesn t have, don t have, has no, have no, there are no, there is no, "
            "only sdist, drop, drops, dropped, dropping, no prebuilt, no binary, no binaries, no longer"
        ),
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
            "unsupported, skip, skips, avoid, unset, undefine, incompatible, drop"
        ),
        # -- builds that fail
        "compile": (
            "building, compile, compiles, compiling, compilation, link, linking, install, installs, installing, "
            "installation, pip install"
        ),
        "build-verb": (
            "build, builds, building, compile, compiles, compiling, compilation, link, linking, linked, install, "
            "installs, installing, installation, pip install, cmake, meson, setup py, uv sync, uv pip, compilable, "
            "buildable"
        ),
        "fail": (
            "fail, fails, failed, failing, failure, failures, error, errors, unable, cannot, can t, can not, broken, "
            "break, breaks, not possible, impossible, doesn t work, does not work, won t, couldn t, could not, "
            "not working, fix, fixes, fixed, fixing, problem, problems, issue, issues, regression, refuses, breaking, "
            "no longer"
        ),
        "fail-strict": "fail, fails, failed, failing, failure, failures, error, errors, broken, flaky",
        "build-fails": (
            "build failure, build failures, build fails, build failing, build error, build errors, fails to build, "
            "failed to build, fail to build, failing to build, unable to build, cannot build, can t build, "
            "can not build, couldn t build, could not build, fails to compile, failed to compile, fail to compile, "
            "can t compile, cannot compile, compile error, compile errors, compile failure, compiler error, "
            "compiler errors, compilation error, compilation errors, compilation fails, compilation failed, "
            "compilation failure, errors at compiling, doesn t compile, does not compile, doesn t build, "
            "does not build, won t compile, won t build, fix free threaded build, fix free threaded builds, "
            "fix the free threaded build, fix free threading build, fix the free threading build, "
            "fix freethreaded build, fix nogil build, build broken, broken build, fix build, fix building, "
            "fix compilation, fix compile, fix compiling, link error, link errors, linker error, linker errors, "
            "linking error, linking fails, unresolved external, undefined reference, fails to install, "
            "failed to install, fail to install, installation fails, install fails, installing fails, cannot install, "
            "can t install, unable to install, installation of, will fail, installation failure, not installable, "
            "could not be linked, couldn t be linked, failed to link, fails to link, fails building, build is broken, "
            "can t be built, cannot be built, building fails, fix the build"
        ),
        "build-log": (
            "subprocess exited with error, did not run successfully, metadata generation failed, "
            "failed building wheel, failed to build wheel, failed to build installable wheels, could not build wheels, "
            "error unresolved import, unresolved import pyo3, fatal error c1083, fatal error lnk1104, lnk1104, "
            "lnk2001, lnk2019, error c2039, error c2065, error c2440, error implicit declaration, "
            "implicit declaration of function, has no member named, returning int from a function, "
            "makes pointer from integer, ninja build stopped, command gcc failed, "
            "is newer than pyo3 s maximum supported version, newer than pyo3, "
            "cffi does not support the free threaded build, cffi doesn t support, python interpreter is free threaded, "
            "limited api is not currently supported in the free threaded build, error the limited api, "
            "cannot find lpython3, undeclared identifier, use of undeclared, missing free threading library, "
            "builderror, gilprotected, error e0277, error e0432, could not compile, failed code 1, failed code 2, "
            "undefined symbol, symbol not found"
        ),
        # -- crashes
        "crash": (
            "segfault, segfaults, segfaulted, segfaulting, seg fault, seg faults, segmentation fault, "
            "segmentation faults, sigsegv, segv, sigabrt, sigbus, sigill, crash, crashes, crashed, crashing, "
            "fatal python error, core dumped, coredump, core dump, access violation, use after free, useafterfree, "
            "heap use after free, heap buffer overflow, double free, memory corruption, corrupted double linked list, "
            "assertion failed, assertion failure, assertion failures, assertions fail, assertion fails, "
            "failed assertion, assert failed, aborts, aborted, null pointer dereference, invalid memory, bus error, "
            "stack overflow, negative refcount, corrupts memory, heap corruption, double decref, uaf, "
            "refcount corruption"
        ),
        "crash-strong": (
            "segfault, segfaults, segfaulting, segmentation fault, sigsegv, sigabrt, fatal python error, "
            "use after free, heap buffer overflow, double free, crash, crashes, crashing, access violation, "
            "assertion failed, failed assertion, core dumped"
        ),
        "crash-log": (
            "fatal python error, segmentation fault, sigsegv, sigabrt, addresssanitizer, "
            "must be called with the gil held, cannot show all threads while the gil is disabled, "
            "program received signal, core dumped, signal 11, exit code 139, exit code 134, access violation, "
            "exc bad access, heap use after free, exit 139, returned 139, non zero exit status 139, thread panicked, "
            "panicked at"
        ),
        "assertion": "assertion, assertions",
        "observe": (
            "i get, i got, get a, gets a, got a, reliably, results in, leads to, causes, cause, produces, see a, "
            "i see, can trigger, triggers, reproducibly, randomly, sometimes"
        ),
        # -- races and hangs
        "race": "race, races, racing, racy, data race, data races, datarace, raciness",
        "data-race": (
            "data race, data races, race condition, race conditions, datarace, race detected, races detected, racy"
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
            "not thread safe, not threadsafe, thread unsafe, threadunsafe, isn t thread safe, isn t threadsafe, "
            "is not safe in free threaded, not safe in free threaded, not safe under free threading, "
            "not safe in the free threaded, not safe in free threading, not safe with free threading, "
            "aren t thread safe, thread safety issue, thread safety issues, thread safety bug, thread safety bugs, "
            "thread safety problem, thread safety problems, non thread safe, unsafe, not be thread safe, "
            "thread safety of, thread safety in, concurrent access, concurrent mutation, concurrent modification, "
            "fix thread safety, improve thread safety, without synchronization, unsynchronized, lost updates"
        ),
        "symptom": (
            "changed size during iteration, wrong results, wrong result, incorrect results, incorrect result, "
            "inconsistent results, inconsistent state, corrupted state, data corruption, lost update, "
            "nondeterministic results, non deterministic, mutated during iteration, protect, protected, guard, "
            "critical section, critical sections"
        ),
        "make-safe": (
            "lock the, mutex, mutexes, pymutex, std mutex, locked, locks, seqlock, make thread safe, "
            "thread safe in free threaded, thread safe in the free threaded, thread safe under free threading, "
            "thread safe with free threading, thread safe for free threading, thread safe in disable gil, "
            "thread safe in free threading, thread safe in nogil, thread safe on free threaded, "
            "thread safe without the gil, thread safe when, threadsafe in free threaded, use atomics, atomics, atomic, "
            "atomically, use critical section, add critical section, use critical sections, add critical sections, "
            "add locks, add lock, locking, use lock, per object lock, thread safe for free threaded, add locking, "
            "lock free"
        ),
        "thread-safe": "thread safe, threadsafe, thread safety, threadsafety, thread safely",
        "deadlock": (
            "times out, time out, timed out, timeout, timeouts, timing out, deadlock, deadlocks, deadlocked, "
            "deadlocking, dead lock, dead locks, livelock, livelocks, hang, hangs, hanging, hung, stuck, freeze, "
            "freezes, freezing, lock inversion, lock order inversion, lock ordering, never returns, never finishes, "
            "blocks forever, waits forever, never terminates, does not terminate, infinite loop, spins forever, "
            "self deadlock"
        ),
        # -- the GIL that comes back
        "re-enable": (
            "re enable the gil, re enables the gil, re enabling the gil, re enabled the gil, reenable the gil, "
            "reenables the gil, reenabling the gil, reenabled, gil re enabled, gil reenabled, gil is re enabled, "
            "gil being enabled, re enable gil, re enables gil, re enabling gil, reenable gil, gil gets enabled, "
            "gil gets re enabled, gil has been enabled, enables the gil, enabling the gil, enable the gil, "
            "prevents disabling the gil, force the gil, forces the gil, gil to be enabled, gil to be re enabled, "
            "turns the gil, turning the gil, turn the gil back on, keeps the gil, keep the gil disabled, "
            "gil enabled to load, to load module, gil is enabled, gil warning, gil be explicitly disabled, "
            "disable gil on import, gil re enabling, explicitly disable gil, gil stays disabled, gil remains disabled, "
            "gil is not re enabled, gil stay disabled, gil remain disabled, gil doesn t get re enabled, "
            "gil not enabled, gil enabled at runtime, does not re enable, not re enable the gil, don t re enable"
        ),
        "declare": (
            "declare, declares, declared, declaring, declaration, declarations, mark, marks, marked, marking, flag, "
            "indicate, indicates, advertise, opt in, opt into, announce, specify"
        ),
        "declare-strict": (
            "declare, declares, declared, declaring, mark, marks, marked, marking, opt in, opt into, opting in, opts in"
        ),
        "put": "set, sets, setting, add, adds, adding, pass, define, defines",
        "use": "use, uses, using, used, via",
        "gil-slot": (
            "supports running without the gil, support running without the gil, as safe, supports free threaded, "
            "support for free threading, py mod gil, gil not used, mod gil, gil used, freethreading compatible, "
            "freethreaded compatible, pyunstable module setgil, module setgil, not require the gil, "
            "doesn t require the gil, not need the gil, doesn t need the gil, not rely on the gil, "
            "safe to run without the gil, run safely without the gil, safe without the gil, run without the gil, "
            "free threading compatibility, free threading compatible, free threaded compatible, free threading safe, "
            "free threading support, free threaded support, gil not required, gil independent, not requiring the gil, "
            "supports free threading, nogil compatible, free threading aware, as free threaded, as free threading, "
            "as nogil, as gil free, as gil not used, need the gil, needs the gil, require the gil, requires the gil, "
            "requiring the gil"
        ),
        "gil-slot-strict": (
            "py mod gil, gil not used, gil used false, gil used true, freethreading compatible, "
            "freethreaded compatible, pyunstable module setgil, module setgil, mod gil"
        ),
        "gil-env": "python gil, xgil, x gil",
        "warning": "warning, warnings, warns, runtimewarning",
        # -- speed
        "slow": (
            "slow, slower, slowness, slowdown, slowdowns, slows, performance, perf, faster, speed, speedup, speedups, "
            "speeding up, scaling, scale, scales, scalability, scalable, contention, contended, overhead, bottleneck, "
            "bottlenecks, throughput, latency, optimize, optimise, optimization, optimizations, benchmark, benchmarks, "
            "benchmarking, efficient, efficiency, inefficient, performs, memory usage, memory consumption, "
            "ftscalingbench, false sharing, regresses, degradation, expensive, cpu usage, multi core, ms per, "
            "runtime of"
        ),
        "slow-strong": (
            "inefficient, inefficiency, much worse, rows per second, requests per second, slow, slower, slowdown, "
            "slowdowns, scaling, scale, scales, scalability, contention, overhead, bottleneck, performance, perf, "
            "speed up, speedup, faster, throughput, false sharing, benchmark, benchmarks, ftscalingbench"
        ),
        "perf-clause": (
            "much worse, rows per second, requests per second, slow, slower, slowdown, scaling, scales, scalability, "
            "contention, overhead, bottleneck, performance regression, performance degradation, throughput, "
            "false sharing, x faster"
        ),
        "deferred": (
            "deferred reference counting, deferred refcounting, deferred rc, immortalize, immortalization, "
            "per thread reference counting, memory usage"
        ),
        # -- tests and CI
        "ci": (
            "ci, github actions, github action, gha, workflow, workflows, test matrix, build matrix, matrix, azure, "
            "appveyor, circleci, cirrus, travis, nox, tox, pipeline, continuous integration, setup python, actions, "
            "nightly job, test job, test run, build job, readthedocs, pre commit"
        ),
        "ci-strict": (
            "ci, github actions, github action, gha, workflow, workflows, test matrix, tox, nox, tsan job, "
            "free threaded job, free threading job, job for free threaded, jobs for free threaded, sanitizer job, "
            "continuous integration, cirrus ci, circleci, azure pipelines, build matrix"
        ),
        "testing": "testing, test coverage, tests run, tested",
        "ci-test": (
            "to testing, to the testing, to tests, to the tests, to the test matrix, to the ci, to our ci, "
            "to test matrix, run tests, run test, run the tests, run the test suite, run ci, test on, test with, "
            "test against, test using, test under, testing on, testing with, testing against, testing under, "
            "testing of, tests on, tests with, tests against, tests under, tests for, test for, test freethreaded, "
            "test python, test cpython, add free threaded tests, test suite with, test free, test nogil, run pytest, "
            "add test, add testing, enable tests, test suite on, run on, test 3 14t, test 3 13t, test 3 15t, "
            "stress test, stress tests, multithreaded tests, multi threaded tests, threading tests, threading ci, "
            "simplify testing, free threaded testing, freethreaded testing, free threading testing, "
            "freethreading testing, free threaded tests, in ci, to ci, thread safety tests, thread safety testing, "
            "parallel tests, tests in parallel, testing free"
        ),
        "run-parallel": (
            "pytest run parallel, run parallel, parallel threads, thread unsafe fixtures, pytest freethreaded, "
            "pytest parallel, thread unsafe fixture, iterations"
        ),
        "test": "test, tests, testing, tst, testsuite, unittest, unit test, unit tests, pytest, doctest, doctests",
        "test-fails": (
            "test failure, test failures, tests fail, test fails, tests failing, test failing, failing test, "
            "failing tests, failed tests, failed test, test failed, tests failed, fails the test, fix test, fix tests, "
            "fix failing, flaky, flakiness, skip test, skip tests, xfail, xfails, xfailed, skip limited api test, "
            "tst skip, tests are failing, test is failing, fails with, fails under, fails on, fails in, fail with, "
            "fail under, fail on, fail in, test suite fails, test errors, test error, fixes test, test regression, "
            "intermittent failure, intermittent failures, intermittently fails, sporadic failure, sporadically fails, "
            "fails intermittently, fail intermittently, tests broken"
        ),
        "tst": "tst",
        "test-mark": (
            "mark, marks, marking, thread unsafe, skip, skips, skipping, xfail, xfails, fix, fixes, disable, deselect, "
            "ignore"
        ),
        "skip": "skip, skips, skipping, xfail, xfails, mark, marks, marking, deselect",
        # -- documents, plans and questions
        "doc": (
            "doc, docs, document, documents, documented, documenting, documentation, howto, how to guide, guide, "
            "guidance, tutorial, docstring, docstrings, readme, mention, mentions, clarify, clarification, explain, "
            "link to, porting guide, faq, what s new, blog, glossary, changelog, wording, typo"
        ),
        "doc-prefix": "doc, docs",
        "note": (
            "add note, add a note, add notes, add section, add a section, note about, note on, notes on, recommend, "
            "recommending, recommendation, suggest, advice"
        ),
        "guarantee": (
            "guarantee, guarantees, guaranteed, safe to share, shared between threads, share between threads, "
            "thread safety notes, thread safety levels, thread safety documentation, thread safety docs, "
            "thread safety guarantees, thread safety section, not safe to, sharing, thread safety level, "
            "thread safety annotations"
        ),
        "support": (
            "support, supports, supporting, supported, compatibility, compatible, compat, compatability, enable, "
            "enabling, allow, ready, readiness, port, porting, adopt, add, migrate, work with, works with, run on, "
            "usable, handle, declare support, introduce, implement"
        ),
        "support-title": (
            "support for free threaded, support for free threading, free threaded support, free threading support, "
            "free threaded python support, free threading python support, support freethreaded, support freethreading, "
            "freethreading support, freethreaded support, support nogil, nogil support, no gil support, "
            "support no gil, support for no gil, support for nogil, support the free threaded, "
            "support the free threading, support for the free threaded, support for the free threading, "
            "support for python 3 13t, support for python 3 14t, support python 3 13t, support python 3 14t, "
            "support 3 13t, support 3 14t, free thread support, free threaded cpython support, "
            "free threaded build support, free threading compatibility, free threaded compatibility, "
            "compatible with free threaded, compatible with free threading, compatibility with free threaded, "
            "compatibility with free threading, free threading compatible, free threaded compatible, support pep 703, "
            "pep 703 support, support python 3 15t, support 3 15t, support cp314t, support cp313t, support free, "
            "free threaded python compatibility, free threading readiness, gil free support, support gil free, "
            "support disable gil, 3 13t support, 3 14t support, 3 15t support, enable free threaded support, "
            "initial free threading, initial free threaded, improve free threading, improve support for free threaded, "
            "improve support for free threading, support for freethreaded, support for freethreading, "
            "ready for free threading, ready for free threaded, work with free threaded, works with free threaded, "
            "free threaded build compatibility, support running on free threaded, nogil compatibility, "
            "free threading cpython support, free threaded interpreter support, support for pep 703"
        ),
        "tracking-title": (
            "tracking, tracker, roadmap, status of, umbrella, meta issue, epic, overview, plan for, "
            "compatibility status, status tracking"
        ),
        "ask": (
            "is it possible, may i ask, how to, how do i, how can i, can i, could i, should i, would it be possible, "
            "any plans, any plan, are there plans, are there any plans, is there a plan, what is the status, "
            "what s the status, is there any, is there a way, what about, when will, does this, does it, do you plan, "
            "plans for, plans to, plan to support, i wonder, wondering, question, curious, is this expected, "
            "expected behavior, expected behaviour, would this be right, why does, why is, can someone, am i, is that, "
            "do i need, any idea, any ideas, is anyone, any timeline, timeline for, what are the"
        ),
        "query": (
            "can, is, does, do, am i, are, why, how, what, when, would this, should, will, which, where, has anyone, "
            "any"
        ),
        # -- platforms
        "linux": (
            "linux, manylinux, ubuntu, debian, fedora, centos, rhel, archlinux, opensuse, gentoo, gdb, coredumpctl, "
            "usr bin, usr lib, usr include, home runner, x86 64 linux gnu, opt python, ldd, glibc, almalinux, nixos, "
            "ld linux, futex, nptl, manylinux2014"
        ),
        "windows": (
            "windows, win32, win64, winarm64, win amd64, win arm64, msvc, lnk1104, lnk2001, lnk2019, visual studio, "
            "pyd, vcruntime, dll, powershell"
        ),
        "macos": "macos, osx, os x, darwin, macosx, mac, macbook, apple, dylib, homebrew, exc bad access, xcode",
        "aarch64": "aarch64, arm64, armv8, apple m1, apple m2, apple m3, apple m4, graviton",
        "musllinux": "musllinux, alpine, musl",
        "both": (
            "both variants, both are, are uploaded, have them, for example, e g, for instance, such as, "
            "on all platforms, all platforms, cross platform, and so on"
        ),
    }
)
"""Term to phrases, separated by commas; those with a version in them are in `spellings`."""

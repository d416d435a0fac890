import pytest

from bot.core.classify.classify import classify
from bot.core.classify.thread import Reason, Thread
from tests.core.triage.threads import issue

PYTHONS = [
    ("3.14t", ("3.14t",)),
    ("python3.13t and libpython3.14td.so", ("3.13t", "3.14t")),
    ("spam-1.0-cp313-cp313t-win_amd64.whl", ("3.13t",)),
    ("tox -e py315t", ("3.15t",)),
    ("_spam.cpython-313t-x86_64-linux-gnu.so", ("3.13t",)),
    ("Support Python 3.14(t)", ("3.14t",)),
    ("CPython 3.14.6t", ("3.14t",)),
    ("free-threaded Python 3.14", ("3.14t",)),
    ("Python 3.13.2 experimental free-threading version", ("3.13t",)),
    ("Python 3.13.0rc3 (free-threaded)", ("3.13t",)),
    ("the free-threaded (`--disable-gil`) build of CPython 3.13", ("3.13t",)),
    ("drops 3.13 free-threading CI, adds a 3.14 free-threading job", ("3.13t", "3.14t")),
    ("3.13's release notes have a page on free-threaded CPython", ()),
    ("Python 3.14", ()),
    ("wheels for 3.14 (non-free-threaded)", ()),
    ("section 3.1 of the free-threaded guide", ()),
]

PLATFORMS = [
    ("Wheels for Mac and Windows", "there are some, but only for linux", ("macos", "windows")),
    ("Publish wheels", "They are for macOS only", ()),
    ("Segfault", "on Fedora 39", ("linux",)),
    ("Segfault", "libpython3.14td.dylib:arm64", ("macos", "aarch64")),
    ("Wheels", "We run Alpine on aarch64", ("musllinux", "aarch64")),
    ("Build it", "It made spam-1.0-cp313-cp313t-macosx_14_0_arm64.whl", ()),
    ("Support it", "It could be done one by one, for example Windows first", ()),
    ("Build on Windows", "On Linux it works, on arm64 too", ("windows", "aarch64")),
]

WARNING = "The global interpreter lock (GIL) has been enabled to load module '{}', which has not declared"

PACKAGES = [
    (issue("x", repo="spam/Spam_Eggs"), "spam-eggs"),
    (issue("x", repo="grpc/grpc"), "grpcio"),
    (issue("x", repo="conda-forge/spam-feedstock"), "spam"),
    (issue("x", "It says rpds-py made a release", repo="spam/rpds"), "rpds-py"),
    (issue("x", "`spam-gis 0.27.0` has no wheels", repo="org/spam"), "spam-gis"),
    (issue("x", WARNING.format("scipy.linalg._linalg"), repo="org/spam"), "scipy"),
    (issue("x", WARNING.format("gi._gi"), repo="org/spam"), "pygobject"),
    (issue("x", WARNING.format("_spam"), repo="org/spam"), "spam"),
    (issue("x", WARNING.format("spam.core"), repo="org/py-spam"), "spam"),
    (issue("x", repo="org/h3-py"), "h3"),
    (issue("x", repo="org/python-lz4"), "lz4"),
    (issue("x", repo="org/py_spam"), "py-spam"),
    (issue("x", repo="org/light-curve-python"), "light-curve"),
    (issue("x", repo="org/python-rapidjson"), "python-rapidjson"),
    (issue("x", repo="org/opencv-python"), "opencv-python"),
    (issue("x", "see https://github.com/org/py-spam/pull/1", repo="org/spam"), "spam"),
    (issue("x", repo="py4n6/pytsk"), "pytsk3"),
    (issue("x", repo="neuronsimulator/nrn"), "neuron"),
    (issue("Greenlets and nogil", repo="colesbury/nogil"), "greenlet"),
    (issue("Status of pandas compatibility", repo="Quansight-Labs/free-threaded-compatibility"), "pandas"),
]


@pytest.mark.parametrize(("text", "pythons"), PYTHONS)
def test_a_free_threaded_python_is_named_by_its_tag_or_by_the_word_beside_it(
    text: str, pythons: tuple[str, ...]
) -> None:
    assert classify(issue(text)).pythons == pythons
    assert classify(issue("", text)).pythons == pythons


@pytest.mark.parametrize(("title", "body", "platforms"), PLATFORMS)
def test_the_platforms_are_those_with_the_trouble(title: str, body: str, platforms: tuple[str, ...]) -> None:
    assert classify(issue(title, body)).platforms == platforms


@pytest.mark.parametrize(("thread", "package"), PACKAGES, ids=[f"{number}" for number in range(len(PACKAGES))])
def test_the_package_is_the_culprit_then_the_repository_s_own(thread: Thread, package: str) -> None:
    assert classify(thread).packages == (package,)


@pytest.mark.parametrize(
    "repo",
    [
        "python/cpython",
        "PyO3/pyo3",
        "NixOS/nixpkgs",
        "conda-forge/conda-forge-bot",
        "conda-forge/conda-forge.github.io",
        "org/software-stack",
        "org/client",
        "org/free-threaded-python",
        "",
        "/",
        "spam/\u00e9",
    ],
)
def test_a_repository_without_a_project_has_none(repo: str) -> None:
    assert classify(issue("Crash", repo=repo)).packages == ()


def test_a_text_that_breaks_off_is_quoted_to_its_end() -> None:
    assert Reason("python", "3.13t", "3.13 free") in classify(issue("nogil is 3.13 free-")).reasons


def test_every_facet_quotes_the_words_that_say_so() -> None:
    said = classify(issue("Crash on Linux with free-threaded Python 3.14", WARNING.format("lz4.frame"), "org/spam"))
    assert said.reasons == (
        Reason("free-threading", "yes", "free-threaded"),
        Reason("python", "3.14t", "free-threaded Python 3.14"),
        Reason("platform", "linux", "Linux"),
        Reason("package", "lz4", "enabled to load module 'lz4.frame'"),
    )

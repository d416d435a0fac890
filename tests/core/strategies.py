"""Hypothesis strategies for file names, files, projects and statuses: half plausible, half nonsense."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import strategies as st

from bot.core.index.metadata import Metadata
from bot.core.index.simple_api import File, ProjectStatus, group
from bot.core.verdicts.judge import judge, without_release
from bot.core.verdicts.rules import Verdict
from bot.core.verdicts.status import Status
from tests.core.pages import LONG_AGO, NAME, NOW, T313, T314, T315, ago

TARGETS = (T313, T314, T315)

_PYTHONS = ("cp38", "cp313", "cp314", "cp315", "cp316", "py3", "py2.py3", "cp27", "pp311", "cp313.cp314", "cp315t")
_ABIS = (
    "cp38",
    "cp314",
    "cp314t",
    "cp315t",
    "cp314td",
    "cp313t.cp314t",
    "abi3",
    "abi3t",
    "abi3.abi3t",
    "none",
    "cp27mu",
    "pypy311_pp73",
)
NINE = (
    "manylinux_2_28_x86_64",
    "manylinux_2_17_aarch64.manylinux2014_aarch64",
    "musllinux_1_2_x86_64",
    "musllinux_1_2_aarch64",
    "macosx_10_15_x86_64",
    "macosx_11_0_arm64",
    "win_amd64",
    "win_arm64",
    "win32",
)
_PLATFORMS = (
    *NINE,
    "macosx_10_15_universal2",
    "linux_x86_64",
    "manylinux_2_39_riscv64",
    "ios_13_0_arm64_iphoneos",
    "pyemscripten_2026_0_wasm32",
    "any",
)
VERSIONS = ("1.0", "1.0.0", "1.0.post1", "1.1", "2.0a1", "2.0.dev3", "2.0", "1!0.1", "2.0+local")

tags = st.builds("{}-{}-{}".format, st.sampled_from(_PYTHONS), st.sampled_from(_ABIS), st.sampled_from(_PLATFORMS))
versions = st.sampled_from(VERSIONS)
_wheel_names = st.builds((NAME + "-{}-{}.whl").format, versions, tags)
_sdist_names = st.builds((NAME + "-{}{}").format, versions, st.sampled_from((".tar.gz", ".zip", ".tar.bz2", ".egg")))
_nonsense_names = st.builds(
    "{}{}".format,
    st.lists(st.text(max_size=8) | st.sampled_from((NAME, *VERSIONS, "cp314", "py3", "any")), max_size=7).map("-".join),
    st.sampled_from((".whl", ".tar.gz", "")),
)
filenames = _wheel_names | _wheel_names | _sdist_names | _nonsense_names

_requirements = st.sampled_from(
    (None, None, None, ">=3.8", "<3.14", ">=3.14,<3.15", "==3.15.2", ">=3.x", "")
) | st.text(alphabet="<>=!~.,3145* ", max_size=10)
_upload_times = st.sampled_from((None, LONG_AGO, ago(days=10), ago(hours=3), "soon", "0001-01-01T00:00:00Z"))
_yanked = st.sampled_from((False, False, False, True, "", "broken"))
files = st.builds(File, filenames, _requirements, _upload_times, _yanked)
standing_files = st.builds(File, filenames, _requirements, _upload_times, st.just(value=False))

# Two releases with many wheels that make sense, which random file names seldom give.
_CROWDED_TAGS = st.builds(
    "{}-{}".format,
    st.sampled_from(
        ("cp314-cp314", "cp314-cp314t", "cp315-cp315t", "cp38-abi3", "cp315-abi3.abi3t", "cp314-none", "py3-none")
    ),
    st.sampled_from((*NINE, "macosx_10_15_universal2", "manylinux_2_39_riscv64")),
)
_crowded_names = st.builds(
    (NAME + "-{}-{}.whl").format,
    st.sampled_from(("1.0", "2.0")),
    _CROWDED_TAGS | _CROWDED_TAGS | _CROWDED_TAGS | st.just("py3-none-any"),
) | st.sampled_from((f"{NAME}-1.0.tar.gz", f"{NAME}-2.0.tar.gz"))
_crowded_files = st.builds(File, _crowded_names, st.none(), _upload_times, st.sampled_from((False, False, False, True)))
file_lists = st.lists(files, max_size=12) | st.lists(_crowded_files, max_size=12)

statuses_of_projects = st.sampled_from((*[ProjectStatus.ACTIVE] * 4, *ProjectStatus))
projects = st.builds(lambda some, status: group(NAME, some, status), file_lists, statuses_of_projects)

metadata = st.none() | st.builds(
    Metadata,
    free_threading=st.none()
    | st.text(max_size=20)
    | st.builds("Programming Language :: Python :: Free Threading :: {}".format, st.text(max_size=12))
    | st.sampled_from(
        [
            f"Programming Language :: Python :: Free Threading{level}"
            for level in ("", " :: 1 - Unstable", " :: 2 - Beta", " :: 3 - Stable", " :: 4 - Resilient")
        ]
    ),
    source=st.none() | st.text(max_size=20),
)


@st.composite
def statuses(draw: st.DrawFn) -> Status:
    """Make the status of a judged project, or of one that could not be read."""
    known = draw(metadata)
    if draw(st.integers(0, 4)) == 0:
        judgement = without_release(NAME, TARGETS, draw(st.sampled_from((Verdict.UNKNOWN, Verdict.NOT_FOUND))))
    else:
        judgement = judge(draw(projects), TARGETS, NOW, known)
    checked = NOW - draw(st.timedeltas(timedelta(0), timedelta(days=365)))
    return Status(judgement, checked, known, stale=draw(st.booleans()), error=draw(st.none() | st.text(max_size=20)))

"""Whether comments stand where they help: `python -m benchmarks.comments FILE…`.

FILE holds labelled threads, as `ftbot triage evaluate` reads them; `WANTED` has those on which a person says that a
comment would help. A thread that says so itself (`"comment": true` among its labels) needs no line here.
"""

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import msgspec

from bot.core.classify.classify import classify
from bot.core.classify.labelled import LabelledThread, parse_labelled, part_of
from bot.core.classify.scores import Hits
from bot.core.triage.evaluation import WouldSay, wanted_comments, would_say

WANTED: Mapping[str, str] = MappingProxyType(
    {
        thread: helps
        for helps, listed in {
            "wheels": """
                DataDog/dd-trace-py#14924 GrandpaEJ/BustAPI#19 HypothesisWorks/hypothesis#4851
                Instagram/LibCST#1242 Legrandin/pycryptodome#891 aio-libs/aiofastnet#5
                airspeed-velocity/asv#1515 ansible/pylibssh#822 cupy/cupy#9973 giampaolo/psutil#2476 gmpy2/gmpy2#584
                googleapis/google-cloud-python#15670 grpc/grpc#38762 grpc/grpc#41461 hukkin/tomli#262
                ijl/orjson#530 jax-ml/ml_dtypes#228 kuelumbus/rdkit-pypi#122 libgit2/pygit2#1367
                microsoft/onnxruntime#28114 moritzmucha/fastdigest#5 pydantic/pydantic#13849
                pypa/setuptools#4415 python-rapidjson/python-rapidjson#225 scipy/scipy#21675
                triton-inference-server/client#855 wxWidgets/Phoenix#2805 yfedoseev/pdf_oxide#296
            """,
            "gil": """
                MDAnalysis/distopia#192 adamchainz/time-machine#530 astropy/astropy#20267 ashvardanian/NumKong#269
                borisbabic/browser_cookie3#223 cher-nov/cryptg#50 deviantfero/wpgtk#322 eerimoq/bitstruct#56
                lightgbm-org/LightGBM#6871 mechmotum/cyipopt#324 moble/quaternion#261 mreineck/ducc#57
                python-grimp/grimp#297 safetensors/safetensors#572 sqlalchemy/sqlalchemy#13592
            """,
            "report": """
                colesbury/nogil#48 mrabarnett/mrab-regex#597 numpy/numpy#28041 python/cpython#126884
                python/cpython#135410 python/cpython#140846 python/cpython#152355 scipy/scipy#21479
            """,
        }.items()
        for thread in listed.split()
    }
)
"""A public thread → why a comment would help.

A release with wheels, if there is one, answers who cannot install it or asks for it; what a wheel declares answers who
says that the GIL comes back; or the report of a crash or a race lacks two of version, code and log, as it was read.
"""


@dataclass(frozen=True, slots=True)
class Standing:
    """Where comments stand: on threads about free-threading, on others, and where one is wanted."""

    about: int
    on_about: int
    others: int
    on_others: int
    wanted: Hits


def labelled(thread: LabelledThread) -> LabelledThread:
    """Return the thread with whether a comment on it is wanted."""
    if thread.labels.comment is not None:
        return thread
    wanted = f"{thread.repo}#{thread.number}" in WANTED
    return msgspec.structs.replace(thread, labels=msgspec.structs.replace(thread.labels, comment=wanted))


def standing(threads: Sequence[LabelledThread]) -> Standing:
    """Return where comments stand on labelled threads."""
    comments: list[WouldSay] = [would_say(each.thread, classify(each.thread)) for each in threads]
    stands = [(thread.is_about, comment.stands) for thread, comment in zip(threads, comments, strict=True)]
    about = sum(is_about for is_about, _ in stands)
    return Standing(
        about,
        stands.count((True, True)),
        len(stands) - about,
        stands.count((False, True)),
        wanted_comments(threads, comments) or Hits(),
    )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", type=Path, nargs="+")
    options = parser.parse_args()
    lines = [line for file in options.files for line in file.read_bytes().splitlines() if line.strip()]
    threads = [labelled(parse_labelled(line)) for line in lines]
    held, rest = part_of(threads, held_out=True), part_of(threads, held_out=False)
    for name, part in (("all", threads), ("held out", held), ("rest", rest)):
        found = standing(part)
        wanted = found.wanted.right + found.wanted.missed
        print(
            f"{name}: on {found.wanted.right} of {wanted} where one helps, on {found.wanted.wrong} where none does; "
            f"on {found.on_about} of {found.about} about free-threading, on {found.on_others} of {found.others} others"
        )


if __name__ == "__main__":
    main()

"""The chart: what it must be whatever the digest. How it looks is for people to judge."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, timedelta
from io import BytesIO

import pytest
from hypothesis import given, settings
from PIL import Image

from bot.charts import HEIGHT, WIDTH, draw
from bot.core.digest.digest import Digest, Point, Share
from bot.core.wheels.targets import Target
from tests.conftest import ROOT
from tests.core.digests import QUIET, digests
from tests.examples import examples

_WHITE, _DARK = (255, 255, 255), (0x31, 0x33, 0x38)
_MARGIN = 8


def _picture(png: bytes) -> Image.Image:
    return Image.open(BytesIO(png)).convert("RGBA")


def _of_targets(number: int, last: float) -> Digest:
    """Make a digest with so many targets, whose lines all end close to one another."""
    ends = tuple(last - place / 10 for place in range(number))
    points = tuple(
        Point(date(2024, 12, 1) + timedelta(weeks=week), tuple(end * week / 103 for end in ends)) for week in range(104)
    )
    return replace(QUIET, chart=points, shares=tuple(Share(Target(14 + n), 360, 1, 1, 1) for n in range(number)))


def _contrast(one: tuple[int, ...], other: tuple[int, ...]) -> float:
    """Return the contrast of two colours, from 1 to 21 (WCAG 2.2)."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: tuple[int, ...]) -> float:
    parts = [part / 255 for part in colour]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_a_chart_is_a_small_png_of_known_size() -> None:
    png = draw(QUIET)
    assert Image.open(BytesIO(png)).format == "PNG"
    assert _picture(png).size == (WIDTH, HEIGHT) == (1200, 600)
    assert len(png) < 60_000


def test_the_same_digest_gives_the_same_picture_in_several_threads_at_once() -> None:
    other = _of_targets(2, 90)
    with ThreadPoolExecutor(4) as threads:
        pictures = list(threads.map(draw, [QUIET, other] * 4))
    assert pictures == [draw(QUIET), draw(other)] * 4
    assert pictures[0] != pictures[1]


@pytest.mark.parametrize("targets", [1, 2, 4])
def test_every_colour_can_be_read_on_white_and_on_dark_grey(targets: int) -> None:
    colours = _picture(draw(_of_targets(targets, 61))).getcolors(WIDTH * HEIGHT)
    assert colours is not None
    solid = {colour[:3] for _, colour in colours if isinstance(colour, tuple) and colour[3] == 255}
    assert len(solid) > targets
    assert min(_contrast(colour, ground) for colour in solid for ground in (_WHITE, _DARK)) >= 3


@pytest.mark.parametrize("last", [0.4, 61, 99.9, 100])
@pytest.mark.parametrize("targets", [1, 4])
def test_nothing_is_cut_off_at_the_edges(targets: int, last: float) -> None:
    opacity = _picture(draw(_of_targets(targets, last))).getchannel("A")
    left, top, right, bottom = opacity.getbbox() or (0, 0, 0, 0)
    assert min(left, top, WIDTH - right, HEIGHT - bottom) >= _MARGIN


@pytest.mark.no_cover  # many examples of what other tests run
@settings(max_examples=examples(8))
@given(digest=digests())
def test_every_digest_can_be_drawn(digest: Digest) -> None:
    assert _picture(draw(digest)).size == (WIDTH, HEIGHT)


@pytest.mark.parametrize("days", [0, 1, 2, 9, 60, 100, 300, 900, 4000, 9000])
def test_a_chart_of_any_length_can_be_drawn(days: int) -> None:
    points = tuple(Point(date(2024, 8, 4) + timedelta(days=day), (day / 100, 0.0)) for day in range(0, days, 7))
    assert _picture(draw(replace(QUIET, chart=points))).size == (WIDTH, HEIGHT)


def test_matplotlib_is_imported_only_when_a_chart_is_drawn_and_never_pyplot() -> None:
    program = (
        "import sys, bot.core.digest.page, bot.core.digest.markdown, cogs.ui.digest_card;"
        "assert 'matplotlib' not in sys.modules; import bot.charts;"
        "assert 'matplotlib' in sys.modules; assert 'matplotlib.pyplot' not in sys.modules"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_chart_is_drawn_without_the_modules_of_fonttools_that_turn_the_gil_on() -> None:
    program = (
        "import sys; from bot.charts import draw; from tests.core.digests import QUIET; draw(QUIET);"
        "files = [getattr(each, '__file__', None) or '' for name, each in sys.modules.items() if 'fontTools' in name];"
        "assert not [file for file in files if file.endswith(('.so', '.pyd'))], files"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")

# ruff: noqa: E501, RUF001 - the texts are written here as people get them
"""The digest's card stays within Discord's limits and means what it says, whatever happened in the week."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from discord import ui
from hypothesis import example, given
from inline_snapshot import snapshot

from bot.core.digest.digest import Digest
from bot.core.digest.wording import chart_text, sections
from bot.core.site.whole_lists import NO_SITE, WholeLists
from cogs.ui.digest_card import CHART_FILE, digest_card
from tests.core.digests import BUSY, HOSTILE, QUIET, digests, move

TWO_HUNDRED = replace(BUSY, gained=tuple(move(f"package-{number}", HOSTILE) for number in range(200)))


def texts(view: ui.LayoutView) -> list[str]:
    return [item.content for item in view.walk_children() if isinstance(item, ui.TextDisplay)]


SITE = WholeLists("https://ft.example.org/@everyone/(x)")
LONG = WholeLists(f"https://{'long.' * 45}example.org")


@pytest.mark.no_cover  # many examples of what other tests run
@pytest.mark.parametrize(("chart", "whole"), [(True, NO_SITE), (False, SITE), (True, LONG)])
@given(digest=digests((1, 1, 5, 70)))
@example(digest=TWO_HUNDRED)
@example(digest=BUSY)
@example(digest=QUIET)
def test_a_card_stays_within_discords_limits_whatever_the_digest(
    digest: Digest, chart: bool, whole: WholeLists
) -> None:
    view = digest_card(digest, chart, whole)
    pieces = texts(view)
    assert sum(1 for _ in view.walk_children()) <= 40
    assert all(pieces)
    assert sum(map(len, pieces)) <= 3500
    assert view.content_length() <= 4000
    assert sum(len(piece.encode("utf-8", "surrogatepass")) + 12 for piece in pieces) <= 9000
    assert max(piece.count("\n- ") for piece in pieces) <= 11
    galleries = [item for item in view.walk_children() if isinstance(item, ui.MediaGallery)]
    assert len(galleries) == chart
    assert all(1 <= len(item.description or "") <= 1024 for gallery in galleries for item in gallery.items)


@pytest.mark.no_cover  # many examples of what other tests run
@given(digest=digests((1, 70)))
@example(digest=TWO_HUNDRED)
def test_a_card_says_its_week_and_how_many_there_are_of_everything(digest: Digest) -> None:
    *_, foot = pieces = texts(digest_card(digest, chart=False))
    assert foot.startswith(f"-# {digest.week} · data read ")
    assert foot.endswith("not that it is thread-safe.")
    headings = [f"### {section.heading} ({section.total})" for section in sections(digest)]
    assert [piece.split("\n")[0] for piece in pieces if piece.startswith("### ")] == headings


@given(digest=digests((1, 70)))
@example(digest=TWO_HUNDRED)
@example(digest=BUSY)
def test_nothing_from_elsewhere_becomes_markup_or_a_mention(digest: Digest) -> None:
    everything = "\n".join(texts(digest_card(digest, False, SITE)))
    ours = everything.replace("[all of them](<https://ft.example.org/%40everyone/%28x%29/", "(")
    ours = re.sub(r"(: \([^>]*)>\)", r"\1", ours)
    ours = re.sub(r"\[\*\*((?:[^\\\]]|\\.)*?)\*\*\]\(<https?://[^\s<>()]*>\)", r"**\1**", ours)
    ours = re.sub(r"^(- )?\*\*((?:[^\\*]|\\.)*)\*\*", r"\1\2", ours, flags=re.MULTILINE)
    ours = re.sub(r"^(## |### |-# |- )", "", ours, flags=re.MULTILINE)
    assert re.search(r"(?<!\\)(?:\\\\)*[*_~`|>\[\]<#]", ours) is None
    assert re.search(r"@[\w&!]", everything) is None


def test_a_busy_week() -> None:
    assert "\n".join(texts(digest_card(BUSY, chart=False))) == snapshot("""\
## Free-threaded Python, 16–22 November 2026
**3.14t**: 61 % of 357 packages have wheels (218, +3 this week), 178 everywhere, 40 on some platforms
**3.15t**: 34 % of 357 packages have wheels (120, −1 this week), 100 everywhere, 20 on some platforms
### Newly supported on 3.14t (4)
- [**numpy 2.5.5**](<https://pypi.org/project/numpy/2.5.5/>) has cp314t wheels, none for musl arm64, Windows arm64 (18 November)
- [**lxml 6.1.3**](<https://pypi.org/project/lxml/6.1.3/>) has abi3t and cp314t wheels for 3.14t on every platform (18 November)
- [**ruff 0.17.6**](<https://pypi.org/project/ruff/0.17.6/>) has py3-none wheels for 3.14t on every platform (18 November)
- [**idna 4.0**](<https://pypi.org/project/idna/4.0/>) is pure Python: nothing to build for 3.14t (18 November)
### New Python support (2)
- [**cryptography 50.0.2**](<https://pypi.org/project/cryptography/50.0.2/>) has abi3t wheels for 3.15t on every platform (18 November)
- [**torch 2.15.0**](<https://pypi.org/project/torch/2.15.0/>) has cp315t wheels on every platform (18 November)
### Now on every platform (1)
- [**psutil 7.3.0**](<https://pypi.org/project/psutil/7.3.0/>) has 3.14t wheels for every platform now (18 November)
### Lost (2)
- [**lmdb 2.0.0**](<https://pypi.org/project/lmdb/2.0.0/>) has no 3.14t wheels; 1.8.1 had them (18 November)
- [**rare 3.0**](<https://pypi.org/project/rare/3.0/>) does not admit 3.15t any more (18 November)
### Still waiting for 3.14t, most downloaded first (140)
- [**grpcio**](<https://pypi.org/project/grpcio/>): no wheel
- [**orjson**](<https://pypi.org/project/orjson/>): abi3 only
- and 138 more: /ftlist python: 3.14t only: waited for
### Issues answered by wheels (1)
- [**lxml/lxml\\#8**](<https://github.com/lxml/lxml/issues/8>): No 3.14t wheels (lxml 6.1.3 for 3.14t)
### Issues opened (1)
- [**numpy/numpy\\#30512**](<https://github.com/numpy/numpy/issues/30512>): @\u200beveryone \\<@\u200b1\\> \\</ul\\>\\</table\\>\\<script\\>alert(1)\\</script\\> "x" & &amp; \\[a\\](javascript\\:alert) \\`c\\` \\*\\*d\\*\\* \\_e\\_ \\~\\~f\\~\\~ \\| \\#12 www.e…
### Issues closed (1)
- [**lxml/lxml\\#7**](<https://github.com/lxml/lxml/issues/7>): Crash in 3.14t (1 comment)
### Most discussed issues (1)
- **python/cpython\\#9**: Deadlock at exit (48 comments)
-# 2026-W47 · data read 23 Nov 01:00 UTC · by rules 1 · 3 of 360 packages could not be read or dated: broken, slow-index, unlucky · one by one: /ftlist · A wheel shows that a build exists, not that it is thread-safe.\
""")


def test_a_quiet_week() -> None:
    assert "\n".join(texts(digest_card(QUIET, chart=True))) == snapshot("""\
## Free-threaded Python, 16–22 November 2026
**3.14t**: 61 % of 360 packages have wheels (220, no change this week), 180 everywhere, 40 on some platforms
**3.15t**: 33 % of 360 packages have wheels (120, no change this week), 100 everywhere, 20 on some platforms
A quiet week: no package gained or lost wheels.
### Still waiting for 3.14t, most downloaded first (140)
- [**grpcio**](<https://pypi.org/project/grpcio/>): no wheel
- [**orjson**](<https://pypi.org/project/orjson/>): abi3 only
- and 138 more: /ftlist python: 3.14t only: waited for
-# 2026-W47 · data read 23 Nov 01:00 UTC · by rules 1 · one by one: /ftlist · A wheel shows that a build exists, not that it is thread-safe.\
""")


@pytest.mark.parametrize(
    ("whole", "heading", "rest"),
    [
        (NO_SITE, "Still waiting", "and 138 more: /ftlist python: 3.14t only: waited for"),
        (
            SITE,
            "Still waiting",
            "and 138 more: [all of them](<https://ft.example.org/%40everyone/%28x%29/packages/?target=3.14t&verdict=abi3-only%2Cblocked%2Cmis-tagged%2Cnot-yet>)",
        ),
        (NO_SITE, "Newly supported", "and 190 more: ftbot digest --week 2026-W47"),
        (
            SITE,
            "Newly supported",
            "and 190 more: [all of them](<https://ft.example.org/%40everyone/%28x%29/digests/2026-W47/>)",
        ),
    ],
)
def test_what_is_left_out_is_to_be_found(whole: WholeLists, heading: str, rest: str) -> None:
    (section,) = [text for text in texts(digest_card(TWO_HUNDRED, False, whole)) if text.startswith(f"### {heading}")]
    assert section.split("\n- ")[-1] == rest


def test_all_that_is_only_counted_has_a_button_where_there_is_a_site() -> None:
    buttons = [item for item in digest_card(QUIET, False, SITE).walk_children() if isinstance(item, ui.Button)]
    assert [(each.label, each.url) for each in buttons[1:]] == [
        ("All of this week", "https://ft.example.org/%40everyone/%28x%29/digests/2026-W47/"),
        ("All packages", "https://ft.example.org/%40everyone/%28x%29/packages/"),
    ]


def test_links_go_before_lists_are_cut() -> None:
    few = replace(BUSY, gained=tuple(move(f"package-{number}", "1.0") for number in range(200)))
    card = "\n".join(texts(digest_card(few, chart=False)))
    assert card.count("**package-") == 10
    assert "and 190 more" in card


def test_the_chart_is_shown_with_its_numbers_in_words() -> None:
    (gallery,) = (item for item in digest_card(QUIET, True).walk_children() if isinstance(item, ui.MediaGallery))
    (picture,) = gallery.items
    assert (picture.media.url, picture.description) == (f"attachment://{CHART_FILE}", chart_text(QUIET))


def test_a_card_links_to_where_more_is_known() -> None:
    buttons = [item for item in digest_card(QUIET, False).walk_children() if isinstance(item, ui.Button)]
    assert [(each.label, each.url) for each in buttons] == [("What is this?", "https://py-free-threading.github.io/")]

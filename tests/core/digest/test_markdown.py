# ruff: noqa: E501, RUF001 - the texts are written here as people get them
from __future__ import annotations

import json
import re
from dataclasses import replace
from functools import partial

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from inline_snapshot import snapshot
from markdown_it import MarkdownIt

from bot.core.digest.digest import Digest, DigestThread, Issues, Move, Share, WaitingPackage
from bot.core.digest.markdown import markdown
from bot.core.digest.page import page
from bot.core.schema.digest import digest_json
from bot.core.site.whole_lists import NO_SITE, WholeLists
from bot.core.text.markdown import plain_markdown
from bot.core.text.sentences import one_line
from tests.core.digests import BUSY, HOSTILE, QUIET, digests, foreign
from tests.core.pages import T314

_READER = MarkdownIt("commonmark").enable(["table", "strikethrough"])


def harmless(digest: Digest) -> Digest:
    """Put harmless text in the place of every text from elsewhere."""

    def threads(some: tuple[DigestThread, ...]) -> tuple[DigestThread, ...]:
        return tuple(replace(each, repository="a/b", title="x", answer="x" if each.answer else "") for each in some)

    def moves(some: tuple[Move, ...]) -> tuple[Move, ...]:
        return tuple(
            replace(each, package="x", version="1", previous=None if each.previous is None else "0") for each in some
        )

    return replace(
        digest,
        unread=tuple("x" for _ in digest.unread),
        gained=moves(digest.gained),
        completed=moves(digest.completed),
        lost=moves(digest.lost),
        waiting=tuple(WaitingPackage("x", each.rank, each.verdict) for each in digest.waiting),
        issues=Issues(
            opened=threads(digest.issues.opened),
            closed=threads(digest.issues.closed),
            discussed=threads(digest.issues.discussed),
            answered=threads(digest.issues.answered),
            counted=digest.issues.counted,
        ),
    )


SITE = WholeLists("https://ft.example.org/a&b")


@pytest.mark.parametrize(
    ("whole", "packages", "rest"),
    [
        (
            NO_SITE,
            "One by one: `ftbot list`.",
            "- and 138 more: `ftbot list --target 3.14t --verdict mis-tagged --verdict abi3-only --verdict not-yet --verdict blocked`",
        ),
        (
            SITE,
            "One by one: [all of them](https://ft.example.org/a&b/packages/).",
            "- and 138 more: [all of them](https://ft.example.org/a&b/packages/?target=3.14t&verdict=abi3-only%2Cblocked%2Cmis-tagged%2Cnot-yet)",
        ),
    ],
)
def test_what_is_only_counted_is_to_be_found(whole: WholeLists, packages: str, rest: str) -> None:
    lines = markdown(BUSY, None, partial(whole.in_section, BUSY), whole.packages()).split("\n")
    assert packages in lines
    assert rest in lines


def test_a_page_leads_to_what_is_only_counted() -> None:
    text = page(BUSY, None, partial(SITE.in_section, BUSY), SITE.packages())
    assert '<p>One by one: <a href="https://ft.example.org/a&amp;b/packages/">all of them</a>.</p>' in text
    assert 'and 138 more: <a href="https://ft.example.org/a&amp;b/packages/?target=3.14t&amp;verdict=' in text
    alone = page(BUSY, None, partial(NO_SITE.in_section, BUSY), NO_SITE.packages())
    assert "<p>One by one: <code>ftbot list</code>.</p>" in alone
    assert "and 138 more: <code>ftbot list --target 3.14t --verdict" in alone


def _structure(text: str) -> list[str]:
    """Return what Markdown makes of a text, without the text itself."""
    found = []
    for token in _READER.parse(text):
        found.append(token.type)
        found += [child.type for child in token.children or () if child.type != "text"]
    return found


def _shown(text: str) -> str:
    """Return what people read."""
    tokens = _READER.parseInline(text)[0].children or ()
    return "".join(token.content for token in tokens).replace("\u200b", "")


@pytest.mark.no_cover  # many examples of what other tests run
@given(digest=digests())
@example(digest=BUSY)
def test_nothing_from_elsewhere_becomes_markup(digest: Digest) -> None:
    assert _structure(markdown(digest)) == _structure(markdown(harmless(digest)))


@given(text=foreign)
@example(text=HOSTILE)
def test_text_from_elsewhere_is_read_as_it_was_written(text: str) -> None:
    line = f"It says {plain_markdown(text)}"
    assert _structure(line) == ["paragraph_open", "inline", "paragraph_close"]
    assert _shown(line) == f"It says {one_line(text)}"


@given(text=foreign | st.text(st.sampled_from("@#:w.gGhH-1/ax"), min_size=1))
@example(text=HOSTILE)
def test_text_from_elsewhere_is_no_mention_no_reference_and_no_link(text: str) -> None:
    shown = plain_markdown(text)
    assert re.search(r"@[^\u200b]|#[^\u200b]|://|www\.|:[a-z+-]+:|\bGH-\d", shown, re.IGNORECASE) is None


def test_ordinary_text_is_left_as_it_is() -> None:
    text = "numpy 2.5.5 crashes in `f()`: see the change-log (again)!"
    assert plain_markdown(text) == text.replace("`", "\\`")


def test_a_busy_week() -> None:
    assert markdown(BUSY, "2026-W47.png") == snapshot("""\
# Free-threaded Python, 16–22 November 2026

- **3.14t**: 61 % of 357 packages have wheels (218, +3 this week), 178 everywhere, 40 on some platforms
- **3.15t**: 34 % of 357 packages have wheels (120, −1 this week), 100 everywhere, 20 on some platforms

![Share of tracked packages with wheels. 3.14t: 2 % in December 2024, 30 % in November 2025, 61 % on 22 November 2026. 3.15t: 0 % in December 2024, less than 1 % in November 2025, 33 % on 22 November 2026.](<2026-W47.png>)

## Newly supported on 3.14t (4)

- **[numpy 2.5.5](https://pypi.org/project/numpy/2.5.5/)** has cp314t wheels, none for musl arm64, Windows arm64 (18 November)
- **[lxml 6.1.3](https://pypi.org/project/lxml/6.1.3/)** has abi3t and cp314t wheels for 3.14t on every platform (18 November)
- **[ruff 0.17.6](https://pypi.org/project/ruff/0.17.6/)** has py3-none wheels for 3.14t on every platform (18 November)
- **[idna 4.0](https://pypi.org/project/idna/4.0/)** is pure Python: nothing to build for 3.14t (18 November)

## New Python support (2)

- **[cryptography 50.0.2](https://pypi.org/project/cryptography/50.0.2/)** has abi3t wheels for 3.15t on every platform (18 November)
- **[torch 2.15.0](https://pypi.org/project/torch/2.15.0/)** has cp315t wheels on every platform (18 November)

## Now on every platform (1)

- **[psutil 7.3.0](https://pypi.org/project/psutil/7.3.0/)** has 3.14t wheels for every platform now (18 November)

## Lost (2)

- **[lmdb 2.0.0](https://pypi.org/project/lmdb/2.0.0/)** has no 3.14t wheels; 1.8.1 had them (18 November)
- **[rare 3.0](https://pypi.org/project/rare/3.0/)** does not admit 3.15t any more (18 November)

## Still waiting for 3.14t, most downloaded first (140)

- **[grpcio](https://pypi.org/project/grpcio/)**: no wheel
- **[orjson](https://pypi.org/project/orjson/)**: abi3 only
- and 138 more

## Issues answered by wheels (1)

- **[lxml/lxml#\u200b8](https://github.com/lxml/lxml/issues/8)**: No 3.14t wheels (lxml 6.1.3 for 3.14t)

## Issues opened (1)

- **[numpy/numpy#\u200b30512](https://github.com/numpy/numpy/issues/30512)**: @\u200beveryone \\<@\u200b1\\> \\</ul\\>\\</table\\>\\<script\\>alert(1)\\</script\\> "x" \\& \\&amp; \\[a\\](javascript:\u200balert) \\`c\\` \\*\\*d\\*\\* \\_e\\_ \\~\\~f\\~\\~ \\| #\u200b12 www\u200b.evil.example https:\u200b//evil.example :\u200btada: GH\u200b-12 \\\\ #\u200b h - l code ��� \\$x\\$

## Issues closed (1)

- **[lxml/lxml#\u200b7](https://github.com/lxml/lxml/issues/7)**: Crash in 3.14t (1 comment)

## Most discussed issues (1)

- **python/cpython#\u200b9**: Deadlock at exit (48 comments)

---

2026-W47 · data read 23 Nov 01:00 UTC · by rules 1 · 3 of 360 packages could not be read or dated: broken, slow-index, unlucky. A wheel shows that a build exists, not that it is thread-safe.
""")


def test_a_quiet_week() -> None:
    assert markdown(QUIET) == snapshot("""\
# Free-threaded Python, 16–22 November 2026

- **3.14t**: 61 % of 360 packages have wheels (220, no change this week), 180 everywhere, 40 on some platforms
- **3.15t**: 33 % of 360 packages have wheels (120, no change this week), 100 everywhere, 20 on some platforms

A quiet week: no package gained or lost wheels.

## Still waiting for 3.14t, most downloaded first (140)

- **[grpcio](https://pypi.org/project/grpcio/)**: no wheel
- **[orjson](https://pypi.org/project/orjson/)**: abi3 only
- and 138 more

---

2026-W47 · data read 23 Nov 01:00 UTC · by rules 1. A wheel shows that a build exists, not that it is thread-safe.
""")


def test_a_week_that_is_not_over() -> None:
    assert markdown(replace(BUSY, complete=False, lost=(), issues=Issues(), unread=())) == snapshot("""\
# Free-threaded Python, 16–22 November 2026, so far

- **3.14t**: 61 % of 357 packages have wheels (218, +3 so far this week), 178 everywhere, 40 on some platforms
- **3.15t**: 34 % of 357 packages have wheels (120, −1 so far this week), 100 everywhere, 20 on some platforms

## Newly supported on 3.14t (4)

- **[numpy 2.5.5](https://pypi.org/project/numpy/2.5.5/)** has cp314t wheels, none for musl arm64, Windows arm64 (18 November)
- **[lxml 6.1.3](https://pypi.org/project/lxml/6.1.3/)** has abi3t and cp314t wheels for 3.14t on every platform (18 November)
- **[ruff 0.17.6](https://pypi.org/project/ruff/0.17.6/)** has py3-none wheels for 3.14t on every platform (18 November)
- **[idna 4.0](https://pypi.org/project/idna/4.0/)** is pure Python: nothing to build for 3.14t (18 November)

## New Python support (2)

- **[cryptography 50.0.2](https://pypi.org/project/cryptography/50.0.2/)** has abi3t wheels for 3.15t on every platform (18 November)
- **[torch 2.15.0](https://pypi.org/project/torch/2.15.0/)** has cp315t wheels on every platform (18 November)

## Now on every platform (1)

- **[psutil 7.3.0](https://pypi.org/project/psutil/7.3.0/)** has 3.14t wheels for every platform now (18 November)

## Still waiting for 3.14t, most downloaded first (140)

- **[grpcio](https://pypi.org/project/grpcio/)**: no wheel
- **[orjson](https://pypi.org/project/orjson/)**: abi3 only
- and 138 more

---

2026-W47 · data read 23 Nov 01:00 UTC · by rules 1. A wheel shows that a build exists, not that it is thread-safe.
""")


def test_a_week_of_which_nothing_could_be_read() -> None:
    nothing = replace(
        QUIET, tracked=2, unread=("a", "b"), shares=(Share(T314, 0, 0, 0, 0),), waiting=(), blocking=0, chart=()
    )
    assert markdown(nothing) == snapshot("""\
# Free-threaded Python, 16–22 November 2026

- **3.14t**: no package could be read

No package could be read, so nothing can be said about this week.

---

2026-W47 · data read 23 Nov 01:00 UTC · by rules 1 · 2 of 2 packages could not be read or dated: a, b. A wheel shows that a build exists, not that it is thread-safe.
""")


def test_json_has_the_keys_of_schema_1() -> None:
    few = replace(BUSY, chart=BUSY.chart[-2:], gained=BUSY.gained[:1], waiting=BUSY.waiting[:1])
    assert digest_json(few) == snapshot(
        {
            "schema": 1,
            "week": "2026-W47",
            "complete": True,
            "from": "2026-11-16",
            "to": "2026-11-22",
            "read": "2026-11-23T01:00:00Z",
            "rules": "1",
            "tracked": 360,
            "unread": ["broken", "slow-index", "unlucky"],
            "imported": None,
            "shares": [
                {
                    "python": "3.14t",
                    "packages": 357,
                    "with_wheels": 218,
                    "supported": 178,
                    "partial": 40,
                    "percent": 61.1,
                    "change": 3,
                },
                {
                    "python": "3.15t",
                    "packages": 357,
                    "with_wheels": 120,
                    "supported": 100,
                    "partial": 20,
                    "percent": 33.6,
                    "change": -1,
                },
            ],
            "gained": [
                {
                    "package": "numpy",
                    "rank": 1,
                    "python": "3.14t",
                    "version": "2.5.5",
                    "previous": None,
                    "day": "2026-11-18",
                    "verdict": "partial",
                    "how": ["cp314t"],
                    "covered": ["manylinux_x86_64"],
                    "missing": ["musllinux_aarch64", "win_arm64"],
                    "lost": [],
                }
            ],
            "completed": [
                {
                    "package": "psutil",
                    "rank": 1,
                    "python": "3.14t",
                    "version": "7.3.0",
                    "previous": None,
                    "day": "2026-11-18",
                    "verdict": "supported",
                    "how": ["cp314t"],
                    "covered": ["manylinux_x86_64"],
                    "missing": [],
                    "lost": [],
                }
            ],
            "lost": [
                {
                    "package": "lmdb",
                    "rank": 1,
                    "python": "3.14t",
                    "version": "2.0.0",
                    "previous": "1.8.1",
                    "day": "2026-11-18",
                    "verdict": "not-yet",
                    "how": [],
                    "covered": ["manylinux_x86_64"],
                    "missing": [],
                    "lost": [],
                },
                {
                    "package": "rare",
                    "rank": 1,
                    "python": "3.15t",
                    "version": "3.0",
                    "previous": None,
                    "day": "2026-11-18",
                    "verdict": "excluded",
                    "how": [],
                    "covered": ["manylinux_x86_64"],
                    "missing": [],
                    "lost": [],
                },
            ],
            "narrowed": [],
            "pure": [],
            "waiting": [{"package": "grpcio", "rank": 23, "verdict": "not-yet"}],
            "blocking": 140,
            "chart": [
                {"day": "2026-11-15", "percent": {"3.14t": 30.4, "3.15t": 0.2}},
                {"day": "2026-11-22", "percent": {"3.14t": 61.1, "3.15t": 33.3}},
            ],
            "issues": {
                "opened": [
                    {
                        "repository": "numpy/numpy",
                        "number": 30512,
                        "title": """\
@everyone <@1> </ul></table><script>alert(1)</script> "x" & &amp; [a](javascript:alert) `c` **d** _e_ ~~f~~ | #12 www.evil.example https://evil.example :tada: GH-12 \\ \n\
# h
- l

    code \u202e\x00\ud800 $x$\
""",
                        "url": "https://github.com/numpy/numpy/issues/30512",
                        "comments": 0,
                    }
                ],
                "closed": [
                    {
                        "repository": "lxml/lxml",
                        "number": 7,
                        "title": "Crash in 3.14t",
                        "url": "https://github.com/lxml/lxml/issues/7",
                        "comments": 1,
                    }
                ],
                "discussed": [
                    {
                        "repository": "python/cpython",
                        "number": 9,
                        "title": "Deadlock at exit",
                        "url": "javascript:alert(1)",
                        "comments": 48,
                    }
                ],
                "answered": [
                    {
                        "repository": "lxml/lxml",
                        "number": 8,
                        "title": "No 3.14t wheels",
                        "url": "https://github.com/lxml/lxml/issues/8",
                        "comments": 3,
                        "answer": "lxml 6.1.3 for 3.14t",
                    }
                ],
                "totals": {"opened": 1, "closed": 1, "discussed": 1, "answered": 1},
            },
        }
    )


@pytest.mark.no_cover  # many examples of what other tests run
@given(digest=digests())
def test_json_can_be_written_and_keeps_its_order(digest: Digest) -> None:
    written = json.dumps(digest_json(digest), allow_nan=False)
    assert json.loads(written) == digest_json(digest)
    assert list(digest_json(digest)) == list(digest_json(QUIET))


def test_percentages_are_rounded_to_a_decimal() -> None:
    found = json.loads(json.dumps(digest_json(QUIET)))
    assert [share["percent"] for share in found["shares"]] == [61.1, 33.3]
    assert found["chart"][-1] == {"day": "2026-11-22", "percent": {"3.14t": 61.1, "3.15t": 33.3}}

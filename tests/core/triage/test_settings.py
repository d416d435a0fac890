from __future__ import annotations

import time
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.classify.thread import KindName
from bot.core.triage.actions import Mode
from bot.core.triage.settings import (
    LARGEST_FILE,
    MOST_PROBLEMS,
    NEUTRAL_IDS,
    RepoSettings,
    RuleSettings,
    SettingsError,
    parse_settings,
)

FULL = """
version = 1
mode = "suggest"
not-before = 2026-12-01
grace-seconds = 300
comments = false
pull-requests = true

[labels]
topic = "39 - free-threading"
crash = "00 - Bug"
needs-info = "57 - Close?"

[rules.data-race]
mode = "apply"

[rules.question]
enabled = false

[commands]
allow-anyone = ["needs-info", "python:*", "!python: 3.13t"]
"""


def problems(text: str | bytes) -> tuple[str, ...]:
    with pytest.raises(SettingsError) as caught:
        parse_settings(text if isinstance(text, bytes) else text.encode())
    return caught.value.problems


def problem(text: str | bytes) -> str:
    (only,) = problems(text)
    return only


def test_a_whole_file_is_read() -> None:
    assert parse_settings(FULL.encode()) == RepoSettings(
        mode=Mode.SUGGEST,
        grace=timedelta(minutes=5),
        not_before=date(2026, 12, 1),
        labels={"topic": "39 - free-threading", "crash": "00 - Bug", "needs-info": "57 - Close?"},
        rules={KindName.DATA_RACE: RuleSettings(Mode.APPLY), KindName.QUESTION: RuleSettings(enabled=False)},
        allow_anyone=("needs-info", "python:*", "!python: 3.13t"),
        comments=False,
        pull_requests=True,
    )


def test_the_shortest_file_is_as_no_file() -> None:
    assert parse_settings(b"version = 1") == RepoSettings()
    assert parse_settings(b"\xef\xbb\xbfversion = 1\r\n") == RepoSettings()


@pytest.mark.parametrize("neutral", NEUTRAL_IDS)
def test_every_neutral_id_can_be_mapped(neutral: str) -> None:
    assert parse_settings(f'version = 1\n[labels]\n{neutral} = "x"'.encode()).labels == {neutral: "x"}


def test_a_rule_keeps_its_own_mode_unless_the_repository_is_off() -> None:
    text = 'version = 1\nmode = "{}"\n[rules.crash]\nmode = "apply"'
    assert parse_settings(text.format("dry-run").encode()).mode_of(KindName.CRASH) is Mode.APPLY
    assert parse_settings(text.format("dry-run").encode()).mode_of(KindName.ABI3T) is Mode.DRY_RUN
    assert parse_settings(text.format("off").encode()).mode_of(KindName.CRASH) is Mode.OFF


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "`version` is missing. Write `version = 1` at the top of the file."),
        ("version = 2", "`version` is `2`. There is only `1` so far."),
        ("version = true", "`version` is `true`. There is only `1` so far."),
        ('mdoe = "apply"', "`mdoe` means nothing here. Did you mean `mode`?"),
        ('not_before = "x"', "`not_before` means nothing here. Did you mean `not-before`?"),
        ('mode = "aply"', '`mode` is `"aply"`. Did you mean `apply`?'),
        ("mode = 3", "`mode` is `3`. It is `off`, `dry-run`, `suggest` or `apply`, in quotes."),
        ('not-before = "2026-12-01"', '`not-before` is `"2026-12-01"`. It is a day without quotes: '),
        ("not-before = 2026-12-01T10:00:00Z", "`not-before` is `2026-12-01 10:00:00+00:00`. It is a day"),
        ("grace-seconds = 3601", "`grace-seconds` is `3601`. It is a whole number from 0 to 3,600."),
        ("grace-seconds = -1", "`grace-seconds` is `-1`. It is a whole number"),
        ("grace-seconds = true", "`grace-seconds` is `true`. It is a whole number"),
        ("comments = 1", "`comments` is `1`. It is `true` or `false`, without quotes."),
        ('pull-requests = "all"', '`pull-requests` is `"all"`. It is `true` or `false`, without quotes.'),
        ('labels = "crash"', '`labels` is `"crash"`. It is a table: write `[labels]`, and its keys'),
        ('[labels]\nrace = "x"', "`labels.race` means nothing here. Did you mean `data-race`?"),
        ("[labels]\ncrash = []", "`labels.crash` is a list of 0. It is a label: 1 to 50 visible characters."),
        ('[labels]\ncrash = ""', '`labels.crash` is `""`. It is a label'),
        ('[labels]\ncrash = "."', '`labels.crash` is `"."`. It is a label: 1 to 50 visible characters. One of dots'),
        ('[labels]\ncrash = ".."', '`labels.crash` is `".."`. It is a label'),
        ('[labels]\ncrash = "/"', '`labels.crash` is `"/"`. It is a label'),
        ('[labels]\ncrash = " x"', '`labels.crash` is `" x"`. It is a label'),
        ('[labels]\ncrash = "a\\u200bb"', '`labels.crash` is `"a\ufffdb"`. It is a label'),
        (f'[labels]\ncrash = "{"x" * 51}"', f'`labels.crash` is `"{"x" * 39}…"`. It is a label'),
        ("[rules]\ncrash = true", "`rules.crash` is `true`. It is a table: write `[rules.crash]`"),
        ('[rules.crash]\nmode = "applied"', '`rules.crash.mode` is `"applied"`. Did you mean `apply`?'),
        ("[rules.crash]\nenable = false", "`rules.crash.enable` means nothing here. Did you mean `enabled`?"),
        ("[rules.topic]\nenabled = false", "`rules.topic` means nothing here. Known are `abi3t`, "),
        ('[commands]\nallow-anyone = "x"', '`commands.allow-anyone` is `"x"`. It is a list of at most 50 labels'),
        ("[commands]\nallow-anyone = [1]", "Entry 1 of `commands.allow-anyone` is `1`. It is a label or glob"),
        ('[commands]\nallow-anyone = ["!"]', 'Entry 1 of `commands.allow-anyone` is `"!"`. It is a label or glob'),
        ("[notifies]\ndiscord = 1", "`notifies` means nothing here. Known are `version`, `mode`, `not-before`"),
        ("notify = 1", "`notify` is `1`. It is a table: write `[notify]`, and its keys"),
        ('[notify]\nslack = "x"', "`notify.slack` means nothing here. Known are `discord`."),
        ('"`a\\n@x`" = 1', "`\ufffda\ufffd@x\ufffd` means nothing here. "),
    ],
)
def test_a_slip_is_told_with_its_key(text: str, expected: str) -> None:
    told = problem(text if text.startswith("version") or not text else f"version = 1\n{text}")
    assert told.startswith(expected)


def test_tables_that_are_reserved_change_nothing() -> None:
    text = 'version = 1\nmode = "apply"\n'
    more = '[notify]\ndiscord = { channel = "ft-triage", on = ["topic"] }\n[needs-info]\nremind-after-days = 14\n'
    assert parse_settings((text + more).encode()) == parse_settings(text.encode())


def test_all_slips_are_told_at_once() -> None:
    found = problems('mode = "x"\ncoments = true\n[labels]\nfoo = 1\ncrash = 2\n[rules.crash]\nenabled = "no"')
    assert [text.split("`")[1] for text in found] == [
        "version",
        "coments",
        "mode",
        "labels.foo",
        "labels.crash",
        "rules.crash.enabled",
    ]


def test_of_many_slips_the_first_are_told() -> None:
    assert len(problems("version = 1\n" + "\n".join(f"k{n} = 1" for n in range(1_000)))) == MOST_PROBLEMS


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"version = 1\nmode == 3", "Line 2, column 7, is not valid TOML."),
        (b"version = 1\nversion = 1\n", "Line 2, column "),
        (b"version = '1", "is not valid TOML."),
        (b"\x00", "Line 1, column 1, is not valid TOML."),
        (b"version = \xff", "Byte 11 of the file is not UTF-8. Save the file as UTF-8."),
        (b"v=" + b"[\n" * 20_000, "The file is nested too deeply."),
        (b"v=" + b"9" * 480, "`version` is missing"),
        (b"x" * (LARGEST_FILE + 1), "The file has 65,537 bytes. At most 65,536 are read."),
        (b"#" * 1_000_000, "The file has 1,000,000 bytes. At most 65,536 are read."),
        (b"a" + b".a" * 30_000 + b" = 1", "Line 1 has 60,005 characters. Break it up: at most 500 are read."),
    ],
)
def test_a_file_that_is_no_settings_is_refused_with_the_place(body: bytes, expected: str) -> None:
    assert any(expected in told for told in problems(body))


@pytest.mark.parametrize(
    ("written", "labels"),
    [
        ('labels = {\n  crash = "bug",\n  ci = "CI"\n}', {"crash": "bug", "ci": "CI"}),
        ('labels = { crash = "bug", }', {"crash": "bug"}),
        ('labels = { # why\n  crash = "bug" }', {"crash": "bug"}),
        ('labels = { crash = "b\\x75g" }', {"crash": "bug"}),
    ],
    ids=["lines in a table", "a comma at its end", "a comment in it", "a short escape"],
)
def test_it_is_toml_1_1_on_every_python(written: str, labels: dict[str, str]) -> None:
    assert parse_settings(f"version = 1\n{written}\n".encode()).labels == labels


def test_what_toml_1_1_can_say_is_refused_by_its_meaning_on_every_python() -> None:
    assert problem("version = 1\nnot-before = 2026-12-01 07:32") == (
        "`not-before` is `2026-12-01 07:32:00`. It is a day without quotes: `not-before = 2026-12-01`."
    )
    assert problem('version = 1\n[labels]\ncrash = "\\e[1m"').startswith('`labels.crash` is `"\ufffd[1m"`.')


def test_a_pattern_that_would_blow_up_is_a_glob() -> None:
    bomb = b'version = 1\n[commands]\nallow-anyone = ["^(a+)+$", "*a*a*a*a*a*a*a*a*a*a*a*b"]'
    assert parse_settings(bomb).allow_anyone[0] == "^(a+)+$"


def test_the_longest_keys_that_are_read_do_not_take_long() -> None:
    lines = [f"k{number}" + ".a" * 240 + " = 1" for number in range(130)]
    body = "\n".join(lines).encode()[:LARGEST_FILE]
    start = time.process_time()
    problems(body)
    assert time.process_time() - start < 2


@given(st.binary(max_size=300) | st.text(max_size=300).map(lambda text: text.encode("utf-8", "replace")))
def test_any_bytes_are_settings_or_problems(body: bytes) -> None:
    try:
        settings = parse_settings(body)
    except SettingsError as error:
        told = error.problems
    else:
        told = tuple(settings.labels)
    assert all(text and len(text) < 300 for text in told)


KEYS = st.sampled_from(["version", "mode", "labels", "rules", "commands", "comments", "pull-requests", "x"]) | st.text(
    max_size=60
)
VALUES = st.recursive(
    st.sampled_from(["1", "true", '"apply"', "nan", "2026-01-01", "10:00:00", '"`@x`"', "0x" + "f" * 400]),
    lambda inner: (
        st.lists(inner, max_size=3).map(lambda items: f"[{', '.join(items)}]")
        | st.dictionaries(st.sampled_from(["mode", "crash", "a"]), inner, max_size=2).map(
            lambda table: "{" + ", ".join(f"{key} = {value}" for key, value in table.items()) + "}"
        )
    ),
    max_leaves=4,
)


def _quoted(key: str) -> str:
    return '"' + "".join(c if c.isalnum() and c.isascii() else f"\\U{ord(c):08X}" for c in key) + '"'


@given(st.dictionaries(KEYS, VALUES, max_size=6))
def test_what_is_told_repeats_little_of_the_file(table: dict[str, str]) -> None:
    body = "\n".join(f"{_quoted(key)} = {value}" for key, value in table.items()).encode("utf-8", "replace")
    told: tuple[str, ...] = ()
    try:
        parse_settings(body)
    except SettingsError as error:
        told = error.problems
    for text in told:
        assert len(text) < 700
        assert text.isprintable()
        assert text.count("`") % 2 == 0
        assert all(len(piece) <= 60 for piece in text.split("`")[1:2])

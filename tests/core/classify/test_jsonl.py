import msgspec
import pytest
from inline_snapshot import snapshot

from bot.core.classify.classify import classify
from bot.core.classify.jsonl import ThreadLineError, parse_thread, to_json
from bot.core.classify.thread import Thread


def test_a_line_in_gives_a_line_out() -> None:
    line = b'{"repo":"org/spam","number":7,"title":"Segfault with 3.14t on Linux","body":null,"is_pr":false,"url":"x"}'
    assert to_json(classify(parse_thread(line))) == snapshot(
        {
            "repo": "org/spam",
            "number": 7,
            "free_threading": True,
            "confidence": "high",
            "kinds": [{"kind": "crash", "confidence": "high", "evidence": "Segfault"}],
            "pythons": ["3.14t"],
            "platforms": ["linux"],
            "packages": ["spam"],
        }
    )


def test_the_keys_come_in_the_published_order() -> None:
    said = to_json(classify(Thread("a/b", 1, "3.14t", None, is_pr=False)))
    assert list(said) == [
        "repo", "number", "free_threading", "confidence", "kinds", "pythons", "platforms", "packages",
    ]  # fmt: skip


def test_body_and_is_pr_may_be_left_out() -> None:
    assert parse_thread('{"repo":"a/b","number":1,"title":"t"}') == Thread("a/b", 1, "t", None, is_pr=False)


def test_escaped_lone_surrogates_and_controls_are_text() -> None:
    thread = Thread("a/b", 1, "3.14t \ud800 \x00", "\udfff" * 9, is_pr=True)
    assert msgspec.json.decode(msgspec.json.encode(to_json(classify(thread))))


@pytest.mark.parametrize(
    ("line", "named"),
    [
        (b"", "truncated"),
        (b"{", "truncated"),
        (b"[]", "Expected `object`"),
        (b'{"repo":"a/b","number":1}', "title"),
        (b'{"number":1,"title":"t"}', "repo"),
        (b'{"repo":"","number":1,"title":"t"}', "repo"),
        (b'{"repo":"a/b","number":"1","title":"t"}', "number"),
        (b'{"repo":"a/b","number":-1,"title":"t"}', "number"),
        (b'{"repo":"a/b","number":1,"title":null}', "title"),
        (b'{"repo":"a/b","number":1,"title":"t","body":3}', "body"),
        (b'{"repo":"a/b","number":1,"title":"t","is_pr":"no"}', "is_pr"),
        (b'\xff{"repo":"a/b"}', "not a thread"),
    ],
)
def test_a_malformed_line_is_refused_with_what_is_wrong(line: bytes, named: str) -> None:
    with pytest.raises(ThreadLineError, match=named):
        parse_thread(line)


def test_a_malformed_text_line_is_refused_too() -> None:
    with pytest.raises(ValueError, match="not a thread"):
        parse_thread('{"repo":"\ud800"}')

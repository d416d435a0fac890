"""Forms as browsers send them, and what is not read of others."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.web.pages.asking import form_parts

FORM = "multipart/form-data; boundary=b"
PART = b'--b\r\nContent-Disposition: form-data; name="text"\r\n\r\n'
END = b"\r\n--b--\r\n"


def test_a_form_has_a_file_with_its_name_and_words() -> None:
    file = '--b\r\nContent-Disposition: form-data; name="file"; filename="ü.lock"\r\nContent-Type: a/b\r\n\r\n'
    body = file.encode() + b"one\r\n\r\ntwo\r\n" + PART + b"numpy" + END
    assert form_parts(FORM, body) == {"file": ("ü.lock", b"one\r\n\r\ntwo"), "text": ("", b"numpy")}


@given(content=st.binary(), before=st.binary())
def test_content_comes_as_it_was_sent(content: bytes, before: bytes) -> None:
    boundary = b"b" * (1 + len(max(content.split(b"b"), default=b"", key=len)) + content.count(b"b"))
    head = PART.replace(b"--b", b"--" + boundary)
    sent = before.replace(b"b", b"") + b"\r\n" + head + content + b"\r\n--" + boundary + b"--\r\n"
    assert form_parts(f"multipart/form-data; boundary={boundary.decode()}", sent) == {"text": ("", content)}


@pytest.mark.parametrize("kind", ["", "text/plain", "multipart/form-data", "multipart/mixed; boundary=b", "x" * 8000])
def test_what_is_no_form_has_no_parts(kind: str) -> None:
    assert form_parts(kind, PART + b"numpy" + END) == {}


def test_a_part_that_breaks_off_is_none() -> None:
    assert form_parts(FORM, PART + b"numpy") == {}


def test_a_form_has_no_more_parts_than_one_of_the_site_can_have() -> None:
    parts = [b'--b\r\nContent-Disposition: form-data; name="n%d"\r\n\r\nx\r\n' % each for each in range(30)]
    assert 1 < len(form_parts(FORM, b"".join(parts) + END[2:])) <= 20


def test_a_part_that_says_too_much_of_itself_is_left_out() -> None:
    long = b'--b\r\nContent-Disposition: form-data; name="' + b"a" * 1_200 + b'"\r\n\r\nx\r\n'
    assert form_parts(FORM, long + PART + b"numpy" + END) == {"text": ("", b"numpy")}

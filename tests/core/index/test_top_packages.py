"""The list of the most downloaded packages, as published, as text, and as what is neither."""

from __future__ import annotations

from itertools import count
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.utils import canonicalize_name

from bot.core.errors import UpstreamError
from bot.core.index.top_packages import TopPackages, parse_top_packages


def published(*names: object, **keys: object) -> bytes:
    rows = [{"download_count": 9, "project": name} for name in names]
    return msgspec.json.encode({"last_update": "2026-11-01 06:34:06", "rows": rows} | keys)


@pytest.mark.parametrize(
    ("body", "names", "day"),
    [
        (published("boto3", "numpy"), ("boto3", "numpy"), "2026-11-01"),
        (b"\n  " + published("boto3"), ("boto3",), "2026-11-01"),
        (b"\xef\xbb\xbf" + published("boto3"), ("boto3",), "2026-11-01"),
        (published("boto3", last_update="soon"), ("boto3",), None),
        (published("boto3", last_update=None), ("boto3",), None),
        (published("boto3", source="ClickHouse", meta=[{}]), ("boto3",), "2026-11-01"),
        (b'{"rows":[{"project":"boto3"}]}', ("boto3",), None),
        (b"boto3\nnumpy\n", ("boto3", "numpy"), None),
        (b"\xef\xbb\xbfboto3\r\nnumpy\r\n", ("boto3", "numpy"), None),
        (b"# as of 2026-10-31\n\n  boto3  \n# of 2020-01-01\nnumpy", ("boto3", "numpy"), "2026-10-31"),
        (published("Py_YAML", "py-yaml", "py.yaml", "six"), ("py-yaml", "six"), "2026-11-01"),
        (published("no pe", "", "-", "numpy", "@everyone", "nümpy"), ("numpy",), "2026-11-01"),
        (b"no pe\n../etc\nnumpy\n\xff\xfe\n", ("numpy",), None),
    ],
)
def test_names_come_in_order_normalized_once_each(body: bytes, names: tuple[str, ...], day: str | None) -> None:
    assert parse_top_packages(body) == TopPackages(names, day)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\n\n",
        b"# 2026-11-01\n",
        b"{}",
        b"{",
        b'{"rows":{}}',
        b'{"rows":[{"name":"boto3"}]}',
        published(),
        published(5),
        published("no pe"),
        published("boto3", last_update=5),
        published("boto3")[:-9],
        b'{"rows":[{"project":"\xff"}]}',
        b"[]",
        b'["boto3"]',
        b"<!DOCTYPE html><title>Sign in</title>",
        b"\n<html>\n<body>\nWelcome\n</body>\n</html>\n",
        b"\x1f\x8b\x08\x00\xff\xfe",
    ],
    ids=count(),
)
def test_what_is_no_list_of_names_is_an_upstream_error(body: bytes) -> None:
    with pytest.raises(UpstreamError, match=r"^The list of the most downloaded packages is (empty|malformed)\.$"):
        parse_top_packages(body)


@pytest.mark.parametrize("depth", [1_000, 100_000, 4_000_000])
def test_a_list_nested_deeply_is_read_or_malformed(depth: int) -> None:
    """How deep is too deep, the interpreter decides: from Python 3.14 on it depends on the room on the C stack."""
    body = b'{"rows":[{"project":"a","x":' + b"[" * depth + b"]" * depth + b"}]}"
    try:
        names = parse_top_packages(body).names
    except UpstreamError:
        names = ()
    assert names in {(), ("a",)}


@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_any_bytes_give_names_or_an_upstream_error(body: bytes) -> None:
    try:
        found = parse_top_packages(body).names
    except UpstreamError:
        return
    assert found
    assert [canonicalize_name(name, validate=True) for name in found] == list(found)
    assert len(set(found)) == len(found)


def test_the_published_list_is_read_whole(shared: Path) -> None:
    listed = parse_top_packages((shared / "data" / "top-pypi-packages.min.json").read_bytes())
    assert (listed.day, listed.names[:2]) == ("2026-04-01", ("boto3", "packaging"))
    assert len(listed.names) > 14_000

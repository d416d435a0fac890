from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.errors import UpstreamError
from bot.core.index.metadata import (
    CLASSIFIER,
    LONGEST_LINK,
    Metadata,
    free_threading_level,
    safe_link,
)
from bot.core.index.metadata_files import from_json_api, from_metadata_file


def _from_info(**info: object) -> Metadata:
    return from_json_api(msgspec.json.encode({"info": info, "urls": []}))


@pytest.mark.parametrize(
    ("classifier", "level"),
    [
        (f"{CLASSIFIER} :: 1 - Unstable", 1),
        (f"{CLASSIFIER} :: 2 - Beta", 2),
        (f"{CLASSIFIER} :: 3 - Stable", 3),
        (f"{CLASSIFIER} :: 4 - Resilient", 4),
        (CLASSIFIER, None),
        (f"{CLASSIFIER} :: 5 - Magic", None),
        ("Programming Language :: Python :: 3", None),
    ],
)
def test_a_classifier_has_a_level_unless_it_is_the_bare_parent(classifier: str, level: int | None) -> None:
    assert free_threading_level(classifier) == level


@pytest.mark.parametrize(
    ("classifiers", "claim"),
    [
        ([], None),
        (["Programming Language :: Python :: 3"], None),
        ([CLASSIFIER], CLASSIFIER),
        ([CLASSIFIER, f"{CLASSIFIER} :: 2 - Beta"], f"{CLASSIFIER} :: 2 - Beta"),
        ([f"{CLASSIFIER} :: 3 - Stable", f"{CLASSIFIER} :: 2 - Beta"], f"{CLASSIFIER} :: 3 - Stable"),
        ([f"{CLASSIFIER} :: 9 - Magic"], None),
        (None, None),
    ],
)
def test_the_highest_claim_counts(classifiers: list[str] | None, claim: str | None) -> None:
    assert _from_info(classifiers=classifiers).free_threading == claim


@pytest.mark.parametrize(
    ("urls", "home_page", "source"),
    [
        ({"Source": "https://github.com/demo/demo"}, None, "https://github.com/demo/demo"),
        ({"source_code": "https://example.org/demo"}, None, "https://example.org/demo"),
        ({"Homepage": "https://example.org"}, None, None),
        ({"Homepage": "https://github.com/demo/demo#readme"}, None, "https://github.com/demo/demo"),
        ({"Docs": "https://demo.readthedocs.io"}, "https://gitlab.com/demo/demo.git", "https://gitlab.com/demo/demo"),
        ({"Issues": "https://github.com/demo/demo/issues"}, None, "https://github.com/demo/demo"),
        (
            {"Source": "javascript:alert(1)", "Issues": "https://github.com/demo/demo/issues"},
            None,
            "https://github.com/demo/demo",
        ),
        (
            {"Funding": "https://github.com/sponsors/demo", "Homepage": "https://github.com/demo/demo"},
            None,
            "https://github.com/demo/demo",
        ),
        ({"Team": "https://github.com/orgs/demo"}, None, None),
        ({"Author": "https://github.com/demo"}, None, None),
        ({"Source": None}, "UNKNOWN", None),
        (None, None, None),
    ],
)
def test_the_source_is_the_link_that_says_so_or_else_a_repository_on_a_known_host(
    urls: dict[str, str | None] | None, home_page: str | None, source: str | None
) -> None:
    assert _from_info(project_urls=urls, home_page=home_page).source == source


def test_the_tracker_is_the_link_that_says_so() -> None:
    urls = {"Bug Tracker": "https://github.com/demo/demo/issues", "Changelog": "https://example.org/changes"}
    assert _from_info(project_urls=urls).tracker == "https://github.com/demo/demo/issues"
    assert _from_info(project_urls={"Bug Tracker": "mailto:bugs@example.org"}).tracker is None


def test_a_metadata_file_says_the_same_as_the_json_api() -> None:
    body = (
        "Metadata-Version: 2.4\nName: demo\nVersion: 1.0\n"
        f"Classifier: Programming Language :: Python :: 3\nClassifier: {CLASSIFIER} :: 2 - Beta\n"
        "Project-URL: Source, https://github.com/demo/demo\nProject-URL: Bug Tracker, https://github.com/demo/demo/issues\n"
        "\nA demo. Classifier: none of these.\n"
    ).encode()
    assert from_metadata_file(body) == Metadata(
        f"{CLASSIFIER} :: 2 - Beta", "https://github.com/demo/demo", "https://github.com/demo/demo/issues"
    )


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "file:///etc/passwd",
        "https://localhost/demo",
        "https://user@example.org/",
        "https://example.org/a b",
        "https://example.org/)[x](https://evil.example",
        "https://example.org/`",
        "https://example.org/\N{CYRILLIC SMALL LETTER A}",
        "https://[example.org",
        "//example.org/demo",
        "https://example.org/" + "a" * LONGEST_LINK,
        "",
        None,
    ],
)
def test_a_link_that_is_no_ordinary_short_web_address_is_dropped(url: str | None) -> None:
    assert safe_link(url) is None


def test_an_ordinary_web_address_passes_unchanged() -> None:
    longest = "https://example.org/".ljust(LONGEST_LINK, "a")
    assert safe_link(longest) == longest
    assert safe_link("http://example.org/demo?x=1&y=2#readme") == "http://example.org/demo?x=1&y=2#readme"


@given(st.text() | st.from_regex(r"\Ahttps?://[^ ]{0,20}\.[^ ]{0,20}\Z"))
def test_a_link_that_passes_can_be_put_into_markdown_and_html(url: str) -> None:
    link = safe_link(url)
    assert link is None or (link.startswith(("http://", "https://")) and not set(link) & set(' <>"()[]`\n'))


@given(st.binary() | st.text().map(str.encode))
def test_any_metadata_file_is_read(body: bytes) -> None:
    claim = from_metadata_file(body).free_threading
    assert claim is None or claim.startswith(CLASSIFIER)


@given(st.binary())
def test_any_bytes_of_the_json_api_give_metadata_or_an_upstream_error(body: bytes) -> None:
    with pytest.raises(UpstreamError):
        from_json_api(body)


@pytest.mark.parametrize("body", [b"{}", b'{"info": null}', b'{"info": {"classifiers": 5}}', b"<html>", b"\xff"])
def test_what_is_no_metadata_is_an_upstream_error(body: bytes) -> None:
    with pytest.raises(UpstreamError, match="JSON API"):
        from_json_api(body)

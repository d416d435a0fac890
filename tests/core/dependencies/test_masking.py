"""What may be a secret in an address is not shown."""

from __future__ import annotations

from time import process_time

import pytest

from bot.core.dependencies.declared.requirements_txt import read_requirements
from bot.core.dependencies.locked.reading import shown_address
from bot.core.dependencies.masking import without_secrets
from tests.patience import at_most


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("foo @ https://me:hid@den@corp.example/x", "foo @ https://…@corp.example/x"),
        ("foo @ https://me:hid/den@corp.example/x", "foo @ https://…@corp.example/x"),
        ("https://token@corp.example/x", "https://…@corp.example/x"),
        ("//me:hidden@corp.example/x", "//…@corp.example/x"),
        (r"--index-url https:\\me:hidden@corp.example", r"--index-url https:\\…@corp.example"),
        ("me:hidden@corp.example/x", "…@corp.example/x"),
        ("--index-url=me:hidden@corp.example/x", "--index-url=…@corp.example/x"),
        ("-c https://corp.example/x?token=hidden#egg=a", "-c https://corp.example/x?…#egg=a"),
        ("https://corp.example/x?rev=abc&token=hidden", "https://corp.example/x?…"),
        *(
            (same, same)
            for same in (
                "git+https://example.org/pip.git@main#egg=pip&subdirectory=a",
                "git+https://example.org:8080/pip.git@main",
                "git+https://example.org/x?rev=abc#abc",
                "git@github.com:a/b.git",
                "lib[extra]>=1; sys_platform == 'win32'",
                r"C:\x\y@1.whl",
            )
        ),
    ],
)
def test_secrets_in_addresses_are_not_shown(text: str, shown: str) -> None:
    assert without_secrets(text) == shown


def test_neither_lines_nor_entries_show_them() -> None:
    read = read_requirements("a.txt", "foo @ https://me:hid/den@corp.example/x?token=hidden\n", None)
    assert [line.text for line in read.not_read] == ["foo @ https://…@corp.example/x?…"]
    assert shown_address("https://me:hid/den@corp.example/x?token=hidden#abc", query=True).count("hid") == 0
    assert shown_address("git+https://me:hidden@corp.example/x?rev=1#abc", query=True).endswith(
        "//corp.example/x?rev=1#abc"
    )


@pytest.mark.parametrize("much", ["//" * 50_000, "//a:" * 25_000, "a:" * 50_000, "//a@" * 25_000, "//?" * 33_000])
def test_a_long_text_takes_no_long_time(much: str) -> None:
    began = process_time()
    without_secrets(much)
    assert process_time() - began < at_most(2)

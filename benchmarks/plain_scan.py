"""The plain way to scan: one ``requests`` session, one project after another, the JSON API, a wheel tracker's rule.

Takes the address of the JSON API and a file with a name a line. ``requests`` is there through PyGithub.
"""

from __future__ import annotations

import sys
from pathlib import Path

import requests

from benchmarks.outcomes import Stopwatch, tell


def main(api: str, names_file: str) -> None:
    """Ask for every project; print what that took and how many have a free-threaded wheel."""
    names = Path(names_file).read_text(encoding="utf-8").split()
    stopwatch, found = Stopwatch(), 0
    with requests.Session() as session, stopwatch.running():
        for name in names:
            response = session.get(f"{api}{name}/json", timeout=60)
            response.raise_for_status()
            found += any(_is_free_threaded(file["filename"]) for file in response.json()["urls"])
    tell(stopwatch.outcome(found))


def _is_free_threaded(filename: str) -> bool:
    if not filename.endswith(".whl"):
        return False
    abis = filename.removesuffix(".whl").split("-")[-2].split(".")
    return any(abi.startswith("cp31") and abi.endswith("t") for abi in abis)


if __name__ == "__main__":
    main(*sys.argv[1:])

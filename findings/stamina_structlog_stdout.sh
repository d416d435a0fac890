#!/usr/bin/env bash
# A retry by stamina writes to standard output as soon as structlog is installed, also in a program that does not use structlog.
#
# Seen with stamina 26.1.0 and structlog 26.1.0 on 2026-11-30. Without structlog the retry is a warning of the logging module, and standard
# output has what the program prints. With structlog installed, by whatever dependency, stamina chooses it for its reports, and structlog
# that nobody has set up prints to standard output: a line before the program's JSON.
#
# What follows for a command whose output other programs read: set structlog up before anything is retried, or set stamina's reports with
# `stamina.instrumentation.set_on_retry_hooks`.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
cat > program.py <<'PYTHON'
import json

import stamina

attempts = []


@stamina.retry(on=ConnectionError, attempts=2, wait_initial=0, wait_jitter=0)
def fetch() -> dict[str, int]:
    attempts.append(1)
    if len(attempts) == 1:
        raise ConnectionError("once")
    return {"answer": 42}


print(json.dumps(fetch()))
PYTHON
lines() {  # PACKAGE…
    rm -rf venv
    python3 -m venv venv
    venv/bin/pip install --quiet --disable-pip-version-check "$@"
    venv/bin/python program.py 2>/dev/null > output
    echo "$* : $(wc -l < output) on standard output, $(grep -c stamina.retry_scheduled output || true) of a retry"
}
seen=$(lines stamina==26.1.0; lines stamina==26.1.0 structlog==26.1.0)
expected="stamina==26.1.0 : 1 on standard output, 0 of a retry
stamina==26.1.0 structlog==26.1.0 : 2 on standard output, 1 of a retry"
echo "$seen"
[ "$seen" = "$expected" ] || { echo "This has changed. Seen before:"; echo "$expected"; exit 1; } >&2

# Everything a contributor or CI runs. Needs git, make and a Python >= 3.11 with venv; the rest comes from the locks.
# `make` alone lists the targets.

VENV ?= .venv
# The Python that makes the virtual environment, e.g. PYTHON=python3.14t.
# By default `python3`, as its owner chose it, or where that does not do, the newest that does.
PYTHON ?=
# What `make status` asks about.
PACKAGE ?= numpy
# Passed to pytest by `make test`, for a run of some tests, e.g. PYTEST="-k status".
PYTEST ?=
# COVERAGE=on measures which lines the tests run, of which 97 % is the least; it takes half as long again, and check-all does.
COVERAGE ?=
# What `make bench` runs, e.g. BENCH="startup deps", by default all.
BENCH ?=
# The browser that `make browser` starts.
CHROMIUM ?= $(firstword $(foreach name,chromium chromium-browser google-chrome,$(shell command -v $(name))))
# Passed to uv by `make lock`, e.g. LOCK=--upgrade.
LOCK ?=

# What Python has compiled is kept: each of the processes that share the tests would compile them all, and the program, anew.
unexport PYTHONDONTWRITEBYTECODE

SHELL := /bin/sh
MAKEFLAGS += --no-print-directory
ifndef BESIDE
.NOTPARALLEL:
endif
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help
.PHONY: own-medicine help setup status site browser check check-all format lint types imports dead beside compiled test long bench lock clean

bin := $(VENV)/bin
# On a terminal pip tells how far it is, elsewhere only what fails; on stderr, as an answer may be all that is wanted on stdout.
pip := $(bin)/python -m pip --disable-pip-version-check --no-input $(shell [ -t 2 ] || echo --quiet --quiet)
packages = $(shell grep -c '^[a-z0-9].*==' $(1)) packages
benchmarks = $(patsubst benchmarks/%.py,%,$(shell grep -l '^BOUND_SECONDS = ' benchmarks/*.py))
# Stamps: the virtual environment holds what the locks said at that time.
runtime := $(VENV)/.ftbot-runtime
development := $(VENV)/.ftbot-development
browser := tests/browser/node_modules/.package-lock.json

help: ## This list
	@echo "make status PACKAGE=numpy   does it work on free-threaded Python? (asks PyPI)"
	@echo "make check                  every check (COVERAGE=on: with coverage)"
	@echo
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  \1\t\2/p' $(firstword $(MAKEFILE_LIST)) | expand -t 16
	@echo
	@echo "Variables: VENV=$(VENV) (where it installs), PYTHON=python3.x (which Python), PYTEST=\"-k name\", COVERAGE=on, LOCK=--upgrade"

setup: $(development) ## Install the ftbot command and everything that the checks need
	@echo "Ready: $(bin)/ftbot"

status: $(runtime) ## Ask about PACKAGE (several: PACKAGE="numpy lxml")
	@$(bin)/ftbot status $(PACKAGE)

# Where `make site` writes to.
SITE ?= build/site

site: $(development) ## Write an example of the site from recorded data (SITE=folder), and say how to open it
	@$(bin)/python -m tests.web.example $(SITE)

check: format lint beside test ## Every check: format, lint, types, import contracts, dead code, the site in a browser, tests

check-all: COVERAGE := on
check-all: check long ## The same with coverage, and every property with twenty times as many examples, which takes long

# What keeps one processor busy, side by side; the browser first, as it takes as long as all others.
beside: $(development)
	@$(MAKE) --jobs=2 BESIDE=yes browser types compiled imports dead

# In a new checkout each of the processes that share the tests would compile all of them, side by side.
compiled: $(development)
	@$(bin)/python -m pytest --no-header --quiet --quiet --collect-only >/dev/null 2>&1 || true # what is wrong the tests tell

format: $(development) ## Check the formatting (fix: .venv/bin/ruff format)
	@$(bin)/ruff format --check --quiet --output-format concise . || { echo "Run: $(bin)/ruff format" >&2; exit 1; }

lint: $(development) ## Lint
	@$(bin)/ruff check --quiet .

types: $(development) ## Check types
	@$(bin)/mypy --no-error-summary

imports: $(development) ## Check the import contracts
	@report=$$($(bin)/lint-imports --no-cache --no-logo 2>&1) || { printf '%s\n' "$$report" >&2; exit 1; }

dead: $(development) ## Look for code that nothing uses
	@$(bin)/vulture && $(bin)/vulture bot cogs storage # the second does not count what only tests use

test: $(development) ## Run the tests, or what PYTEST says
	@PATH="$(abspath $(bin)):$$PATH" $(bin)/python -m pytest --no-header $(or $(PYTEST),--numprocesses=auto --dist=worksteal $(if $(filter on,$(COVERAGE)),--cov --cov-report=term))

# Where there is no browser, nothing is tested in one, and that is said. Without Java, HTML is not checked, which node says.
browser: $(development) ## Test the site in Chromium, if it is there with Node.js 20 and npm
	@missing=; for program in "$(CHROMIUM)" node npm; do command -v "$$program" >/dev/null || missing="$$missing $${program:-chromium}"; done; \
	if [ -n "$$missing" ]; then echo "Skipped: nothing is tested in a browser, as there is no$$missing" >&2; else \
		$(MAKE) $(browser) && cd tests/browser && CHROMIUM="$$(command -v "$(CHROMIUM)")" PYTHON="$(abspath $(bin)/python)" \
			node --test --test-concurrency=1 --test-reporter=spec; fi

$(browser): tests/browser/package-lock.json
	@echo "Installing what tests the site in a browser: three packages, some seconds" >&2
	@npm ci --prefix tests/browser --ignore-scripts --no-audit --no-fund --loglevel=error >&2
	@touch $@

# Always other examples than before; what they find is kept in .hypothesis, and tried again first.
long: $(development) ## Try properties with many examples, for as long as that takes (some: PYTEST="-k digest")
	@PATH="$(abspath $(bin)):$$PATH" FTBOT_TEST_PATIENCE=$${FTBOT_TEST_PATIENCE:-60} $(bin)/python -m pytest --no-header \
		-m hypothesis --hypothesis-profile=long --numprocesses=auto --dist=worksteal $(PYTEST)

# One after the other, as each wants the machine to itself. What says how long it may take is one that needs nothing to be given.
bench: $(development) ## Run the benchmarks, or what BENCH says, beside an earlier build that is made once (a quarter of an hour)
	@for benchmark in $(or $(BENCH),$(benchmarks)); do \
		echo "$$benchmark"; $(bin)/python -m benchmarks.$$benchmark || exit 1; echo; \
	done

own-medicine: $(development) ## Do our own dependencies keep the GIL off? (asks PyPI; half a minute)
	@$(bin)/ftbot inspect $$(sed -n 's/^\([A-Za-z0-9_.-]*\)==.*/\1/p' requirements.txt | sort -u)

lock: $(development) ## Make the locks anew (LOCK=--upgrade takes the newest versions)
	@for lock in "requirements.txt pyproject.toml --all-extras" "requirements-build.txt --group build" "requirements-dev.txt pyproject.toml --all-extras --group dev"; do \
		set -- $$lock; output=$$1; shift; \
		constraint=; [ $$output = requirements.txt ] || constraint="--constraint requirements.txt"; \
		$(bin)/uv pip compile "$$@" $$constraint --output-file $$output --universal --python-version 3.11 --generate-hashes \
			--annotation-style line --custom-compile-command "make lock" --no-config --quiet $(LOCK) || exit 1; \
	done

clean: ## Remove the virtual environment and what checks and benchmarks leave
	@if [ -f "$(VENV)/pyvenv.cfg" ]; then rm -rf "$(VENV)"; fi
	@if [ -d .benchmarks ]; then rm -rf .benchmarks; git worktree prune; fi
	@rm -rf tests/browser/node_modules
	@rm -rf .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .coverage .coverage.* htmlcov dist build
	@find ftbot bot cogs storage tests benchmarks -name __pycache__ -type d -prune -exec rm -rf {} + 2>/dev/null || true

$(bin)/python:
	@found=; \
	for candidate in $(or $(PYTHON),python3 python3.15 python3.14 python3.13 python3.12 python3.11 python); do \
		command -v "$$candidate" >/dev/null || continue; \
		version=$$("$$candidate" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null) || version="does not start"; \
		found="$$found $$candidate ($$version)"; \
		"$$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || continue; \
		if "$$candidate" -c 'import ensurepip, venv' 2>/dev/null; then \
			echo "Making a virtual environment in $(VENV), which takes some seconds" >&2; \
			exec "$$candidate" -m venv "$(VENV)"; \
		fi; \
		found="$$found without venv"; \
	done; \
	echo "ftbot needs Python 3.11 or newer with its venv module. Found:$${found:- no $(or $(PYTHON),Python)}." >&2; \
	echo "Install one (on Debian and Ubuntu: apt install python3 python3-venv), or name one: make setup PYTHON=/path/to/python3" >&2; \
	exit 1

# --require-hashes: only files whose hashes the locks name are ever installed, and the project itself is installed from here.
# --no-deps: the locks name everything. Without it, older versions of pip look for the newest release of what is wanted with an
# extra, and then refuse it for having no hash.
$(runtime): requirements.txt requirements-build.txt pyproject.toml | $(bin)/python
	@echo "Installing what ftbot needs into $(VENV): $(call packages,requirements.txt), which take about a minute" >&2
	@$(pip) install --no-deps --require-hashes -r requirements.txt -r requirements-build.txt >&2
	@echo "Installing ftbot itself, which takes some seconds" >&2
	@$(pip) install --no-deps --no-build-isolation --editable . >&2
	@touch $@

$(development): requirements-dev.txt pyproject.toml | $(bin)/python
	@echo "Installing what ftbot and its checks need into $(VENV): $(call packages,requirements-dev.txt), which take about two minutes" >&2
	@$(pip) install --no-deps --require-hashes -r requirements-dev.txt >&2
	@echo "Installing ftbot itself, which takes some seconds" >&2
	@$(pip) install --no-deps --no-build-isolation --editable . >&2
	@touch $(runtime) $@

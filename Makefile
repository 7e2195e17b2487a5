# Needs Python 3.11 or newer with venv, a package index, and make. `make` alone says what there is.

PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet --quiet
LOCK := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header \
	--no-annotate --no-emit-index-url --no-emit-find-links

.DEFAULT_GOAL := help
.PHONY: help install demo test lint bench simulate mutants lock clean
.DELETE_ON_ERROR:

help: ## show this list
	@awk -F ':.*## ' '/^[a-z.]+:.*## / { printf "make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

install: .venv/installed ## install the daemon into .venv, exactly as locked

demo: .venv/installed ## five minutes of a company's life against pretend vendors, in seconds
	@$(BIN)/fortnox-syncd demo

test: lint ## lint, types and every test; the summary comes last
	@$(BIN)/pytest --quiet --numprocesses $$(($$(getconf _NPROCESSORS_ONLN) + 1)) --dist worksteal

lint: .venv/development ## style, format and types
	@$(BIN)/ruff check --quiet .
	@$(BIN)/ruff format --quiet --check .
	@$(BIN)/mypy --no-error-summary

bench: .venv/development ## measure what is promised in figures, in about four minutes; needs an idle machine
	@$(BIN)/python -m tests.bench

simulate: .venv/development ## no duplicate and no loss, whatever fails: worlds from fresh seeds, crashes, kills; an hour
	@$(BIN)/python -m tests.simulation

mutants: .venv/development ## break the daemon on purpose and show that the simulation finds each break
	@$(BIN)/python -m tests.simulation.mutants

lock: .venv/development ## write both lock files anew, with the newest versions that pyproject.toml allows
	@$(LOCK) --upgrade pyproject.toml --group build --output-file requirements.lock
	@$(LOCK) --upgrade pyproject.toml --group build --group dev --constraint requirements.lock \
		--output-file requirements-dev.lock

clean: ## remove all that was made here
	@rm -rf .venv build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis
	@find daemon tests -name __pycache__ -prune -exec rm -rf {} +

# Two stamps, so that `make demo` does not wait for the tools of the tests. A changed lock begins with an empty
# .venv: a package that is no longer asked for must not help a test to pass.
.venv/installed: requirements.lock
	@$(PYTHON) -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
		echo "fortnox-syncd needs Python 3.11 or newer with venv; $(PYTHON) is: $$($(PYTHON) --version 2>&1)." \
			"Name another one: make PYTHON=python3.12 ..." >&2; exit 1; }
	@echo "Installing into .venv ..." >&2
	@$(PYTHON) -m venv --clear .venv
	@$(PIP) install --require-hashes --requirement requirements.lock
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

.venv/development: .venv/installed requirements-dev.lock
	@echo "Installing the tools of the tests into .venv ..." >&2
	@$(PIP) install --require-hashes --requirement requirements-dev.lock
	@touch $@

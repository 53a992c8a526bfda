# Starling: every command a person needs. `make help` lists them.
SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory

# The first interpreter that really runs: a broken shim on the PATH is skipped.
PYTHON ?= $(shell for v in 3.13 3.12 3.11; do \
	for p in python$$v $$HOME/.pyenv/versions/$$v*/bin/python; do \
		if "$$p" -c 'import ensurepip, sys, venv; sys.exit(sys.version_info[:2] != tuple(map(int, "'$$v'".split("."))))' >/dev/null 2>&1; \
		then command -v "$$p"; exit; fi; done; done)

VENV := .venv
BIN := $(VENV)/bin
UV := $(BIN)/uv
PACKAGES := contracts runtime infra services/users services/orders services/search-sync services/media
SETUP := $(VENV)/.ready
STARLING := $(BIN)/starling
# Random histories take twice as long when they are measured, and reach no line of their own.
HISTORIES := $(shell find contracts/tests runtime/tests -name 'test_any_*.py')
COVERED := contracts/tests runtime/tests tests/contract --ignore-glob='*/test_any_*.py'
OTHERS := $(HISTORIES) infra/tests tests/architecture tests/infra bench/tests
# Compiled once, at installation: a read-only or PYTHONDONTWRITEBYTECODE machine stays fast.
export UV_COMPILE_BYTECODE := 1

.PHONY: help
help: ## list the commands
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  \033[1mmake %-10s\033[0m %s\n", $$1, $$2}'

$(SETUP): requirements.lock tools/uv.lock $(addsuffix /pyproject.toml,$(PACKAGES))
	@test -n "$(PYTHON)" || { echo "starling: needs Python 3.11, 3.12 or 3.13 with the venv module: none that runs was found." >&2; exit 1; }
	@echo "› Python environment ($(PYTHON)) …"
	@test -x $(BIN)/python || "$(PYTHON)" -m venv $(VENV)
	@test -x $(UV) || $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r tools/uv.lock
	@$(UV) pip sync --quiet --python $(BIN)/python --require-hashes requirements.lock
	@$(UV) pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation $(addprefix -e ,$(PACKAGES))
	@touch $@

.PHONY: setup
setup: $(SETUP) ## install everything: Python environment, Node, JRE, engines, emulator
	@$(STARLING) tools

.PHONY: demo
demo: $(SETUP) ## watch an order fly through all services, on this machine
	@$(STARLING) demo

.PHONY: up
up: $(SETUP) ## start the local stage and deploy everything onto it
	@$(STARLING) up

.PHONY: down
down: $(SETUP) ## stop the local stage
	@$(STARLING) down

.PHONY: test
test: setup ## run every test
	@rm -rf build/recorded
	@# End-to-end tests mostly wait: the others run meanwhile. Each line says whose it is.
	@$(MAKE) -j 2 both-unit both-e2e
	@$(STARLING) contracts recorded

.PHONY: both-unit both-e2e
both-unit both-e2e: both-%:
	@PYTHONUNBUFFERED=1 $(MAKE) $* 2>&1 | while IFS= read -r line; do printf '%s | %s\n' $* "$$line"; done

.PHONY: unit
unit: setup ## run the tests that need no stage, and measure their coverage
	@rm -rf .coverage .coverage.*
	$(BIN)/coverage run -m pytest -q -n 2 --dist loadgroup $(COVERED)
	@$(STARLING) test --coverage
	@$(BIN)/coverage combine --quiet
	$(BIN)/coverage report
	$(BIN)/pytest -q -n 2 --dist loadgroup $(OTHERS)

.PHONY: e2e
e2e: setup ## run the tests on engines and, end to end, on a local stage of their own
	$(BIN)/pytest -q tests/engine tests/e2e --stage test

.PHONY: check
check: setup lint ## the fast part: format, lint, types, imports, unit tests
	@# Random histories (test_any_*.py) and the toolchain's own tests take longer: `make test` has them.
	$(BIN)/pytest -q -n 2 contracts/tests runtime/tests services --ignore-glob='*/test_any_*.py'

.PHONY: lint
lint: $(SETUP) ## format check, lint, types, import rules
	$(BIN)/ruff format --check --quiet .
	$(BIN)/ruff check --quiet .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

.PHONY: format
format: $(SETUP) ## format the code and sort its imports
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

.PHONY: golden
golden: $(SETUP) ## regenerate golden schemas, what consumers read, docs/events and docs/api
	$(BIN)/python -m contracts.golden
	@$(STARLING) contracts export docs --out docs/events
	@$(STARLING) openapi --out docs/api

.PHONY: bench
bench: setup ## measure every speed claim against its baseline
	$(BIN)/python -m bench

# One resolution for all: the services' locks first, the development environment within them.
COMPILE := $(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url \
	$(foreach p,contracts runtime infra users orders search-sync media,--no-emit-package starling-$(p))

.PHONY: lock
lock: $(UV) ## resolve and lock every environment anew
	$(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url tools/uv.in -o tools/uv.lock
	for s in users orders search-sync media; do (cd services/$$s && ../../$(COMPILE) pyproject.toml -o requirements.lock); done
	cd runtime && ../$(COMPILE) authorizer.in -o authorizer.lock
	for e in emulator jgo openapi vision; do (cd infra/engines/$$e && ../../../$(COMPILE) requirements.in -o requirements.lock); done
	$(COMPILE) --all-extras --override tools/overrides.in requirements.in $(addsuffix /pyproject.toml,$(PACKAGES)) -o requirements.lock

# From nothing to a running demo with one command. Needs Python 3.11 to 3.14, a C++ compiler, git
# and make; everything else goes into .venv.
#
#   make demo [MODEL=file.gguf|name]   the main job on a sample project
#   make test [PYTEST_ARGS=…]          the tests
#   make coverage                      the tests, with their coverage (at least 90 %)
#   make lint                          format, style, types, layers
#   make editors                       real editors for the end-to-end tests (Debian and kin)
#   make servers                      language servers for the tests (needs npm)
#   make clean                         remove what the above made

ifeq ($(OS),Windows_NT)
  BIN := .venv/Scripts
  EXE := .exe
else
  BIN := .venv/bin
  EXE :=
endif

MODEL ?=
PYTEST_ARGS ?=
CANDIDATES := python3.14 python3.13 python3.12 python3.11 python3 python
SUITABLE := import sys, venv; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 15))
PYTHON ?= $(shell for name in $(CANDIDATES); do \
  if "$$name" -c '$(SUITABLE)' 2>/dev/null; then echo "$$name"; break; fi; done)
RUN := $(BIN)/python$(EXE)
INPUTS := pyproject.toml uv.lock

.PHONY: demo test coverage lint format install develop editors servers wheel clean help
.DEFAULT_GOAL := help

help:
	@sed -n 's/^#   //p' Makefile

demo: install
	@$(RUN) -m lsp_agent demo $(if $(MODEL),--model '$(MODEL)')

test: develop
	$(RUN) -m pytest $(PYTEST_ARGS)

# Processes that are started in other folders leave their data here, not there.
coverage: export COVERAGE_FILE := $(CURDIR)/.coverage
coverage: develop
	$(RUN) -m coverage erase
	$(RUN) -m coverage run -m pytest $(PYTEST_ARGS)
	$(RUN) -m coverage combine -q
	$(RUN) -m coverage report

lint: develop
	$(RUN) -m ruff format --check .
	$(RUN) -m ruff check .
	$(RUN) -m mypy
	$(BIN)/lint-imports

format: develop
	$(RUN) -m ruff format .
	$(RUN) -m ruff check --fix .

install: .venv/.installed
develop: .venv/.developed

editors:
	sh tests/support/get_editors.sh .editors

servers:
	sh tests/support/get_servers.sh .servers

wheel: develop
	$(RUN) -m pip --version >/dev/null 2>&1 || $(RUN) -m ensurepip -q
	$(RUN) -m pip wheel -q --no-deps --wheel-dir dist .
	@ls dist/*.whl

.venv/.installed: $(INPUTS) | $(RUN)
	@sh .ci/install.sh "$(RUN)" runtime
	@touch $@

.venv/.developed: $(INPUTS) | $(RUN)
	@sh .ci/install.sh "$(RUN)" dev
	@touch .venv/.installed $@

$(RUN):
	@if [ -z "$(PYTHON)" ]; then \
	  echo "lsp-agent needs Python 3.11 to 3.14 with the venv module; name one: make PYTHON=…" >&2; \
	  exit 2; fi
	@echo "creating .venv with $$($(PYTHON) --version)"
	@$(PYTHON) -m venv .venv

clean:
	rm -rf .venv dist build .coverage .coverage.* .pytest_cache .mypy_cache .ruff_cache \
	  .hypothesis .import_linter_cache

# Every verb of the workspace; each is one line that calls a tool or the workbench.
PYTHON ?= python3
VENV ?= .venv
TOOLS := $(CURDIR)/.venv-tools
BIN := $(CURDIR)/$(VENV)/bin
POETRY := $(TOOLS)/bin/poetry
# Dependencies first: a package's lock repeats what its path dependencies require.
PACKAGES := etl_core etl_database_schema data_pipeline workbench
P ?= $(PACKAGES)

export POETRY_NO_INTERACTION := 1
export PIP_DISABLE_PIP_VERSION_CHECK := 1
# The index that pip uses serves Poetry too; a lock file never names it.
export POETRY_PYPI_MIRROR_URL ?= $(shell $(PYTHON) -c "from pip._internal.models.index import PyPI; print(PyPI.simple_url)" 2>/dev/null)

.DEFAULT_GOAL := help
.PHONY: help setup lock

##@ Start here
help: ## Print this help
	@awk 'BEGIN { FS = ":.*## " } /^##@/ { printf "\n%s\n", substr($$0, 5) } /^[a-z-]+:.*## / { printf "  %-16s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: $(VENV)/.stamp ## Install the workspace environment into .venv

$(TOOLS)/.stamp: packages/workbench/tools.txt
	$(PYTHON) -m venv $(TOOLS)
	$(TOOLS)/bin/pip install -q -r $<
	touch $@

$(VENV)/.stamp: $(TOOLS)/.stamp $(wildcard packages/*/pyproject.toml) $(wildcard packages/workbench/poetry.lock)
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	VIRTUAL_ENV=$(CURDIR)/$(VENV) $(POETRY) -C packages/workbench sync
	touch $@

##@ Dependencies
lock: $(TOOLS)/.stamp ## Lock every package anew, dependencies first
	set -e; for p in $(PACKAGES); do $(POETRY) -C packages/$$p lock; done

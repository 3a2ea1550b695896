# Every verb of the workspace; each is one line that calls a tool or the workbench.
PYTHON ?= python3
VENV ?= .venv
TOOLS := $(CURDIR)/.venv-tools
BIN := $(CURDIR)/$(VENV)/bin
POETRY := $(TOOLS)/bin/poetry
# Dependencies first: a package's lock repeats what its path dependencies require.
PACKAGES := etl_core etl_database_schema data_pipeline data_seeder workbench
P ?= $(PACKAGES)
TIER ?= all
FAIL_UNDER ?= 90
DOCKER ?= $(or $(ETL_TEST_DOCKER),docker)
IMAGES = $(subst -,_,$(patsubst docker/%.Dockerfile,%,$(wildcard docker/*.Dockerfile)))
SOURCES = $(addprefix packages/,$(P)) $(if $(filter command environment,$(origin P)),,$(wildcard infra/*/*.py))

export POETRY_NO_INTERACTION := 1
export PIP_DISABLE_PIP_VERSION_CHECK := 1
# The index that pip uses serves Poetry too; a lock file never names it.
export POETRY_PYPI_MIRROR_URL ?= $(shell $(PYTHON) -c "from pip._internal.models.index import PyPI; print(PyPI.simple_url)" 2>/dev/null)

.DEFAULT_GOAL := help
.PHONY: help setup new-module new-job finish-new demo test test-coverage bench check lint format type-check policy lock lock-check build clean image test-images infra-check infra-e2e

##@ Start here
help: ## Print this help
	@awk 'BEGIN { FS = ":.*## " } /^##@/ { printf "\n%s\n", substr($$0, 5) } /^[a-z0-9-]+:.*## / { printf "  %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@printf '\nP=etl_core names packages, TIER=unit a tier, PYTHON=python3.10 VENV=.venv-3.10 another Python.\n'

setup: $(VENV)/.stamp ## Install the workspace environment into .venv

demo: setup ## Copy real files between two local buckets and show what became of each
	@$(BIN)/python infra/local/demo.py $(ARGS)

##@ Every day
test: setup ## Run the tests; P=<package> and TIER=unit|integration narrow them
	@$(BIN)/python -m workbench.suite $(P) --tier $(TIER)

check: lint type-check policy test ## All checks and tests; CI adds images, stacks and further Pythons

lint: setup ## Check the sources with ruff
	@$(BIN)/ruff check $(SOURCES) && $(BIN)/ruff format --check $(SOURCES)

format: setup ## Sort imports and format the sources
	@$(BIN)/ruff check --select I --fix $(SOURCES) && $(BIN)/ruff format $(SOURCES)

type-check: setup ## Check the types with mypy
	@$(BIN)/mypy $(SOURCES)

policy: setup ## Check the rules of the repository, then every wheel in a clean environment
	@$(BIN)/python -m workbench.policy && $(BIN)/python -m workbench.wheels

test-coverage: setup ## Run the tests and print which lines they miss
	@$(BIN)/python -m workbench.suite $(P) --tier $(TIER) --coverage --fail-under $(FAIL_UNDER)

bench: setup ## Run the performance tests, then measure copies beside other tools; ARGS=--full
	@status=0; $(BIN)/python -m workbench.suite --tier performance || status=1; $(BIN)/python -m data_pipeline.tests.performance.copies $(ARGS) || status=1; exit $$status

new-module: setup ## Make a job module: NAME=data_exporter JOB=export_files
	@$(BIN)/python -m workbench.scaffold module $(NAME) $(if $(JOB),--job $(JOB))
	@$(MAKE) --no-print-directory finish-new

new-job: setup ## Make a job in a module: MODULE=data_pipeline NAME=export_files
	@$(BIN)/python -m workbench.scaffold job $(MODULE) $(NAME)
	@$(MAKE) --no-print-directory finish-new

finish-new:
	@$(MAKE) --no-print-directory lock setup format
	@$(BIN)/python -m workbench.reference

##@ Images
image: ## Build the images; P=data_pipeline narrows, ARGS go to docker build
	@set -e; for p in $(filter $(IMAGES),$(P)); do name=$$(echo $$p | tr _ -); $(DOCKER) build --file docker/$$name.Dockerfile --tag etl-$$name --build-arg VERSION=$$(sed -n 's/^version = "\(.*\)"/\1/p' packages/$$p/pyproject.toml) --build-arg REVISION=$$(git rev-parse HEAD) $(ARGS) .; done

test-images: setup ## Run the tests of the images; they skip without a container engine
	@$(if $(shell $(DOCKER) info >/dev/null 2>&1 && echo yes),ETL_TEST_DOCKER=$(DOCKER)) $(BIN)/python -m workbench.suite --tier e2e

##@ Infrastructure
infra-check: setup ## Check the Terraform stacks and modules: fmt, validate, test, permissions, checkov
	@infra/local/check.sh

infra-e2e: setup ## Apply, plan and destroy the stacks against a local AWS endpoint
	@infra/local/e2e.sh

##@ Dependencies and builds
lock: $(TOOLS)/.stamp ## Lock every package anew, dependencies first
	set -e; for p in $(PACKAGES); do $(POETRY) -C packages/$$p lock; done

lock-check: setup ## Fail when a lock does not agree with what it was made from
	@set -e; for p in $(P); do $(POETRY) -C packages/$$p check --lock -q || { echo "packages/$$p/poetry.lock is stale; mend: make lock"; exit 1; }; done; $(BIN)/python -m workbench.policy --rule stale-lock

build: $(TOOLS)/.stamp ## Build wheel and sdist of every package into its dist/
	@set -e; for p in $(P); do rm -rf packages/$$p/dist; $(POETRY) -C packages/$$p build -q; ls packages/$$p/dist/*; done

clean: ## Remove what the other verbs left, but not the environments
	@rm -rf .mypy_cache .ruff_cache packages/*/dist packages/*/.coverage* packages/*/.mypy_cache packages/*/.ruff_cache
	@find packages infra -name __pycache__ -type d -prune -exec rm -rf {} +

$(TOOLS)/.stamp: packages/workbench/tools.txt
	@echo "installing Poetry into .venv-tools"
	@$(PYTHON) -m venv $(TOOLS)
	@$(TOOLS)/bin/pip install -qq -r $<
	@touch $@

# Poetry leaves a package of ours as it is; a changed one is installed anew, for its scripts.
$(VENV)/.stamp: $(TOOLS)/.stamp $(wildcard packages/*/pyproject.toml) packages/workbench/poetry.lock
	@echo "installing the workspace environment into $(VENV)"
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@rm -rf $(foreach f,$(filter %/pyproject.toml,$?),$(VENV)/lib/python*/site-packages/$(notdir $(f:/pyproject.toml=))-*.dist-info)
	@export VIRTUAL_ENV=$(CURDIR)/$(VENV); $(POETRY) -C packages/workbench sync -q || $(POETRY) -C packages/workbench sync
	@touch $@

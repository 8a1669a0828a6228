# Everything a contributor runs. It needs Python 3.11 or newer and make; each target
# makes the environment it needs, once.

# The path of a version of Python that runs and makes environments, on the path or one of
# pyenv's, or nothing.
python = $(shell for one in python$(1) $(wildcard $(HOME)/.pyenv/versions/$(1).*/bin/python$(1)); do \
  $$one -c 'import ensurepip, sys, venv; print(sys.executable)' 2>/dev/null && break; done)

PYTHON ?= python3
# The lowest versions have no wheels for the newest Python: take 3.11 if there is one.
PYTHON_MIN ?= $(or $(call python,3.11),$(PYTHON))
VENV ?= .venv
VENV_MIN ?= .venv-min
VENV_NEXT ?= .venv-next
# The environment of another Python has its version appended.
VENV_OTHER ?= .venv-py
# What `make test-next` installs: the newest release, be it a candidate.
NEXT ?= scikit-learn

BIN := $(VENV)/bin
# What is imported is compiled then; most modules of the libraries never are.
PIP_INSTALL := -m pip --quiet --disable-pip-version-check install --no-compile
PYTEST := -m pytest -n 2
QUICK := not slow and not gpu

# The supported versions of Python, the one that all else runs on, and which of the
# others are installed: looked for where they are asked for alone, as shims take seconds.
SUPPORTED := 3.11 3.12 3.13
FIRST = $(shell $(PYTHON) -c 'import sys; print("%d.%d" % sys.version_info[:2])')
OTHERS = $(strip $(foreach one,$(filter-out $(FIRST),$(SUPPORTED)),$(if $(call python,$(one)),$(one))))

# The packages of each peer's environment. imodels learns from this package's benchmark
# stack; it and TabTune lack a requirement of their own.
PEERS := autogluon imodels tabtune
PEER_autogluon := "autogluon.tabular[lightgbm,xgboost]"
PEER_imodels := imodels six -e ".[lightgbm]"
PEER_tabtune := tabtune lightgbm

SITE := build/site

# What an installation depends on: the requirements and the package's own version.
SOURCES := pyproject.toml skdistill/_version.py

.DEFAULT_GOAL := help
.PHONY: help demo test test-all test-min test-next test-others $(SUPPORTED:%=test-%) test-bare coverage lint types docs docs-check bench bench-smoke bench-overhead bench-peers release-check clean

help:  ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "%-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: $(VENV)/.has-bench  ## Distill two models, show what it gains, write report.html
	$(BIN)/python -m benchmarks.demo

test: $(VENV)/.has-test  ## Run the tests that need neither minutes nor a GPU
	$(BIN)/python $(PYTEST) -m "$(QUICK)"

test-all: $(VENV)/.has-test  ## Run all tests that need no GPU
	$(BIN)/python $(PYTEST) -m "not gpu"

# What users do not run is tested on the newest versions alone, and a version that
# breaks a test seldom breaks one of its cases only: each eighth is run.
test-min: $(VENV_MIN)/.has-test  ## Run `test` on the lowest supported versions
	$(VENV_MIN)/bin/python $(PYTEST) -m "$(QUICK)" --every 8 skdistill tests README.md \
		--ignore tests/benchmarks --ignore tests/test_benchmarks.py

# The development version has no place of its own here: NEXT may name a wheel or an address.
test-next: $(VENV_NEXT)/.has-test  ## Run `test` on scikit-learn's next version (NEXT=a requirement)
	$(VENV_NEXT)/bin/python $(PIP_INSTALL) --upgrade --pre $(NEXT)
	$(VENV_NEXT)/bin/python $(PYTEST) -m "$(QUICK)" skdistill tests README.md

# Each module is imported, and a few models are fitted, saved and loaded.
test-others:  ## Run a few tests on each further Python that is installed
	@others="$(OTHERS)"; \
	echo "Python $(FIRST) runs all tests; installed beside it: $${others:-none}"; \
	for one in $$others; do targets="$$targets test-$$one"; done; \
	[ -z "$$others" ] || $(MAKE) --no-print-directory $$targets

# Where the libraries have no wheels for it, or there is no network, it is left out.
$(SUPPORTED:%=test-%): test-%: $(VENV_OTHER)%/.has-test
	@if [ -e $(VENV_OTHER)$*/.has-test ]; then \
	  $(VENV_OTHER)$*/bin/python $(PYTEST) -m "$(QUICK)" --every 16 skdistill README.md \
	    tests/test_persistence.py; \
	else echo "Python $*: the package could not be installed, and is NOT tested."; fi

test-bare:  ## Install the package alone and use it from outside its folder
	.ci/bare

coverage: $(VENV)/.has-test  ## Measure which lines `test` runs: at least 95 % of them
	$(BIN)/python -m coverage erase
	$(BIN)/python -m coverage run $(PYTEST) -m "$(QUICK)"
	$(BIN)/python -m coverage combine --quiet
	$(BIN)/python -m coverage report

lint: $(VENV)/.has-test  ## Check style and format
	$(BIN)/ruff check
	$(BIN)/ruff format --check

types: $(VENV)/.has-test  ## Check the types
	$(BIN)/mypy

docs: $(VENV)/.has-docs  ## Build the site, gallery and all, in minutes; a warning is an error
	rm -rf $(SITE)
	$(BIN)/python -m sphinx --fail-on-warning --keep-going --quiet -c docs . $(SITE)
	@echo "$(SITE)/index.html"

docs-check: docs  ## Read the built site in headless Chromium
	$(BIN)/python tools/check_docs.py $(SITE)

release-check: $(VENV)/.has-release docs-check  ## Build wheel and sdist; install and test both
	$(BIN)/python tools/check_release.py $(ARGS)

bench: $(VENV)/.has-bench  ## Run all benchmarks, for hours; resumes (ARGS=--fresh: anew)
	$(BIN)/python -m benchmarks $(ARGS)

bench-smoke: $(VENV)/.has-bench  ## Run two minutes of them against thresholds
	$(BIN)/python -m benchmarks.smoke

bench-overhead: $(VENV)/.has-bench  ## Measure what distillation costs beside its parts
	$(BIN)/python -m benchmarks.overhead --fresh

bench-peers: $(VENV)/.has-bench $(PEERS:%=.venv-%/.has-peer)  ## Run skdistill beside its peers, each in its own environment
	$(BIN)/python -m benchmarks.peers
	$(BIN)/python -m benchmarks.nested_grid

clean:  ## Remove environments, caches and builds
	rm -rf $(VENV) $(VENV_MIN) $(VENV_NEXT) $(PEERS:%=.venv-%) $(SUPPORTED:%=$(VENV_OTHER)%)
	rm -rf .venv-ci .venv-ci-min .venv-ci-bare $(SUPPORTED:%=.venv-ci-py%)
	rm -rf build dist docs/api docs/gallery .pytest_cache .mypy_cache .ruff_cache .coverage*
	find . -name __pycache__ -prune -exec rm -rf {} +

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(VENV_NEXT)/bin/python:
	$(PYTHON) -m venv $(VENV_NEXT)

$(VENV_MIN)/bin/python:
	$(PYTHON_MIN) -m venv $(VENV_MIN)

# These files stand for what is installed, so that a second run installs nothing.
$(VENV)/.has-bench: $(SOURCES) | $(VENV)/bin/python
	$(BIN)/python $(PIP_INSTALL) -e ".[bench]"
	touch $@

$(VENV)/.has-test: $(SOURCES) | $(VENV)/bin/python
	$(BIN)/python $(PIP_INSTALL) -e ".[test,bench]"
	touch $(VENV)/.has-bench $@

$(VENV)/.has-docs $(VENV)/.has-release: $(VENV)/.has-%: $(SOURCES) | $(VENV)/bin/python
	$(BIN)/python $(PIP_INSTALL) -e ".[$*]"
	touch $@

$(VENV_MIN)/.has-test: $(SOURCES) tools/lowest.py | $(VENV_MIN)/bin/python
	$(VENV_MIN)/bin/python tools/lowest.py > $(VENV_MIN)/lowest.txt
	$(VENV_MIN)/bin/python $(PIP_INSTALL) -e ".[test,bench]" -r $(VENV_MIN)/lowest.txt
	touch $@

$(SUPPORTED:%=$(VENV_OTHER)%/bin/python): $(VENV_OTHER)%/bin/python:
	-$(call python,$*) -m venv $(VENV_OTHER)$*

$(SUPPORTED:%=$(VENV_OTHER)%/.has-test): $(VENV_OTHER)%/.has-test: $(SOURCES) | $(VENV_OTHER)%/bin/python
	@rm -f $@
	-$(VENV_OTHER)$*/bin/python $(PIP_INSTALL) -e ".[test,bench]" && touch $@

$(VENV_NEXT)/.has-test: $(SOURCES) | $(VENV_NEXT)/bin/python
	$(VENV_NEXT)/bin/python $(PIP_INSTALL) -e ".[test,bench]"
	touch $@

# A peer that cannot be installed is left out, and the run says so.
.venv-%/.has-peer:
	$(PYTHON) -m venv .venv-$*
	-.venv-$*/bin/python $(PIP_INSTALL) $(PEER_$*) && touch $@

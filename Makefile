# ofmemory: `make run` and `make test` need Python 3.11 or newer and nothing else. `make help` lists the targets.
#
# Works with GNU make 3.81 (macOS) and later, from any directory (`make -C`), and with spaces in the path:
# everything below is relative to this folder, which is where make runs the recipes.

SHELL := /bin/sh
.DEFAULT_GOAL := help
.PHONY: help run test check bench audit chaos schema ropa clean

VENV := .venv
PY := $(VENV)/bin/python
RUNTIME := $(VENV)/.installed-runtime
DEVELOPMENT := $(VENV)/.installed-development
PYTHON ?=
ARGS ?=

# Commands of a pyenv exist without working, so each candidate is tried; one that can make a whole
# environment is preferred. Debian keeps that part (ensurepip) in a package of its own: without it an
# environment is made bare and filled by the pip outside of it.
define MAKE_VENV
working() { "$$1" -c "import sys, ssl, ctypes, venv$$2; sys.exit(sys.version_info < (3, 11))" >/dev/null 2>&1; }
find_python() {
    for extra in ", ensurepip" ""; do
        for candidate in "$$PYTHON" python3.13 python3.12 python3.11 python3 python3.14 python; do
            if [ -n "$$candidate" ] && working "$$candidate" "$$extra"; then command -v "$$candidate"; return; fi
        done
    done
}
found=$$(find_python)
if [ -z "$$found" ]; then
    echo "ofmemory needs Python 3.11 or newer and found none." >&2
    echo "  Debian, Ubuntu: sudo apt install python3 python3-venv      macOS: brew install python@3.13" >&2
    echo "  Or name one: make run PYTHON=/path/to/python3" >&2
    exit 1
fi
echo "making $(VENV) with $$($$found --version)"
rm -rf $(VENV)
if working "$$found" ", ensurepip"; then
    "$$found" -m venv $(VENV) || { rm -rf $(VENV); exit 1; }
elif "$$found" -m pip --python "$$found" --version >/dev/null 2>&1; then
    "$$found" -m venv --without-pip $(VENV) && echo "$$found" > $(VENV)/.pip-from
else
    echo "$$found cannot make a virtual environment, parts of it are missing." >&2
    echo "  Debian, Ubuntu: sudo apt install python3-venv" >&2
    exit 1
fi
endef

define INSTALL
echo "installing $$requirements (a minute or two the first time)"
if [ -f $(VENV)/.pip-from ]; then
    pip() { "$$(cat $(VENV)/.pip-from)" -m pip --python $(PY) "$$@"; }
else
    pip() { $(PY) -m pip "$$@"; }
fi
pip --disable-pip-version-check install --quiet --requirement "$$requirements" || {
    echo "the installation failed, see above; PyPI has to be reachable for it" >&2
    exit 1
}
endef
export MAKE_VENV INSTALL PYTHON

help: ## list the targets
	@awk 'BEGIN {FS = ":.*## "} /^[a-z]+:.*## / {printf "  make %-6s %s\n", $$1, $$2}' Makefile

run: $(RUNTIME) ## start everything at http://127.0.0.1:8000 (other port: PORT=8001 make run); Ctrl-C stops it
	@exec $(PY) -m ofmemory.embedded run

test: $(DEVELOPMENT) ## run the tests (for pytest: make test ARGS="-k cache -x")
	@exec $(PY) -m pytest -n auto --maxprocesses 8 $(ARGS)

check: $(DEVELOPMENT) ## everything that can be checked without running: lint, types, import rules, schema
	@exec bash tools/check.sh

bench: $(DEVELOPMENT) ## measure (choices: make bench ARGS=--help)
	@exec $(PY) -m bench $(ARGS)

chaos: $(DEVELOPMENT) ## break everything on purpose, under load, and check (choices: make chaos ARGS=--help)
	@exec $(PY) -m tests.chaos $(ARGS)

audit: $(DEVELOPMENT) ## ask the advisory database about every installed package (needs the network)
	@exec bash tools/audit_dependencies.sh

schema: $(DEVELOPMENT) ## write docs/openapi.yaml anew after a change of the API
	@exec $(PY) manage.py spectacular --validate --fail-on-warn --file docs/openapi.yaml

ropa: $(DEVELOPMENT) ## write docs/ropa.md anew after a change of what is kept about people
	@record=$$($(PY) manage.py ropa) && printf '%s\n' "$$record" > docs/ropa.md

clean: ## remove the virtual environment and the caches; the data in .data stays
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache htmlcov .coverage
	find . -path ./.data -prune -o -name __pycache__ -type d -prune -exec rm -rf {} +

# A stamp is as new as the requirements it was made from: an install happens only when they changed.
$(RUNTIME): requirements.txt $(wildcard requirements-core.txt) $(PY)
	@requirements=requirements.txt; eval "$$INSTALL"
	@touch $@

$(DEVELOPMENT): $(wildcard requirements*.txt) $(PY)
	@requirements=requirements-dev.txt; eval "$$INSTALL"
	@touch $(RUNTIME) $@

# Missing, or pointing to a Python that is no longer there.
$(PY):
	@eval "$$MAKE_VENV"

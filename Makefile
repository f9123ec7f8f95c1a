# Needs make and Python 3.11 or later, nothing else. Everything is installed into .venv.

PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip -qq --disable-pip-version-check --no-input

# The lock names everything, so pip need not look for dependencies; compiling on all cores is faster than pip's.
INSTALL = $(PIP) install --no-deps --no-compile --require-hashes -r
COMPILE = $(BIN)/python -m compileall -qq -j 0 .venv/lib || true
INSTALL_KINDLING = $(PIP) install --no-deps --no-build-isolation --config-settings editable_mode=compat -e .

.PHONY: help demo up test lint format docs screenshots lock clean

help:
	@echo 'make demo   install, run the main job on real input, show what happened'
	@echo 'make up     install, start everything and stay'
	@echo 'make test   install, check and test'
	@echo 'make lint   install, check only'
	@echo 'make docs   refresh what the documentation takes from the code'
	@echo 'make screenshots  take the pictures of the console anew, from the data of make demo'
	@echo 'make clean  remove .venv and caches, keep data'
	@echo 'PYTHON=...  the Python to install with, now $(PYTHON)'

demo: .venv/.installed
	@$(BIN)/kindling demo

up: .venv/.installed
	@exec $(BIN)/kindling up

lint: .venv/.installed-dev
	@$(BIN)/ruff format --check --quiet . || { echo 'Not formatted: run make format'; exit 1; }
	@$(BIN)/ruff check --quiet .
	@$(BIN)/mypy --no-error-summary
	@$(BIN)/lint-imports --no-logo > .venv/imports.log || { cat .venv/imports.log; exit 1; }

test: lint
	@$(BIN)/pytest -n 2 --dist worksteal $(PYTEST_ARGS)

format: .venv/.installed-dev
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

docs: .venv/.installed-dev
	@$(BIN)/python -m reference

screenshots: .venv/.installed-dev
	@$(BIN)/python -m tests.browser.screenshots

clean:
	rm -rf .venv build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# A stamp file stands for a finished step, so that nothing is done twice.
.venv/.created:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
		echo 'Kindling needs Python 3.11 or later; $(PYTHON) is' \
			"$$($(PYTHON) --version 2>/dev/null || echo missing). Try: make PYTHON=/path/to/python3.11 $(MAKECMDGOALS)" >&2; \
		exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
		echo '$(PYTHON) lacks venv; on Debian and Ubuntu: apt install python3-venv' >&2; exit 1; }
	@echo 'Installing Kindling into .venv ...'
	@$(PYTHON) -m venv --clear .venv
	@sed -n '/^pip==/,/[^\\]$$/p' requirements.lock > .venv/pip.lock
	@$(PIP) install --require-hashes -r .venv/pip.lock  # a current pip is twice as fast
	@touch $@

.venv/.requirements: requirements.lock | .venv/.created
	@$(INSTALL) requirements.lock
	@$(COMPILE)
	@touch $@

.venv/.requirements-dev: requirements-dev.lock | .venv/.created
	@$(INSTALL) requirements-dev.lock
	@$(COMPILE)
	@touch $@

.venv/.installed: pyproject.toml .venv/.requirements
	@$(INSTALL_KINDLING)
	@touch $@

.venv/.installed-dev: pyproject.toml .venv/.requirements-dev
	@touch .venv/.requirements
	@$(INSTALL_KINDLING)
	@touch .venv/.installed $@

# Only for those who change dependencies. What installs is locked as well: the build isolates nothing.
UV = $(BIN)/python -m uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-header --no-annotate --no-emit-index-url
lock: .venv/.created
	@$(PIP) install uv
	@printf 'pip\nsetuptools>=80\n' | $(UV) pyproject.toml - -o requirements.lock
	@$(UV) pyproject.toml requirements.lock --extra dev -o requirements-dev.lock

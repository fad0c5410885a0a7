# Everything lives in this folder: .venv/ (packages) and .cache/ (tools, executed notebooks).
# An activated environment elsewhere is ignored on purpose.
unexport VIRTUAL_ENV
export UV_PYTHON_DOWNLOADS := never
PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/.installed

.PHONY: setup reports test search mutations check lab docs release clean

setup: $(STAMP)

$(STAMP): requirements.lock pyproject.toml
	@PYTHON="$(PYTHON)" sh tools/setup.sh
	@touch $@

reports: setup
	@$(BIN)/evidence validate
	@$(BIN)/evidence build

test: setup
	@$(BIN)/python -m pytest -n 2
	@$(BIN)/python -m pytest --nbval --nbval-current-env -n 2 --dist loadfile -q notebooks

# New random examples each time; those of the tests are the same on every run.
search: setup
	@$(BIN)/python -m pytest -n 2 -m hypothesis --hypothesis-profile=search

# Which typing errors the audit finds; the counts stand in docs/what-arithmetic-can-find.md.
mutations: setup
	@$(BIN)/python -m tests.integrity.mutations

check: setup
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

lab: setup
	@$(BIN)/evidence lab

docs: setup
	@$(BIN)/python tools/reference/build.py dist/docs

release: setup
	@$(BIN)/evidence validate
	@$(BIN)/python -m evidence.reports.release

clean:
	rm -rf .venv .cache

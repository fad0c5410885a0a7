# Everything lives in this folder: .venv/ (packages) and .cache/ (tools, executed notebooks).
# An activated environment elsewhere is ignored on purpose.
unexport VIRTUAL_ENV
# Every notebook and command that runs starts a process, which would compile the package anew.
unexport PYTHONDONTWRITEBYTECODE
export UV_PYTHON_DOWNLOADS := never
PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/.installed
TESTS := .venv/.installed-for-tests
PEERS := .cache/peers/.installed

.PHONY: setup setup-tests reports test search mutations mutants bench profile scale grid fuzz kills
.PHONY: check lab docs release clean

setup: $(STAMP)

$(STAMP): requirements.lock pyproject.toml
	@PYTHON="$(PYTHON)" sh tools/setup.sh
	@touch $@

# What only tests, checks and the pages on the package need: a driver of browsers, types, linters.
setup-tests: $(TESTS)

$(TESTS): requirements-test.lock $(STAMP)
	@PYTHON="$(PYTHON)" sh tools/setup.sh --tests
	@touch $@

reports: setup
	@$(BIN)/evidence validate
	@$(BIN)/evidence build

# Files stay on one worker, so that what a file prepares is prepared once, and slow ones come first;
# notebooks are among them, so that both workers are busy to the end.
test: setup-tests
	@$(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder \
		--nbval --nbval-current-env tests notebooks

# New random examples each time; those of the tests are the same on every run.
search: setup-tests
	@$(BIN)/python -m pytest -n 2 -m hypothesis --hypothesis-profile=search

# Which typing errors the audit finds; the counts stand in docs/what-arithmetic-can-find.md.
mutations: setup-tests
	@$(BIN)/python -m tests.integrity.mutations

# Times beside those of other packages, which stand in an environment of their own; the results
# stand in benchmarks/results.md.
bench: setup $(PEERS)
	@$(BIN)/python -m benchmarks

$(PEERS): benchmarks/peers.txt
	@$(PYTHON) -m venv .cache/peers
	@.cache/peers/bin/python -m pip install --quiet --disable-pip-version-check -r benchmarks/peers.txt
	@touch $@

# Where the seconds of `make reports` go, by step.
profile: setup
	@$(BIN)/python -m benchmarks.profile

# How cost grows from 100 to 10,000 effects, and with the trials of a database.
scale: setup
	@$(BIN)/python -m benchmarks.scale

# 500 reports from an imported database, stopped at the 37th and gone on.
grid: setup
	@$(BIN)/python -m benchmarks.grid

# What becomes of 20,000 spoiled files, by kind; the counts stand in docs/reliability.md.
fuzz: setup-tests
	@$(BIN)/python -m tests.fuzz

# Whether tests fail where code is changed at places drawn by a seed; an hour or two, which goes on
# where it was ended. The counts stand in docs/reliability.md.
mutants: setup-tests
	@$(BIN)/python -m tests.mutants

# What stands after a build is killed, and after the next one: 100 moments, half an hour. The counts
# stand in docs/reliability.md.
kills: setup-tests
	@$(BIN)/python -m tests.kills

check: setup-tests
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

lab: setup
	@$(BIN)/evidence lab

docs: setup-tests
	@$(BIN)/python tools/reference/build.py dist/docs

release: setup
	@$(BIN)/evidence validate
	@$(BIN)/python -m evidence.reports.release

clean:
	rm -rf .venv .cache

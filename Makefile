# Each target makes the environment it needs, .venv/, and does nothing about it while lock file and
# pyproject.toml stay as they are. `make PYTHON=python3.12 run` names the Python to make it with.

BIN := .venv/bin
export DBT_SEND_ANONYMOUS_USAGE_STATS := false
export PYTHON

.PHONY: run test test-long azurite lint check bench lock clean
.NOTPARALLEL:

# Load the sources, build and test the warehouse. ARGS="--target postgres" goes to the command.
run: .venv/.base data/demo
	@$(BIN)/databank run $(ARGS)

# The sources that the reference warehouse is built from until it gets real ones.
data/demo: | .venv/.base
	@$(BIN)/databank demo data --scale 0.05 --out $@

# The test suite, with a PostgreSQL of its own. ARGS="-k ledger" goes to pytest.
test: .venv/.dev
	$(BIN)/python -m pytest -n 2 $(ARGS)

# What is tested once more, on the other target or on other data.
test-long: .venv/.dev
	$(BIN)/python -m pytest -n 2 -m long $(ARGS)

# Azurite, on which the tests of Azure Blob Storage run; without it they are skipped. Needs npm.
azurite:
	@mkdir -p .venv/azurite && cp tests/places/azurite/package*.json .venv/azurite/
	cd .venv/azurite && npm ci --ignore-scripts --no-audit --no-fund

# Every check that is no test; all of them run, and any that fails makes this fail.
lint: .venv/.dev
	@status=0; \
	check() { echo "$$@"; "$$@" || status=1; }; \
	check $(BIN)/ruff check .; \
	check $(BIN)/ruff format --check .; \
	check $(BIN)/mypy; \
	check $(BIN)/lint-imports; \
	check $(BIN)/sqlfluff lint --processes 0 models tests/data_tests; \
	check $(BIN)/databank validate; \
	check $(BIN)/databank generate --check; \
	exit $$status

check: lint test

# Speed and memory, each beside a baseline. Leave the machine alone meanwhile.
bench: .venv/.dev
	$(BIN)/python benchmarks

# The development environment holds the base one, so either will do for `make run`.
.venv/.base: requirements.lock pyproject.toml
	@.ci/install requirements.lock
	@touch $@

.venv/.dev: requirements-dev.lock pyproject.toml
	@.ci/install requirements-dev.lock
	@touch .venv/.base $@

# Write both lock files anew, with the newest versions that pyproject.toml allows. Needs uv.
LOCK := uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-annotate --no-header --no-strip-extras --group lock pyproject.toml

lock:
	$(LOCK) --extra dev --output-file requirements-dev.lock
	$(LOCK) --constraint requirements-dev.lock --output-file requirements.lock

# Remove the environment and what tools keep. Warehouse, job history and models stay.
clean:
	rm -rf .venv build target logs databank.egg-info \
		.mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

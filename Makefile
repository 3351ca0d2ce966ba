# Two commands on a fresh machine (git, Python 3.11+, make): `make demo` and `make test`. Each does its own set-up.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.ready

.PHONY: demo test lint check docs bench bench-peers soak growth faults fuzz lock clean help

help: ## Say what there is to make
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

$(STAMP): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed: make PYTHON=python3.12 ..."; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check -e '.[dev]'
	@touch $@

demo: $(STAMP) ## Run the main job on the embedded emulator, told step by step
	@$(BIN)/python -m generator.demo

test: $(STAMP) ## Run every test
	$(BIN)/python -m pytest -n auto

lint: $(STAMP) ## Formatting, lint and types of everything that is written by hand
	$(BIN)/black --check generator templates/runtime tests bench .ci
	$(BIN)/ruff check --quiet generator templates/runtime tests bench .ci
	$(BIN)/mypy generator bench .ci
	$(BIN)/kustomer-mcp check

docs: $(STAMP) ## Build the site of docs/ into .site, every warning an error
	$(BIN)/python .ci/reference.py
	$(BIN)/mkdocs build --strict --quiet -f .ci/mkdocs.yml

bench: $(STAMP) ## Print sizes, and times as ratios in one run; last, a fleet of FLEET tenants (1000), which takes long; FLEET=60 is short
	@$(BIN)/python -m bench --fleet $(or $(FLEET),1000) $(if $(FLEET_FOLDER),--fleet-folder $(FLEET_FOLDER))

soak: $(STAMP) ## Ten minutes of load for each number of workers; writes docs/reliability.md
	@$(BIN)/python -m bench.soak

growth: $(STAMP) ## Load from 1 to 256 callers, and from 10 tools to all; writes docs/reliability.md
	@$(BIN)/python -m bench.growth

faults: $(STAMP) ## Faults that are too large for a test; writes docs/reliability.md
	@$(BIN)/python -m bench.faults

lock: $(STAMP) ## Pin anew what images install (network); then generate
	$(BIN)/uv pip compile --quiet --upgrade --universal --generate-hashes --python-version 3.11 --all-extras \
	  --no-emit-index-url --no-header --no-annotate generated/acme/pyproject.toml -o templates/deploy/requirements.lock

bench-peers: $(STAMP) ## Measure what a user could pick instead, on the same documents, and write docs/benchmarks.md
	@$(BIN)/python -m bench.peers

fuzz: $(STAMP) ## Fuzz the readers of documents and Klasses, guided by coverage, for SECONDS (60)
	@$(BIN)/pip install --quiet --disable-pip-version-check 'atheris>=3'
	@mkdir -p .tools/fuzz
	$(BIN)/python tests/fuzz/fuzz_documents.py -max_total_time=$(or $(SECONDS),60) -max_len=8192 -timeout=10 -artifact_prefix=.tools/fuzz/ .tools/fuzz tests/fuzz/corpus

clean: ## Remove what the targets made
	rm -rf $(VENV) .demo .tools .site dist .mypy_cache .pytest_cache .ruff_cache .hypothesis

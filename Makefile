# Everything a developer types; CI calls the same targets. `make help` prints this list.
PYTHON := .venv/bin/python
BIN := .venv/bin
.DEFAULT_GOAL := help
.PHONY: help setup setup-dev demo run dev test contract check new-connector record replay migration first-migration
.PHONY: evaluate promises kills docs screenshots sbom check-specs lock test-lwc test-live-bluesky

help:               ## what can be done here
	@sed -n 's/^\([a-z-]*\):.*## /  make \1\t/p' $(MAKEFILE_LIST) | expand -t 26

setup:              ## make .venv with everything scrm needs (quick when nothing changed)
	@bash bin/setup requirements.txt

setup-dev:          ## the same with everything tests and checks need
	@bash bin/setup requirements.txt requirements-batch.txt requirements-cdc.txt requirements-dev.txt

demo: setup         ## the whole product with invented people, networks and contacts
	@$(BIN)/scrm demo

run: setup          ## the whole product on embedded defaults
	@$(BIN)/scrm up

dev: setup-dev      ## the same, started again when the code changes
	@$(BIN)/scrm up --reload

test: setup-dev     ## all tests, or one: make test T=tests/matching
	@$(if $(T),$(PYTHON) -m pytest $(T),bash bin/test)

contract: setup-dev ## the contract tests of one network: make contract N=mastodon
	$(PYTHON) -m pytest tests/connectors -k "$(N)"

check: setup-dev    ## format, lint, types, imports, spelling, templates, known holes, tests: exactly what CI runs
	@bash bin/check

new-connector: setup-dev ## start a connector: make new-connector N=threads
	$(BIN)/scrm new-connector $(N)

record: setup-dev   ## record a network's sandbox for the contract tests: make record N=mastodon
	$(PYTHON) -m tests.connectors.record $(N)

replay: setup       ## translate stored raw records again: make replay C=1
	$(BIN)/scrm replay $(C)

migration: setup-dev ## write a migration from the models: make migration M="add cursor" K=pre
	$(BIN)/scrm migrate --write "$(M)" --kind $(or $(K),pre)
	$(BIN)/ruff format -q scrm/migrations && $(BIN)/ruff check -q --fix scrm/migrations && $(BIN)/ruff format -q scrm/migrations

first-migration: setup-dev ## write the first migrations anew (before the first release only)
	$(PYTHON) -m scrm.migrations.regenerate
	$(BIN)/ruff format -q scrm/migrations && $(BIN)/ruff check -q --fix scrm/migrations && $(BIN)/ruff format -q scrm/migrations

evaluate: setup-dev ## precision and recall of the matching rules
	$(PYTHON) -m bench.evaluate

promises: setup-dev ## a line for each of the 25 promises: make promises A="P1 P7 --long"
	$(PYTHON) -m bench.promise_table $(A)

kills: setup-dev    ## kill processes at every failpoint and compare with the ledgers of the sandbox
	$(PYTHON) -m bench.promises

docs: setup-dev     ## check that the documents say what the code does
	$(PYTHON) -m pytest tests/test_docs.py

screenshots: setup-dev ## photograph every page, filled, wide and on a phone, into var/screenshots
	PYTHONPATH=. $(PYTHON) docs/screenshots.py

sbom: setup-dev     ## what is installed, as CycloneDX, from the pinned requirements, into var/sbom.json
	@mkdir -p var
	$(BIN)/cyclonedx-py requirements requirements.txt --pyproject pyproject.toml --output-reproducible -o var/sbom.json

check-specs: setup-dev ## what connectors ask against the networks' public descriptions: make check-specs S=folder
	$(PYTHON) -m tests.specs $(S)

lock:               ## resolve requirements.in anew, pinned with hashes
	@bash bin/lock

test-lwc:           ## the Lightning web component, with Salesforce's own Jest set (npm, 513 packages; not in CI)
	@cd salesforce && npm install --no-audit --no-fund --no-package-lock && npm test

test-live-bluesky: setup-dev ## the Bluesky connector against a real Bluesky server on this machine
	@bash bin/live-bluesky

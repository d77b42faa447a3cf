# Each target makes .venv by itself where it is missing. Nothing is fetched at run time but packages.
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready

.PHONY: audit audit-images audit-federated test-federated trial test lint bench docs clean
.DEFAULT_GOAL := audit

$(READY): pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed; make PYTHON=python3.11 names one")'
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --upgrade 'pip>=25.1'
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[all]' --group dev
	touch $(READY)

audit: $(READY)  ## audit real Boston mortgage decisions and a network trained on them
	@test -f out/loan/audit.toml || $(BIN)/fairwitness example loan out/loan
	@$(BIN)/fairwitness audit out/loan/audit.toml --out out/loan/report; \
	  code=$$?; test $$code -le 1 || exit $$code; \
	  echo "The audit found what is shown above. Open out/loan/report/report.html"

audit-images: $(READY)  ## audit 5,000 handwritten digits and a network trained on them
	@test -f out/digits/audit.toml || $(BIN)/fairwitness example digits out/digits
	@$(BIN)/fairwitness audit out/digits/audit.toml --out out/digits/report; \
	  code=$$?; test $$code -le 1 || exit $$code; \
	  echo "The audit found what is shown above. Open out/digits/report/report.html"

trial: $(READY)  ## planted faults and clean twins: which share of either is accused
	$(BIN)/python -m fairwitness.trial --out out/trial

# Flower wants older typer and rich than the tested set has, so it gets an environment of its own.
FEDERATED := .venv-federated/bin
FEDERATED_READY := .venv-federated/.ready
$(FEDERATED_READY): pyproject.toml constraints.txt
	test -x $(FEDERATED)/python || $(PYTHON) -m venv .venv-federated
	grep -vE '^(typer|rich|packaging|protobuf)==' constraints.txt > .venv-federated/constraints.txt
	$(FEDERATED)/python -m pip install --quiet --constraint .venv-federated/constraints.txt --editable '.[federated,examples]' pytest pyarrow pandas
	touch $@

audit-federated: $(FEDERATED_READY)  ## train over clients by Flower, audit them by their counts, then audit the model
	@test -f out/loan/audit.toml || $(FEDERATED)/fairwitness example loan out/loan
	@$(FEDERATED)/fairwitness federate out/loan/audit.toml --by suffolk --out out/loan/federated
	@$(FEDERATED)/fairwitness audit out/loan/federated/audit.toml --only federated --only fairness --out out/loan/federated/report; \
	  code=$$?; test $$code -le 1 || exit $$code; \
	  echo "Open out/loan/federated/federated.html, and report/report.html beside it"

test-federated: $(FEDERATED_READY)  ## the tests that need Flower
	$(FEDERATED)/python -m pytest -q -W ignore::DeprecationWarning tests/federated

test: $(READY)  ## the whole suite
	$(BIN)/python -m pytest -q --numprocesses 2 --dist loadfile

lint: $(READY)
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy

bench: $(READY)  ## ratios against other libraries, on this machine
	$(BIN)/python benchmarks/run.py
	$(BIN)/python benchmarks/scale.py
	$(BIN)/python benchmarks/training.py
	$(BIN)/python benchmarks/ledger.py
	$(BIN)/python benchmarks/robustness.py
	$(BIN)/python benchmarks/explain.py
	$(BIN)/python benchmarks/remedies.py
	$(BIN)/python benchmarks/remedies_training.py
	$(BIN)/python benchmarks/federated.py
	$(BIN)/python benchmarks/carbon.py
	$(BIN)/python benchmarks/monitor.py

docs: $(READY)
	$(BIN)/python docs/generate.py
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet

clean:
	rm -rf .venv .venv-federated out site

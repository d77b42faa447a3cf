# Each target makes .venv by itself where it is missing. Nothing is fetched at run time but packages.
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready

.PHONY: audit audit-images trial test lint bench docs clean
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

test: $(READY)  ## the whole suite
	$(BIN)/python -m pytest -q --numprocesses 2 --dist loadfile

lint: $(READY)
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy

bench: $(READY)  ## ratios against other libraries, on this machine
	$(BIN)/python benchmarks/run.py
	$(BIN)/python benchmarks/training.py
	$(BIN)/python benchmarks/ledger.py
	$(BIN)/python benchmarks/robustness.py
	$(BIN)/python benchmarks/explain.py
	$(BIN)/python benchmarks/remedies.py
	$(BIN)/python benchmarks/remedies_training.py
	$(BIN)/python benchmarks/carbon.py

docs: $(READY)
	$(BIN)/python docs/generate.py
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet

clean:
	rm -rf .venv out site

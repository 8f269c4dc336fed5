# Both commands set themselves up; nothing but Python >= 3.11 and make has to be there first.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
OUT ?= runs/cartpole
# Holds for build environments too.
export PIP_CONSTRAINT := $(abspath constraints.txt)

.PHONY: train test docs clean

train: $(VENV)/train.stamp
	$(BIN)/python examples/train_cartpole.py --out $(OUT)

# Two test processes that each let OpenMP use both cores would wait for each other most of the time.
test: $(VENV)/dev.stamp
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	OMP_NUM_THREADS=1 $(BIN)/pytest -n 2 --dist worksteal

# Warnings are errors. The site is in docs/build/html.
docs: $(VENV)/docs.stamp
	OMP_NUM_THREADS=1 $(BIN)/sphinx-build -W --keep-going -b html docs docs/build/html

$(VENV)/bin/python:
	$(PYTHON) -c "import sys; sys.exit(sys.version_info < (3, 11) and 'Python >= 3.11 is needed: make PYTHON=python3.11')"
	$(PYTHON) -m venv $(VENV)

$(VENV)/train.stamp: $(VENV)/bin/python pyproject.toml constraints.txt
	$(BIN)/pip install --quiet --editable ".[plot]"
	touch $@

# torch is installed by itself, and first: its exact version decides which build is taken.
$(VENV)/dev.stamp: $(VENV)/bin/python pyproject.toml constraints.txt
	$(BIN)/pip install --quiet torch
	$(BIN)/pip install --quiet --editable ".[dev]"
	touch $@

$(VENV)/docs.stamp: $(VENV)/bin/python pyproject.toml constraints.txt
	$(BIN)/pip install --quiet torch
	$(BIN)/pip install --quiet --editable ".[docs]"
	touch $@

clean:
	rm -rf $(VENV) docs/build docs/gallery docs/generated

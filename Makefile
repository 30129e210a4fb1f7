# Two commands on a fresh machine: `make train` and `make test`. Everything they
# need is made first; nothing is compiled, no data and no weights are downloaded.

PYTHON ?= python3
VENV ?= .venv
CONFIG ?= td-reg_cnn6_wing_1xb64-24e_synthetic-64x64
WORK_DIR ?= work_dirs/$(basename $(notdir $(CONFIG)))
TRAIN_ARGS ?=
TEST_ARGS ?=
# Processes that share the tests of `make test`.
TEST_JOBS ?= 2

PY := $(VENV)/bin/python
MMWING := $(PY) -m mmwing
# A torch within setup.py's range that PYTHON already has is used, not replaced.
HAS_TORCH = $(shell $(PYTHON) requirements/has_torch.py 2>/dev/null)
PIP := $(PY) -m pip --disable-pip-version-check

# glibc hands large buffers back to the system after each iteration and gets them anew, a
# page fault for every 4 KiB. Told to keep them, trainings on a CPU spend that time on work.
train: export MALLOC_MMAP_THRESHOLD_ ?= 1073741824
train: export MALLOC_TRIM_THRESHOLD_ ?= 4294967296

.PHONY: setup train test test-slow lint bench matrix doctor clean

setup: $(VENV)/.ready

$(VENV)/.ready: setup.py requirements/openmmlab.txt requirements/constraints.txt requirements/torch.txt
	$(PYTHON) -m venv $(if $(HAS_TORCH),--system-site-packages) $(VENV)
	$(PY) requirements/has_torch.py >/dev/null 2>&1 || $(PIP) install -q -r requirements/torch.txt
	$(PIP) install -q -c requirements/constraints.txt -e '.[dev]'
	$(PIP) install -q --no-deps -r requirements/openmmlab.txt
	$(MMWING) doctor
	touch $@

train: setup
	@echo 'The default config trains for 5 to 15 minutes on two free cores, longer on a'
	@echo 'busy machine; "eta" in the log says how long the rest takes.'
	$(MMWING) train $(CONFIG) --work-dir $(WORK_DIR) $(TRAIN_ARGS)
	$(MMWING) test $(CONFIG) $(WORK_DIR) --work-dir $(WORK_DIR)/test --report $(WORK_DIR)/report $(TEST_ARGS)

test: setup
	$(PY) -m pytest -n $(TEST_JOBS) --dist worksteal

test-slow: setup
	$(PY) -m pytest -m slow

lint: setup
	$(PY) -m ruff check .
	$(PY) -m mypy

bench: setup
	$(MMWING) benchmark

matrix:
	$(PYTHON) tools/test_matrix.py

doctor: setup
	$(MMWING) doctor

clean:
	rm -rf $(VENV) build dist *.egg-info

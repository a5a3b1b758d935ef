# Every job of a newcomer and of a developer; each does all the set-up that it needs, and is quick when that is done.
# Portable: GNU make 3.81 (macOS) and a POSIX shell.

VENV := .venv
BIN := $(VENV)/bin
# A newcomer's first run compiles what it imports, once; without this each process would do so anew.
unexport PYTHONDONTWRITEBYTECODE

PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
UV_VERSION := 0.13.9

.PHONY: help demo test test-cluster bench soak lint lock tools clean
.DELETE_ON_ERROR:

help:
	@echo "make demo    set up, then run the main job: brokerlab scenario run acks"
	@echo "make test    set up, then run every test that needs no cluster"
	@echo "make test-cluster   set up, then run the tests on the Kubernetes that KUBECONFIG names"
	@echo "make bench   set up, then measure (minutes)"
	@echo "make soak    set up, then ten minutes under load while brokers are killed"
	@echo "make lint    ruff, mypy, import-linter"
	@echo "make lock    choose the dependencies' versions anew (needs the network)"
	@echo "make clean   remove the virtual environment; the caches of brokerlab stay"

demo: $(VENV)/run.stamp tools
	$(BIN)/brokerlab scenario run acks

# KUBECONFIG may name a cluster that is not for tests: they are run on one by `make test-cluster` alone.
test: $(VENV)/dev.stamp tools
	KUBECONFIG= $(BIN)/python -m pytest

# In namespaces of their own, which are gone afterwards. BROKERLAB_CLUSTER_REQUIRED=1: without a cluster they fail.
test-cluster: $(VENV)/dev.stamp tools
	$(BIN)/python -m pytest tests/cluster

bench: $(VENV)/dev.stamp tools
	$(BIN)/python bench/run.py

soak: $(VENV)/dev.stamp tools
	$(BIN)/python bench/soak.py

lint: $(VENV)/dev.stamp
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/mypy bench
	$(BIN)/lint-imports

# Java, Kafka and Prometheus: what this machine lacks is fetched, or a sentence says how to get it.
tools: $(VENV)/run.stamp
	@sh requirements/tools.sh $(BIN)/brokerlab

$(BIN)/python:
	@PYTHON="$(PYTHON)" sh requirements/venv.sh $(VENV)

# A stamp is as old as the last installation of its lock.
$(VENV)/run.stamp $(VENV)/dev.stamp: $(VENV)/%.stamp: requirements/%.txt pyproject.toml | $(BIN)/python
	$(PIP) install --no-deps --no-compile --require-hashes --requirement $<
	$(PIP) install --no-deps --no-build-isolation --no-compile --editable .
	@touch $@

# Names, versions and hashes, for every platform and Python at once; no address of any index.
COMPILE = $(VENV)/lock/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate \
	--custom-compile-command "make lock" pyproject.toml requirements/build.in --extra local

lock: $(VENV)/lock/bin/uv
	$(COMPILE) --output-file requirements/run.txt
	$(COMPILE) --extra dev --constraint requirements/run.txt --output-file requirements/dev.txt

$(VENV)/lock/bin/uv: | $(BIN)/python
	$(BIN)/python -m venv $(VENV)/lock
	$(VENV)/lock/bin/python -m pip --disable-pip-version-check --quiet install uv==$(UV_VERSION)

clean:
	rm -rf $(VENV)

# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0

PYTHON ?= python3
ARGS ?=
ROOT := $(CURDIR)
VENV := $(ROOT)/.venv
VENV_PYTHON := $(VENV)/bin/python

# A make started inside another environment of ROS wheels must not load that one's libraries.
ifdef _ROS_WHEELS_BOOTSTRAP_COMPLETE
unexport _ROS_WHEELS_BOOTSTRAP_COMPLETE LD_LIBRARY_PATH
endif

# What runs in the environment. Without a sourced ROS 2, ament finds packages in its wheels.
WHEELS := $(if $(and $(ROS_DISTRO),$(AMENT_PREFIX_PATH)),,AMENT_PREFIX_PATH="$(VENV)" CMAKE_PREFIX_PATH="$(VENV)")
INSIDE := PATH="$(VENV)/bin:$$PATH" $(WHEELS)
COLCON = $(INSIDE) $(VENV_PYTHON) "$$(PATH="$(VENV)/bin:$$PATH" command -v colcon)"

# How many processes share the tests, at most four; 0 runs all in one, as colcon test alone does.
WORKERS ?= logical

.DEFAULT_GOAL := help
.PHONY: help setup demo test soak endurance fuzz lint clean

help:  ## List the targets
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/make \1\t\2/p' Makefile | expand -t 14

setup:  ## Make or update the environment .venv (PYTHON=python3.12 picks another Python)
	@PYTHONPATH="$(ROOT):$$PYTHONPATH" $(PYTHON) -m motion_avatar_ros.ros.environment

demo: setup  ## Show a moving body on a page (ARGS="--generate --sim": by words; ARGS="--headless --json --duration 20" and so on)
	@$(INSIDE) $(VENV_PYTHON) -m motion_avatar_ros demo $(ARGS)

test: setup  ## Build with colcon, run all tests, print their results (WORKERS=0: one by one)
	@PATH="$(VENV)/bin:$$PATH" command -v colcon > /dev/null || { echo 'make test: colcon is missing: apt install python3-colcon-common-extensions' >&2; exit 2; }
	@rm -f build/motion_avatar_ros/pytest.xml
	@unset PYTHONDONTWRITEBYTECODE; $(COLCON) build --base-paths .
	@status=0; \
	$(COLCON) test --base-paths . --event-handlers console_direct+ \
	  --pytest-args ' --numprocesses=$(WORKERS)' ' --maxprocesses=4' || status=1; \
	$(COLCON) test-result --test-result-base build --verbose || status=1; \
	$(VENV_PYTHON) -m motion_avatar_ros.ros.test_results build || status=1; \
	exit $$status

soak: setup  ## Play 2,000 random fault scripts against gate and wall (SCRIPTS=, SEED=)
	@$(INSIDE) SOAK_SCRIPTS=$(or $(SCRIPTS),2000) SOAK_SEED=$(or $(SEED),$(shell date +%s)) PYTHONPATH="$(ROOT)/test/support:$$PYTHONPATH" \
	  $(VENV_PYTHON) -m pytest -q -s test/safety/test_fault_scripts.py

endurance: setup  ## Run the nodes for half an hour with faults, then beside a busy /tf (DURATION=)
	@$(INSIDE) ENDURANCE_S=$(or $(DURATION),1800) PYTHONPATH="$(ROOT):$(ROOT)/test/support:$$PYTHONPATH" \
	  $(VENV_PYTHON) -m pytest -q -s test/nodes/test_endurance.py

fuzz: setup  ## Feed each parser twenty times as many damaged files as make test does (FACTOR=, SEED=)
	@$(INSIDE) FUZZ_FACTOR=$(or $(FACTOR),20) FUZZ_SEED=$(or $(SEED),1) PYTHONPATH="$(ROOT):$(ROOT)/test/support:$$PYTHONPATH" \
	  $(VENV_PYTHON) -m pytest -q -s test/*/test_*_fuzz.py

lint: setup  ## Check style, docstrings, house rules and types
	@$(INSIDE) $(VENV_PYTHON) -m pytest -q test/lint
	@$(VENV_PYTHON) -m mypy motion_avatar_ros

clean:  ## Remove everything that setup, build and tests made
	rm -rf .venv build install log .pytest_cache .mypy_cache .ruff_cache .hypothesis *.egg-info \
	  motion_avatar_ros/retarget/_kernel.*

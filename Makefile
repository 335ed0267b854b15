# Everyday targets, then long checks. All tests in a fresh environment: README's second shell block, or .ci/run.
PYTHON ?= .venv/bin/python
BIN = $(dir $(PYTHON))

.PHONY: test
test:  ## the fast loop, for every save
	$(PYTHON) -m pytest -m "not slow" -n 2 --dist loadfile

.PHONY: test-all
test-all:  ## all tests but whole studies
	$(PYTHON) -m pytest -n 2 --dist loadfile

.PHONY: test-studies
test-studies:  ## four studies of many arms, at their tiniest, from end to end and again
	$(PYTHON) -m pytest -m whole_study -n 2 --dist loadfile

.PHONY: lint
lint:  ## style, format, and which package imports which
	$(PYTHON) -m ruff check .
	$(PYTHON) -m ruff format --check .
	$(BIN)lint-imports

.PHONY: types
types:  ## static types
	$(PYTHON) -m pyright --pythonpath $(PYTHON)

.PHONY: oracles
oracles:  ## exports in TransformerLens, nnsight, Transformers and SAELens; makes environments of their own, with PyTorch
	.ci/oracles

.PHONY: docs
docs:  ## the site, into build/site; needs the extra [docs]
	NO_MKDOCS_2_WARNING=1 $(PYTHON) -m mkdocs build --strict

.PHONY: tour
tour:  ## grows three tiny organisms, takes them apart, judges them; pictures in runs/tour
	$(PYTHON) examples/tour.py

.PHONY: tour-page
tour-page:  ## docs/tour.md and its pictures, made by running the tour
	$(PYTHON) docs/tour_page.py

.PHONY: main-job
main-job:  ## the main job from nothing, and what README keeps of it: time, verdicts, picture; minutes on idle cores
	XDG_CACHE_HOME=$$(mktemp -d) $(PYTHON) scripts/compare.py --out runs/main-job
	$(PYTHON) scripts/results.py --main-job runs/main-job

.PHONY: soak
soak:  ## 100 SIGKILLs at random moments over train, analyse, compare and sweep
	$(PYTHON) scripts/soak.py

# Pure wheels that a bare machine may lack, unpacked; see docs/gpu.md.
WHEELS ?= .wheels

.PHONY: gpu-check
gpu-check:  ## at most 8 minutes on a machine with a GPU: parity, speed, limits, a whole curriculum, analysis
	PYTHONPATH=.:$(WHEELS) $(PYTHON) scripts/gpu_check.py

.PHONY: gpu-check-short
gpu-check-short:  ## the same at tiny sizes, on a CPU too
	PYTHONPATH=.:$(WHEELS) $(PYTHON) scripts/gpu_check.py --short --out runs/gpu-check

.PHONY: gpu-wheels
gpu-wheels:  ## where there is a network: what a bare machine lacks for gpu-check, into $(WHEELS)
	$(PYTHON) -m pip install -q --no-deps --upgrade --target $(WHEELS) jaxtyping wadler-lindig

# Long checks. Tests: README's second shell block.
PYTHON ?= .venv/bin/python

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

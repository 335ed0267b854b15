# Long checks. Tests: README's second shell block.
PYTHON ?= .venv/bin/python

.PHONY: soak
soak:  ## 100 SIGKILLs at random moments over train, analyse, compare and sweep
	$(PYTHON) scripts/soak.py

# Each target is one line over run.py, which makes the environment first. On Windows, or without
# make: python run.py TARGET. Arguments: make report ARGS="data/exempelsjo --help"
PYTHON ?= python3
.DEFAULT_GOAL := help
.PHONY: help report check fleet schedule retention new lab test lint lock wheel catalogue sample real readers truth faults bench scale peers

help:
	@$(PYTHON) run.py help $(ARGS)

report:
	@$(PYTHON) run.py report $(ARGS)

check:
	@$(PYTHON) run.py check $(ARGS)

fleet:
	@$(PYTHON) run.py fleet $(ARGS)

schedule:
	@$(PYTHON) run.py schedule $(ARGS)

retention:
	@$(PYTHON) run.py retention $(ARGS)

new:
	@$(PYTHON) run.py new $(ARGS)

lab:
	@$(PYTHON) run.py lab $(ARGS)

test:
	@$(PYTHON) run.py test $(ARGS)

lint:
	@$(PYTHON) run.py lint $(ARGS)

lock:
	@$(PYTHON) run.py lock $(ARGS)

wheel:
	@$(PYTHON) run.py wheel $(ARGS)

catalogue:
	@$(PYTHON) run.py catalogue $(ARGS)

sample:
	@$(PYTHON) run.py sample $(ARGS)

real:
	@$(PYTHON) run.py real $(ARGS)

readers:
	@$(PYTHON) run.py readers $(ARGS)

truth:
	@$(PYTHON) run.py truth $(ARGS)

faults:
	@$(PYTHON) run.py faults $(ARGS)

bench:
	@$(PYTHON) run.py bench $(ARGS)

scale:
	@$(PYTHON) run.py scale $(ARGS)

peers:
	@$(PYTHON) run.py peers $(ARGS)

# Two commands for a newcomer: `make demo` and `make test`. `make help` lists the rest.
PYTHON ?= python3
VENV ?= .venv
RUN := $(VENV)/bin/python
TEST_EXTRAS := video,dev,learn,diffusion,carla,onnx,ray,remote,service,sumo,view
OUT ?= out/demo

# Byte code that one test process keeps saves all others from compiling the same modules again.
test check types style warm: export PYTHONDONTWRITEBYTECODE =

.DEFAULT_GOAL := help

.PHONY: help
help: ## Show this help
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk 'BEGIN {FS = ":.*## "} {printf "  make %-12s %s\n", $$1, $$2}'

.PHONY: demo
demo: ## Install the core if need be and run the main job; prints the path of its report
	@$(PYTHON) tools/environment.py $(VENV) video
	@$(VENV)/bin/roadloom run demo output=$(OUT)

.PHONY: install
install: ## Everything that the tests need, the public devkits in environments of their own
	@$(PYTHON) tools/environment.py $(VENV) $(TEST_EXTRAS)
	@$(RUN) -m tests.tools.devkits

.PHONY: test
test: install ## Every check and the whole test suite on both cores
	@$(MAKE) --no-print-directory -j 2 types style warm
	$(RUN) -m pytest -n 2 --dist worksteal

.PHONY: check
check: ## The fast part: style, types, import rule and fast tests, under three minutes
	@$(PYTHON) tools/environment.py $(VENV) video,dev
	@$(MAKE) --no-print-directory -j 2 types style warm
	$(RUN) -m pytest -n 2 --dist worksteal -m "not slow and not extra"

.PHONY: types style warm
types:
	$(RUN) -m pyright --pythonpath $(RUN)

style:
	$(RUN) -m ruff format --check .
	$(RUN) -m ruff check .
	$(VENV)/bin/lint-imports

warm:
	$(RUN) -m tests.tools.warm

.PHONY: bench
bench: ## Run the benchmarks into benchmarks/results/ and refresh the table in docs/benchmarks.md
	@$(PYTHON) tools/environment.py $(VENV) video,dev
	$(VENV)/bin/roadloom bench all

.PHONY: docs
docs: ## Refresh the generated pages in docs/ and check every link and snippet
	@$(PYTHON) tools/environment.py $(VENV) video,dev
	$(RUN) tools/docs.py

.PHONY: clean
clean: ## Remove what the commands above made, but not the environments
	rm -rf out build dist .pytest_cache .ruff_cache .hypothesis

# The two commands of the README are `make demo` and `make test`. They need Python 3.11 or newer, make and git,
# and bring the rest: the virtual environment .venv, and the system libraries by apt when run as root.

PYTHON ?= python3.11
QT ?= pyqt5
BIN := .venv/bin

# Tests start many processes of ours, and compile our modules in each where no compiled ones are kept.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo test test-engines test-rest test-pyqt5 test-pyqt6 lint bench docs pictures walkthrough clean

demo: .venv/.ready
	@if [ -n "$$DISPLAY$$WAYLAND_DISPLAY" ] || [ "$$(uname)" != Linux ]; then \
	    $(BIN)/napari-thunder demo; \
	else \
	    echo "There is no display: running under Xvfb and saving a screenshot."; \
	    xvfb-run -a -s "-screen 0 1600x1000x24" $(BIN)/napari-thunder demo --screenshot demo.png && \
	    echo "Look at $$PWD/demo.png"; \
	fi

# Two at a time, the longest first: what starts engines, windows under PyQt5 and under PyQt6, then the others.
test: .venv/.ready
	$(MAKE) --no-print-directory -j2 --keep-going --output-sync test-engines test-pyqt5 test-pyqt6 test-rest lint

test-engines: .venv/.ready
	QT_API=pyqt5 $(BIN)/pytest tests/engine tests/cluster tests/volumes tests/test_*.py -o cache_dir=.pytest_cache_engines

test-rest: .venv/.ready
	QT_API=pyqt5 $(BIN)/pytest --ignore=tests/widgets --ignore=tests/engine --ignore=tests/cluster --ignore=tests/volumes --ignore-glob='tests/test_*.py'

test-pyqt5: .venv/.ready
	QT_API=pyqt5 $(BIN)/pytest tests/widgets -o cache_dir=.pytest_cache_pyqt5

test-pyqt6: .venv/.ready
	QT_API=pyqt6 $(BIN)/pytest tests/widgets -o qt_api=pyqt6 -o cache_dir=.pytest_cache_pyqt6

lint: .venv/.ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: .venv/.ready
	$(BIN)/python -W ignore -m tests.benchmarks --table resources/speed.md
	xvfb-run -a -s "-screen 0 1024x700x24" $(BIN)/python -W ignore -m tests.benchmarks.scrubbing

# Needs xdotool, and the zebrafish.
walkthrough: .venv/.ready
	QT_API=$(QT) xvfb-run -a -s "-screen 0 1600x1000x24" $(BIN)/python -m tests.walkthrough

.venv/.ready: setup.cfg pyproject.toml .ci/system-libraries
	.ci/system-libraries $(PYTHON)
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --use-pep517 --editable ".[$(QT),test]"
	touch $@

# Takes some minutes: every analysis on both engines, and against what is true of simulated recordings.
docs: .venv/.ready
	$(BIN)/python resources/make_reference.py
	$(BIN)/python -m tests.examples
	$(BIN)/python -m tests.truth

pictures: .venv/.ready
	xvfb-run -a -s "-screen 0 1600x1000x24" $(BIN)/python resources/make_pictures.py

clean:
	rm -rf .venv demo.png walkthrough

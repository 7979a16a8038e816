# Everything that one does with a checkout. `make` alone lists it.
# A bare machine needs make and Python 3.11 or newer with pip; each command sets up the rest by itself, in .venv.

VENV := .venv
PYTHON_IN_VENV := $(VENV)/bin/python
# Say `make run PYTHON=/path/to/python3.12` to choose the Python that .venv is made with.
PYTHON :=
# Passed on by test, bench and lock: `make test ARGS="-k lock -x"`, `make lock ARGS=--upgrade`.
ARGS :=
# What resolves the lock; nothing else needs it.
UV := uv==0.13.9

# Where it is set, each program that a test starts compiles all modules of the project again: a tenth of its start.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help run test quick check bench lock assets pictures clean setup setup-dev browser \
	lint format types imports dependencies security migrations

help: ## list what there is to do
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' Makefile

run: setup ## start everything on this machine, and print where it is
	@exec $(PYTHON_IN_VENV) starter.py up

test: setup-dev browser ## run all tests
	@$(PYTHON_IN_VENV) -m pytest -n auto $(ARGS)

# What needs no server, without the six that take longest.
QUICK := tests/core tests/mail/test_letters.py tests/web/test_form_parts.py tests/web/test_step_forms.py \
	tests/docs/test_rules_are_tested.py
quick: setup-dev ## run the tests of rules, letters and forms, in less than a minute
	@$(PYTHON_IN_VENV) -m pytest -n auto $(QUICK) $(patsubst %,--ignore=tests/core/test_%.py,\
		properties life_of_a_file budget 1_3_principles 2_6_timescale 2_9_website) $(ARGS)

check: lint format types imports dependencies security migrations ## run all checks that are not tests

lint: setup-dev
	@$(PYTHON_IN_VENV) -m ruff check .

format: setup-dev
	@$(PYTHON_IN_VENV) -m ruff format --check .

types: setup-dev
	@$(PYTHON_IN_VENV) -m mypy --strict

imports: setup-dev
	@$(PYTHON_IN_VENV) -c 'from importlinter.cli import lint_imports_command as main; main()'

dependencies: setup-dev
	@$(PYTHON_IN_VENV) -m deptry .

security: setup-dev
	@$(PYTHON_IN_VENV) -m bandit --quiet --recursive --configfile pyproject.toml .

# The migrations make the tables that the code describes: seen on a new, empty register.
migrations: setup-dev
	@folder=$$(mktemp -d) && trap 'rm -rf "$$folder"' EXIT && trap 'exit 130' INT TERM && \
	SCR_REGISTER_URL="sqlite:///$$folder/register.sqlite" && export SCR_REGISTER_URL && \
	$(PYTHON_IN_VENV) -m alembic upgrade head && $(PYTHON_IN_VENV) -m alembic check

pictures: setup-dev browser ## take the pictures of the docs again
	@$(PYTHON_IN_VENV) -m tests.browser.pictures

bench: setup-dev ## measure what it costs
	@$(PYTHON_IN_VENV) -m bench $(ARGS)

# Two locks, of pinned versions with their hashes and no addresses: what runs, and what tests and checks as well.
# Pins stay as they are unless pyproject.toml asks for others; ARGS=--upgrade takes the newest of everything.
lock: ## resolve the dependencies in pyproject.toml again
	@python=$$(sh -c "$$FIND_PYTHON_SCRIPT") && \
	folder=$$(mktemp -d) && trap 'rm -rf "$$folder"' EXIT && trap 'exit 130' INT TERM && \
	"$$python" -m venv "$$folder" && "$$folder/bin/python" -m pip install --quiet "$(UV)" && \
	compile="$$folder/bin/uv --quiet pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes" && \
	$$compile --custom-compile-command 'make lock' $(ARGS) --output-file requirements.txt && \
	$$compile --custom-compile-command 'make lock' $(ARGS) --group dev --constraints requirements.txt \
		--output-file requirements-dev.txt && \
	echo 'Wrote requirements.txt and requirements-dev.txt.'

# What it makes is in the repository: only who changes the design system or its version needs this, and npm for it.
assets: setup-dev ## make the design system's style sheet and script again
	@$(PYTHON_IN_VENV) web/design/build.py

clean: ## remove what make has set up; data is kept
	@rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

# The tests of the pages look at them with this machine's Chromium.
browser:
	@sh -c "$$BROWSER_SCRIPT"

setup:
	@$(SETUP) requirements.txt

setup-dev:
	@$(SETUP) requirements-dev.txt requirements.txt

define BROWSER_SCRIPT
for name in chromium-headless-shell chromium chromium-browser google-chrome "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"; do
    command -v "$$name" >/dev/null 2>&1 && exit 0
done
if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    echo "Installing Chromium, for the tests of the pages"
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -qq
    for name in chromium-headless-shell chromium; do
        apt-get install -qq --yes --no-install-recommends "$$name" fonts-liberation >/dev/null 2>&1 &&
            command -v "$$name" >/dev/null && exit 0
    done
fi
echo "The tests of the pages need Chromium, or Google Chrome. Install it, then say make test again:" >&2
echo "Debian, Ubuntu: sudo apt-get install chromium   macOS: brew install --cask google-chrome" >&2
exit 1
endef

# Prints the first Python on this machine that is new enough. A command may be there and still not run (pyenv's do that).
define FIND_PYTHON_SCRIPT
[ -z "$$PYTHON" ] && set -- python3.11 python3 python3.12 python3.13 python3.14 python || set -- "$$PYTHON"
for candidate in "$$@"; do
    if "$$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
        echo "$$candidate"
        exit 0
    fi
done
echo "Python 3.11 or newer is needed, and was not found under the name of $$(echo "$$*" | sed 's/ /, /g')." >&2
echo "Debian, Ubuntu: sudo apt-get install python3 python3-venv   macOS: brew install python" >&2
echo "If it is somewhere else: make PYTHON=/path/to/python3" >&2
exit 1
endef

# $$1 is the lock to install, the others are locks that it covers. A copy of each is kept in .venv once all of it is
# installed, so this does nothing as long as they are the same, and an installation that was cut off starts afresh.
define SETUP_SCRIPT
set -eu
stale=
[ ! -e "$$VENV/unfinished" ] && "$$VENV/bin/python" -c '' 2>/dev/null || stale=yes
for stamp in "$$VENV"/requirements*.txt; do
    [ ! -e "$$stamp" ] || cmp -s "$$stamp" "$${stamp##*/}" || stale=yes
done
[ -n "$$stale" ] || [ ! -e "$$VENV/$$1" ] || exit 0

python=$$(sh -c "$$FIND_PYTHON_SCRIPT")
if [ -n "$$stale" ]; then
    rm -rf "$$VENV"
    mkdir "$$VENV"
    : > "$$VENV/unfinished"
    echo "Setting up $$VENV with $$("$$python" --version)"
    # Debian leaves ensurepip out of its python3. Then a pip outside will do, and so will virtualenv.
    if ! why=$$("$$python" -m venv "$$VENV" 2>&1) &&
        ! { "$$python" -m venv --without-pip "$$VENV" &&
            "$$python" -m pip --python "$$VENV/bin/python" --version; } >/dev/null 2>&1 &&
        ! "$$python" -m virtualenv "$$VENV" >/dev/null 2>&1; then
        echo "$$why" >&2
        echo "$$python cannot make a virtual environment. On Debian and Ubuntu this helps:" >&2
        echo "    sudo apt-get install $$("$$python" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])')" >&2
        exit 1
    fi
fi

: > "$$VENV/unfinished"
pip() {
    if "$$VENV/bin/python" -c 'import pip' 2>/dev/null; then
        "$$VENV/bin/python" -m pip "$$@"
    else
        "$$python" -m pip --python "$$VENV/bin/python" "$$@"
    fi
}
echo "Installing what $$1 pins; only the first time takes long"
export PIP_USER=0
pip install --disable-pip-version-check --no-input --no-deps --require-hashes --only-binary :all: \
    --requirement "$$1" || {
    echo "The installation did not finish: see above. The same command starts it again." >&2
    exit 1
}
for lock in "$$@"; do
    cp "$$lock" "$$VENV/$$lock"
done
rm "$$VENV/unfinished"
endef

export VENV PYTHON BROWSER_SCRIPT FIND_PYTHON_SCRIPT SETUP_SCRIPT
SETUP = sh -c "$$SETUP_SCRIPT" setup

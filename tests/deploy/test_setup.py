"""What `make` sets up, on a copy of the Makefile with locks of two tiny packages and no network."""

import hashlib
import os
import re
import shutil
import signal
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


WITH_PIP = '"-m venv .venv"'
"""How an environment is made that has pip. Refused, it is made without, which takes a tenth of the time."""


class Checkout:
    """A folder with the Makefile, a shelf of packages, and locks that pin some of them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.shelf = folder / "shelf"
        self.shelf.mkdir(parents=True)
        shutil.copy(ROOT / "Makefile", folder)
        self.lock("requirements.txt", "alpha")
        self.lock("requirements-dev.txt", "alpha", "beta")

    def package(self, name: str) -> str:
        """Put a package on the shelf; returns its hash."""
        wheel = self.shelf / f"{name}-1.0-py3-none-any.whl"
        info = f"{name}-1.0.dist-info"
        with zipfile.ZipFile(wheel, "w") as archive:
            for path, content in {
                f"{name}.py": "",
                f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n",
                f"{info}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
                f"{info}/RECORD": "",
            }.items():
                archive.writestr(zipfile.ZipInfo(path), content)
        return hashlib.sha256(wheel.read_bytes()).hexdigest()

    def lock(self, lock: str, *names: str) -> None:
        lines = [f"{name}==1.0 --hash=sha256:{self.package(name)}\n" for name in names]
        (self.folder / lock).write_text("".join(lines))

    def environment(self) -> dict[str, str]:
        # Neither the settings of the make that runs this test, nor those of this machine's pip.
        inherited = {
            name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS", "PIP_"))
        }
        return inherited | {
            "PIP_CONFIG_FILE": os.devnull,
            "PIP_NO_INDEX": "1",
            "PIP_FIND_LINKS": self.shelf.as_uri(),
        }

    def make(self, *arguments: str, python: str | None = None) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["make", *arguments, f"PYTHON={python or self.python_whose_venv(refuses=WITH_PIP)}"],
            cwd=self.folder,
            env=self.environment(),
            capture_output=True,
            text=True,
            check=False,
        )

    def installed(self) -> set[str]:
        code = "import importlib.util as u; print(*(n for n in ('alpha', 'beta', 'gamma') if u.find_spec(n)))"
        python = self.folder / ".venv/bin/python"
        found = subprocess.run([python, "-c", code], cwd="/", capture_output=True, text=True, check=True)
        return set(found.stdout.split())

    def python_whose_venv(self, refuses: str) -> str:
        """A Python that cannot make an environment if its arguments match: a shell pattern."""
        script = self.folder / "python"
        script.write_text(
            f'#!/bin/sh\ncase "$*" in {refuses}) echo "ensurepip is not available" >&2; exit 1;; esac\n'
            f'exec "{sys.executable}" "$@"\n'
        )
        script.chmod(0o755)
        return str(script)


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    return Checkout(tmp_path / "a checkout")


def test_the_first_run_installs_and_the_next_has_nothing_to_do(checkout: Checkout) -> None:
    first = checkout.make("setup", python=sys.executable)
    assert first.returncode == 0, first.stderr
    assert "Installing" in first.stdout
    assert checkout.installed() == {"alpha"}

    (checkout.folder / ".venv/kept").touch()
    assert checkout.make("setup").stdout == ""
    assert checkout.make("setup-dev").returncode == 0
    assert checkout.installed() == {"alpha", "beta"}
    assert (checkout.folder / ".venv/kept").exists(), "tests come on top of what runs, and need no new start"
    assert checkout.make("setup", "setup-dev").stdout == ""


def test_a_changed_lock_is_installed_and_what_it_no_longer_names_is_gone(checkout: Checkout) -> None:
    checkout.make("setup-dev")
    checkout.lock("requirements.txt", "gamma")
    checkout.lock("requirements-dev.txt", "gamma")
    assert checkout.make("setup").returncode == 0
    assert checkout.installed() == {"gamma"}


def test_an_installation_that_was_cut_off_is_repaired(checkout: Checkout) -> None:
    good = (checkout.folder / "requirements.txt").read_text()
    (checkout.folder / "requirements.txt").write_text(good.replace("sha256:", "sha256:0")[:-2] + "\n")
    cut_off = checkout.make("setup")
    assert cut_off.returncode != 0
    assert "The same command starts it again" in cut_off.stderr

    (checkout.folder / "requirements.txt").write_text(good)
    assert checkout.make("setup").returncode == 0
    assert checkout.installed() == {"alpha"}

    # As if it had been killed while it wrote a package: what is there looks right and is not.
    next((checkout.folder / ".venv").glob("lib/*/site-packages/alpha.py")).unlink()
    (checkout.folder / ".venv/unfinished").touch()
    assert checkout.make("setup").returncode == 0
    assert checkout.installed() == {"alpha"}


def test_without_a_new_enough_python_it_says_what_to_do(checkout: Checkout) -> None:
    result = checkout.make("setup", python="no-such-python")
    assert result.returncode != 0
    assert "Python 3.11 or newer is needed" in result.stderr
    assert "sudo apt-get install python3 python3-venv" in result.stderr
    assert not (checkout.folder / ".venv").exists()


def test_without_ensurepip_the_pip_of_the_machine_will_do(checkout: Checkout) -> None:
    for target in ("setup", "setup-dev"):
        result = checkout.make(target, python=checkout.python_whose_venv(refuses=WITH_PIP))
        assert result.returncode == 0, result.stderr
    assert checkout.installed() == {"alpha", "beta"}
    assert not (checkout.folder / ".venv/bin/pip").exists()


def test_without_any_way_to_make_an_environment_it_names_the_command(checkout: Checkout) -> None:
    result = checkout.make("setup", python=checkout.python_whose_venv(refuses='"-m venv"*|"-m virtualenv"*'))
    assert result.returncode != 0
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    assert f"sudo apt-get install python{version}-venv" in result.stderr


def test_ctrl_c_reaches_the_program_and_make_has_nothing_to_add(checkout: Checkout) -> None:
    (checkout.folder / "starter.py").write_text(
        "import signal, sys\n"
        "signal.signal(signal.SIGINT, lambda *_: sys.exit(0))\n"
        "print('started', *sys.argv[1:], flush=True)\n"
        "signal.pause()\n"
    )
    assert checkout.make("setup").returncode == 0
    # A group of processes of their own, as a terminal makes one: Ctrl-C goes to all of them.
    with subprocess.Popen(
        ["make", "run"],
        cwd=checkout.folder,
        env=checkout.environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline() == "started up\n"
        os.killpg(process.pid, signal.SIGINT)
        said = process.stderr.read().splitlines()
    # Ctrl-C reaches make in the very moment in which its child ends, now and then; that it says so is its own.
    assert not [line for line in said if not re.search("No child processes|unfinished jobs", line)]


def test_without_chromium_it_is_installed_or_its_command_is_named(checkout: Checkout) -> None:
    tools = checkout.folder / "tools"
    tools.mkdir()

    def tool(name: str, script: str) -> None:
        (tools / name).write_text(f"#!/bin/sh\n{script}\n")
        (tools / name).chmod(0o755)

    def browser() -> subprocess.CompletedProcess[str]:
        make = shutil.which("make")
        assert make is not None
        return subprocess.run(
            [make, "browser", "SHELL=/bin/sh"],
            cwd=checkout.folder,
            env={"PATH": str(tools)},
            capture_output=True,
            text=True,
            check=False,
        )

    tool("sh", 'exec /bin/sh "$@"')
    tool("id", "echo 1000")
    older = 'case "$*" in *headless-shell*) exit 100;; esac'
    tool("apt-get", f'echo "$@" >> "{tools}/asked"; {older}; /bin/ln -sf /bin/sh "{tools}/chromium"')
    refused = browser()
    assert refused.returncode != 0 and "sudo apt-get install chromium" in refused.stderr
    assert not (tools / "asked").exists(), "who is not root is not asked for a password"

    tool("id", "echo 0")
    assert browser().returncode == 0
    asked = (tools / "asked").read_text().splitlines()
    assert [line.split()[0] for line in asked] == ["update", "install", "install"]
    assert "chromium-headless-shell" in asked[1] and "chromium" in asked[2].split()
    assert browser().returncode == 0 and len((tools / "asked").read_text().splitlines()) == 3


def test_make_alone_lists_what_there_is_to_do(checkout: Checkout) -> None:
    listed = subprocess.run(["make"], cwd=checkout.folder, capture_output=True, text=True, check=True).stdout
    for target in ("run", "test", "check", "bench", "lock", "assets", "clean"):
        assert f"make {target} " in listed


@pytest.mark.parametrize(
    ("check", "tests", "expected"), [("true", "true", 0), ("false", "true", 1), ("true", "false", 1)]
)
def test_ci_runs_both_and_fails_if_either_does(tmp_path: Path, check: str, tests: str, expected: int) -> None:
    (tmp_path / "Makefile").write_text(f"check:\n\t@{check}\ntest:\n\t@echo '=== 1 passed in 0.1s ==='; {tests}\n")
    shutil.copytree(ROOT / ".ci", tmp_path / ".ci")
    result = subprocess.run(
        ["bash", ".ci/run"],
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"], "CI": "true"},
        capture_output=True,
        text=True,
    )
    assert result.returncode == expected
    assert "1 passed" in result.stdout.splitlines()[-1]

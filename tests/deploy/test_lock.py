"""The two locks: complete wherever we say we run, the same where they overlap, without addresses."""

import re
import tomllib
from functools import cache
from importlib.metadata import distribution
from pathlib import Path

import pytest
from packaging.markers import Marker, default_environment
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
RUNNING = [Requirement(line) for line in PROJECT["project"]["dependencies"]]
DEVELOPING = RUNNING + [Requirement(line) for line in PROJECT["dependency-groups"]["dev"]]
IMAGE_PYTHON = re.findall(r"^ARG PYTHON_IMAGE=python:([\d.]+)", (ROOT / "Dockerfile").read_text(), re.MULTILINE)[0]
LOCKS = ["requirements.txt", "requirements-dev.txt"]

MACHINES = {
    "Linux on Intel": {"sys_platform": "linux", "platform_system": "Linux", "platform_machine": "x86_64"},
    "Linux on ARM": {"sys_platform": "linux", "platform_system": "Linux", "platform_machine": "aarch64"},
    "a Mac on ARM": {"sys_platform": "darwin", "platform_system": "Darwin", "platform_machine": "arm64"},
    "a Mac on Intel": {"sys_platform": "darwin", "platform_system": "Darwin", "platform_machine": "x86_64"},
}


def text(lock: str) -> str:
    return (ROOT / lock).read_text()


@cache
def entries(lock: str) -> list[Requirement]:
    return [Requirement(line) for line in re.findall(r"^([a-z].*?) \\$", text(lock), flags=re.MULTILINE)]


def environment(machine: str, python: str) -> dict[str, str]:
    """What markers are evaluated with on that machine, with that Python."""
    short = ".".join(python.split(".")[:2])
    same_everywhere = {name: str(value) for name, value in default_environment().items()}
    return same_everywhere | MACHINES[machine] | {"python_version": short, "python_full_version": python}


def applies(marker: Marker | None, where: dict[str, str], extras: set[str]) -> bool:
    return marker is None or any(marker.evaluate(where | {"extra": extra}) for extra in extras | {""})


def pins(lock: str, where: dict[str, str]) -> dict[str, Version]:
    """What the lock installs there; an error if it names a package twice."""
    found: dict[str, Version] = {}
    for entry in entries(lock):
        if applies(entry.marker, where, set()):
            (exact,) = entry.specifier
            assert canonicalize_name(entry.name) not in found, f"{entry.name} is pinned twice"
            found[canonicalize_name(entry.name)] = Version(exact.version)
    return found


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_names_no_address(lock: str) -> None:
    assert "://" not in text(lock)
    assert not re.search(r"^\s*(-i|-f|--(index|extra-index|find-links|trusted-host))", text(lock), re.MULTILINE)
    assert not re.search(r"(^|\s)/\w", text(lock)), "a path of the machine that made the lock"


@pytest.mark.parametrize("lock", LOCKS)
def test_every_line_of_a_lock_is_an_exact_version_with_its_hashes(lock: str) -> None:
    blocks = re.split(r"^(?=[a-z])", text(lock), flags=re.MULTILINE)[1:]
    assert len(blocks) == len(entries(lock)) > 20
    for block in blocks:
        assert re.match(r"[a-z0-9.-]+==[\w.]+( ; .*)? \\\n    --hash=sha256:[0-9a-f]{64}", block), block[:80]


@pytest.mark.parametrize("machine", MACHINES)
@pytest.mark.parametrize("python", [IMAGE_PYTHON, "3.11.0", "3.12.9", "3.13.9", "3.14.1"])
@pytest.mark.parametrize(("lock", "asked"), [("requirements.txt", RUNNING), ("requirements-dev.txt", DEVELOPING)])
def test_a_lock_holds_all_that_is_needed_wherever_we_run(
    lock: str, asked: list[Requirement], python: str, machine: str
) -> None:
    where = environment(machine, python)
    locked = pins(lock, where)
    here = pins(lock, {name: str(value) for name, value in default_environment().items()})
    assert Version(python) in SpecifierSet(PROJECT["project"]["requires-python"])
    waiting = [(requirement, "pyproject.toml") for requirement in asked if applies(requirement.marker, where, set())]
    seen = set()
    while waiting:
        requirement, wanted_by = waiting.pop()
        name = canonicalize_name(requirement.name)
        if (name, frozenset(requirement.extras)) in seen:
            continue
        seen.add((name, frozenset(requirement.extras)))
        assert name in locked, f"{lock} lacks {requirement}, for {wanted_by}"
        assert requirement.specifier.contains(locked[name], prereleases=True), f"{wanted_by} needs {requirement}"
        if locked[name] != here.get(name):
            continue  # another release than the one installed here, so there is nothing to read
        if not (installed := installed_here(name)):
            continue
        assert installed[0] == locked[name], f"{name} {installed[0]} is installed: run this by `make test`"
        assert Version(python) in installed[1], f"{name} does not run on Python {python}"
        waiting += [(inner, name) for inner in installed[2] if applies(inner.marker, where, set(requirement.extras))]


@cache
def installed_here(name: str) -> tuple[Version, SpecifierSet, list[Requirement]] | None:
    """Version, Pythons and requirements of a package as installed; None if it is for other machines."""
    if name not in locked_here():
        return None
    found = distribution(name)
    return (
        Version(found.version),
        SpecifierSet(str(found.metadata.json.get("requires_python", ""))),
        [Requirement(line) for line in found.requires or []],
    )


@cache
def locked_here() -> dict[str, Version]:
    return pins("requirements-dev.txt", {name: str(value) for name, value in default_environment().items()})


def test_the_lock_for_developing_is_the_one_for_running_and_more() -> None:
    for machine in MACHINES:
        where = environment(machine, IMAGE_PYTHON)
        assert pins("requirements.txt", where).items() <= pins("requirements-dev.txt", where).items()


def test_the_image_has_the_python_that_the_code_is_checked_for() -> None:
    image = ".".join(IMAGE_PYTHON.split(".")[:2])
    assert PROJECT["project"]["requires-python"] == f">={image}"
    assert PROJECT["tool"]["mypy"]["python_version"] == image
    assert PROJECT["tool"]["ruff"]["target-version"] == f"py{image.replace('.', '')}"


def test_a_lock_that_records_addresses_is_not_kept() -> None:
    assert "uv.lock" in (ROOT / ".gitignore").read_text().splitlines()
    assert not (ROOT / "uv.lock").exists()


def test_every_package_of_ours_is_under_the_rules_of_who_may_import_whom() -> None:
    packages = {path.parent.name for path in ROOT.glob("*/__init__.py")} - {"tests", "bench"}
    tools = PROJECT["tool"]
    assert packages <= set(tools["importlinter"]["root_packages"])
    assert packages <= set(tools["deptry"]["known_first_party"])
    layers = {name for layer in tools["importlinter"]["contracts"][0]["layers"] for name in re.findall(r"\w+", layer)}
    assert packages <= layers

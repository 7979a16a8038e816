"""The pages are true: links lead somewhere, commands and settings exist, what is quoted is what happens."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

import starter
from commands.printing import Printer
from running.rehearsals.rehearsal import play, stage
from running.rehearsals.scenario import read_scenario
from running.rulebooks import read_shelf
from running.settings import Settings

from .pages import PAGES, ROOT, Page
from .rules_list import section, table

each_page = pytest.mark.parametrize("page", PAGES, ids=[page.name for page in PAGES])

MADE_BY_RUNNING = re.compile(
    r"(var|mails|documents|temporal)/|\.venv/|/?tmp/|scr\.toml|temporal\.toml|register|.*my-board"
)
"""Files that the pages name and that are not in the project: they are made, or are an example."""

FORBIDDEN = {
    "a folder beside the project": r"\.\.[/]shared\b",
    "a path of somebody's machine": r"(?<![\w.])[/](?:home|Users|work|root|mnt|srv)[/]\w",
    "a registry's address": r"pypi[.]org|pythonhosted[.]org|npmjs[.](?:org|com)|index[-]url\b",
}
"""What stands nowhere in the project, as patterns that do not match themselves."""


@each_page
def test_every_link_leads_somewhere(page: Page) -> None:
    for link in page.links:
        if link.startswith("https://"):
            continue
        file, _, anchor = link.partition("#")
        path = (page.path.parent / file).resolve() if file else page.path
        assert path.exists(), f"{page.name} links to {link}"
        assert not anchor or anchor in Page(path).anchors, f"{page.name} links to {link}: no such heading"


@each_page
def test_every_command_and_option_exists(page: Page) -> None:
    for words in page.commands("starter.py"):
        command: Any = get_command(starter.app)
        said = " ".join(["starter.py", *words])
        while words and hasattr(command, "commands"):
            assert words[0] in command.commands, f"{page.name}: {said}"
            command, words = command.commands[words[0]], words[1:]
        _must_take(command, words, f"{page.name}: {said}")


def _must_take(command: Any, words: list[str], said: str) -> None:
    options = {name: one for one in command.params for name in (*one.opts, *one.secondary_opts) if name[0] == "-"}
    most = sum(one.param_type_name == "argument" for one in command.params)
    given, rest = 0, list(words)
    while rest:
        word = rest.pop(0)
        if not word.startswith("--"):
            given += 1
            continue
        assert word in options, f"{said}: there is no {word}"
        if not options[word].is_flag:
            assert rest, f"{said}: {word} needs a value"
            rest.pop(0)
    assert given <= most, f"{said}: takes {most} arguments"


@each_page
def test_every_make_target_exists(page: Page) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), flags=re.MULTILINE))
    named = {words[0] for words in page.commands("make") if words}
    assert named <= targets, f"{page.name}: {sorted(named - targets)}"


@each_page
def test_every_file_that_is_named_exists(page: Page) -> None:
    spans = [" ".join(span.split()) for span in re.findall(r"`([^`]+)`", page.prose)]
    for span in spans:
        if re.fullmatch(r"[\w.-]+(/[\w.-]+)*(/|\.(py|md|toml|yaml|yml|svg|j2|txt))", span) is None:
            continue
        if MADE_BY_RUNNING.match(span):
            continue
        found = any((folder / span).exists() for folder in _beside(page))
        assert found, f"{page.name} names {span}"


def _beside(page: Page) -> list[Path]:
    """Where a page may name files from: the project, the core, and the folder that the page is about."""
    return [ROOT, ROOT / "models", ROOT / page.path.stem]


def test_every_setting_is_documented_with_its_default() -> None:
    [operations] = [page for page in PAGES if page.name == "docs/operations.md"]
    rows = {row[0].strip("`"): row[1] for row in table(section(operations.text, "Settings"))}
    assert list(rows) == [f"SCR_{name.upper()}" for name in Settings.model_fields]
    for name, field in Settings.model_fields.items():
        default = rows[f"SCR_{name.upper()}"]
        if field.default_factory is not None or (isinstance(field.default, Path) and field.default.is_absolute()):
            assert not default.startswith("`") or " in `SCR_" in default, f"{name} has no fixed default"
        elif field.default in (None, "", ()):
            assert default in ("none", "the system's"), name
        else:
            assert default == f"`{field.default}`", name


@each_page
def test_no_page_names_a_setting_that_is_none(page: Page) -> None:
    known = {f"SCR_{name.upper()}" for name in Settings.model_fields} | {"SCR_CONFIG_FILE"}
    shown_as_a_mistake = {"SCR_DOCUMENT_DIR"}
    assert set(re.findall(r"SCR_[A-Z_]+[A-Z]", page.text)) <= known | shown_as_a_mistake


def test_the_layout_names_what_is_there() -> None:
    [how] = [page for page in PAGES if page.name == "docs/how-it-works.md"]
    [layout] = [block for _, block in how.fences if block.startswith("starter.py ")]
    above, named = ROOT, set()
    for line in layout.splitlines():
        path = line.split()[0]
        here = (above if line.startswith(" ") else ROOT) / path
        assert here.exists(), path
        if not line.startswith(" "):
            above = here
            named.add(path.rstrip("/"))
    packages = {folder.parent.name for folder in ROOT.glob("*/__init__.py")}
    assert packages and packages <= named


async def test_the_walk_through_one_case_is_what_happens(capsys: pytest.CaptureFixture[str]) -> None:
    [how] = [page for page in PAGES if page.name == "docs/how-it-works.md"]
    quoted = re.findall(r"^\d{4}-\d\d-\d\d \d\d:\d\d  .*$", how.text, flags=re.MULTILINE)
    scenario = read_scenario(ROOT / "scenarios" / "published-review.yaml", read_shelf(ROOT / "rulebooks"))
    async with stage() as on:
        played = await play(scenario, on)
    for line in played.timeline:
        Printer(as_json=False).event(line)
    printed = capsys.readouterr().out.splitlines()
    assert len(quoted) > 20
    assert [line for line in quoted if line not in printed] == []


def test_no_file_of_the_project_names_what_only_its_makers_have() -> None:
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT,
        capture_output=True,
        check=True,
        text=True,
    )
    found = []
    for name in listed.stdout.split("\0")[:-1]:
        content = (ROOT / name).read_bytes() if (ROOT / name).is_file() else b""
        if b"\0" in content:
            continue
        text = content.decode("utf-8")
        found += [f"{name}: {what}" for what, pattern in FORBIDDEN.items() if re.search(pattern, text)]
    assert found == []

"""The design system's files: in the repository, made from the pinned releases, with their licences."""

from __future__ import annotations

import json
import re
from importlib.metadata import version
from pathlib import Path
from typing import Any

from web.app import STATIC
from web.design.build import HERE, VENDOR, digest

PACKAGE: dict[str, Any] = json.loads((HERE / "package.json").read_text())
LOCK: dict[str, Any] = json.loads((HERE / "package-lock.json").read_text())
MADE: dict[str, Any] = json.loads((HERE / "made.json").read_text())
CSS = (VENDOR / "design-system.css").read_text(encoding="utf-8")
AGAIN = "make assets makes them again"


def test_the_files_are_those_that_were_made_from_what_is_pinned() -> None:
    assert MADE["from"] == PACKAGE["dependencies"] | PACKAGE["devDependencies"], AGAIN
    assert MADE["source"] == digest(HERE / "design-system.scss"), AGAIN
    files = {path.name: digest(path) for path in VENDOR.iterdir() if path.suffix in (".css", ".js")}
    assert MADE["files"] == files, AGAIN


def test_they_say_the_release_that_the_macros_render() -> None:
    pinned = PACKAGE["dependencies"]["govuk-frontend"]
    assert f'--govuk-frontend-version: "{pinned}"' in CSS
    assert f'"{pinned}"' in (VENDOR / "govuk-frontend.min.js").read_text(encoding="utf-8")
    # Each release of the macros renders one release of the design system.
    assert (version("govuk-frontend-jinja"), pinned) == ("4.1.0", "6.3.0")


def test_the_lock_is_exact_and_names_no_address_to_load_from() -> None:
    assert all(re.fullmatch(r"[\d.]+", one) for one in MADE["from"].values())
    packages = {path.removeprefix("node_modules/"): found for path, found in LOCK["packages"].items() if path}
    assert all("resolved" not in found and found["integrity"].startswith("sha512-") for found in packages.values())
    assert {name: packages[name]["version"] for name in MADE["from"]} == MADE["from"]
    settings = (HERE / ".npmrc").read_text().splitlines()
    assert {"ignore-scripts=true", "omit-lockfile-registry-resolved=true"} <= set(settings)


def test_their_licences_stand_beside_them() -> None:
    text = (VENDOR / "LICENCES.txt").read_text()
    assert "MIT" in text and "GOV.UK Frontend: Copyright" in text and "MOJ Frontend: Copyright" in text
    assert all(name in text for name in MADE["files"])


def test_a_board_is_not_gov_uk() -> None:
    for path in STATIC.rglob("*.css"):
        assert not re.search(r"GDS Transport|@font-face", path.read_text(encoding="utf-8")), path
    assert "--govuk-brand-colour: #0b3c4d" in CSS
    templates = Path(STATIC.parent / "templates").rglob("*.html")
    assert not [path for path in templates if re.search(r"crown|crest|govukHeader\(|govukFooter\(", path.read_text())]


def test_every_class_of_mojs_that_is_used_is_in_the_style_sheet() -> None:
    used = {
        name
        for path in Path(STATIC.parent / "templates").rglob("*.html")
        for name in re.findall(r"\bmoj-[a-z_-]*[a-z](?![\w-])", path.read_text(encoding="utf-8"))
    }
    # MOJ's own macro has this one without any style.
    missing = [name for name in used - {"moj-timeline__header"} if f".{name}" not in CSS]
    assert used and not missing

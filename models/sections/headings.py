"""The framework's sections by number, with their headings, and how a rule is cited to those outside the board."""

from __future__ import annotations

import re
from collections.abc import Mapping

SECTIONS: Mapping[str, str] = {
    "1.1": "One review to a file",
    "1.2": "Purpose",
    "1.3": "Principles",
    "2.1": "Criteria",
    "2.2": "The decision",
    "2.3": "The national panel",
    "2.4": "Methodology",
    "2.5": "Reviewers",
    "2.6": "Timescale",
    "2.7": "Organisations",
    "2.8": "Actions",
    "2.9": "Publication",
    "2.10": "Sharing learning",
}
"""The framework's sections, by the figures that rules begin with."""


def section_words(rule: str) -> str:
    """How a letter cites a rule: ``section 2.7 of the framework, Organisations``. The letters of rules are our own."""
    found = re.match(r"\d+\.\d+", rule)
    number = found[0] if found else rule
    heading = f", {SECTIONS[number]}" if number in SECTIONS else ""
    return f"section {number} of the framework{heading}"

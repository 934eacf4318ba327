"""The oldest versions that pyproject.toml allows, as constraints of pip: click==8.1 for >=8.1."""

import re
import sys
import tomllib
from pathlib import Path

LOWER = re.compile(r"^([\w.-]+)>=([\w.]+)")


def main(pyproject: Path) -> None:
    """Print one line for each dependency of the package itself."""
    project = tomllib.loads(pyproject.read_text(encoding="utf-8"))["project"]
    for dependency in project["dependencies"]:
        found = LOWER.match(dependency)
        if found is None:
            sys.exit(f"{pyproject}: {dependency!r} has no lower bound; write name>=version")
        print("==".join(found.groups()))


if __name__ == "__main__":
    main(Path(sys.argv[1]))

"""Where the user of ``viewcast referee`` stands."""

from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def stands_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A user in an empty folder, of whose surroundings nothing is known."""
    monkeypatch.chdir(tmp_path)
    for name in ("VIEWCAST_REFEREE_URL", "VIEWCAST_REFEREE_TOKEN", "MLFLOW_EXPERIMENT_NAME"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def page(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The folders whose page was asked for; drawing one takes a second and is tested elsewhere."""
    from viewcast.commands import referee_page  # noqa: PLC0415

    asked: list[Path] = []

    def written(_: object, folder: Path, out: Path | None = None) -> Path:
        asked.append(folder)
        return folder / "referee.html"

    monkeypatch.setattr(referee_page, "written", written)
    return asked

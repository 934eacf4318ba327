"""The quarantine: refused deliveries, stored with the reason and kept out of the data."""

import hashlib
import json
from datetime import date
from pathlib import Path

import pandas as pd

from viewcast.base.escaped import csv_text
from viewcast.base.files import write
from viewcast.base.paths import refused_path


def quarantine(
    delivery: pd.DataFrame | None, reason: str, today: date, root: Path, channel: str
) -> Path:
    """Store a refused delivery with the reason; returns its folder.

    The same delivery, refused again on the same day, is stored once. ``delivery``: None where the
    source's answer could not be read as one; then only the reason is stored.
    """
    text = "" if delivery is None else csv_text(delivery, date_format="%Y-%m-%d")
    mark = hashlib.sha256(f"{text}{reason}".encode()).hexdigest()[:8]
    folder = refused_path(root, channel) / f"{today.isoformat()}-{mark}"
    if delivery is not None:
        write(folder / "delivery.csv", text)
    write(folder / "reason.json", json.dumps({"today": today.isoformat(), "reason": reason}) + "\n")
    return folder

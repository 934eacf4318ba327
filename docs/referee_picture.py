"""Write docs/images/referee.png: the staircase of a referee that guarded a night of edits.

`python docs/referee_picture.py`. A loop submits 200 edits of a model for 1,000 validation rows. Two
edits in a hundred take a tenth of the error away; all others are the luck of a seed and nothing
more. The referee is a real one, in a folder that is thrown away.
"""

from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd

from viewcast.referee.folder import RefereeFolder
from viewcast.referee.record import Closing
from viewcast.referee.terms import Terms
from viewcast.report.figures.style import applied
from viewcast.report.referee_figures import staircase

PICTURE = Path(__file__).resolve().parent / "images" / "referee.png"
ROWS, EDITS = 1000, 200
REAL, SHARE = 0.02, 0.1  # how many edits are, and what one takes of the error
LUCK = 0.5  # of a seed, in the first error's standard deviations


def closing(seed: int = 2031) -> Closing:
    """A night of edits, refereed and closed."""
    generator = np.random.default_rng(seed)
    targets = generator.normal(100, 10, ROWS)
    error = generator.normal(0, 1, ROWS)
    with TemporaryDirectory() as place:
        table = Path(place) / "valid.csv"
        pd.DataFrame({"y": targets}).to_csv(table, index=False)
        folder = Path(place) / "referee"
        with RefereeFolder.start(
            folder, table, "y", "mae", Terms(budget=EDITS), name="a night of edits"
        ) as referee:
            for edit in range(EDITS):
                real = edit and generator.random() < REAL
                edited = error * (1 - SHARE) if real else error
                seeded = edited + LUCK * generator.normal(0, 1, ROWS)
                if referee.submit(targets + seeded, "agent").accepted:
                    error = edited
            return referee.close("referee")


def main() -> None:
    """Draw it."""
    with applied():
        drawn = staircase.drawing(closing()).save(PICTURE.parent)
    drawn.path.replace(PICTURE)


if __name__ == "__main__":
    main()

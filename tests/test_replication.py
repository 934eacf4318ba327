"""A sweep trains what cannot be told apart from its best with other seeds."""

from collections import Counter

import pandas as pd
import pytest

from support.project import Project
from support.sweeps import children, swept
from viewcast.base.errors import ConfigError
from viewcast.sweep.replication import wanted
from viewcast.tracking.write.sweep_recorder import record

UNITS = "++sweep.units=[2,3]"
REPLICATED = ("++sweep.replicate=3", UNITS)


def test_settings_that_may_be_the_best_have_as_many_seeds_as_were_asked_for(
    project: Project,
) -> None:
    folder, results, members = swept(project, *REPLICATED)
    table = results.candidates
    assert table["candidate"].tolist() == list(range(6))
    # So few rows tell nothing apart: either setting has 3 seeds, none of them twice.
    assert Counter(table["model.units"]) == {2: 3, 3: 3}
    assert not table.duplicated(["model.units", "seed"]).any()
    assert [member.batch for member in members] == [None, None, 1, 1, 1, 1]
    parent = record(results, members, folder, project.root)
    runs = children(project, parent)
    assert len(runs) == 6
    assert all({"seed", "model.units"} <= run.data.params.keys() for run in runs)


def test_the_first_candidates_are_those_of_a_sweep_without_replication(project: Project) -> None:
    _, replicated, _ = swept(project, *REPLICATED)
    _, plain, _ = swept(project, UNITS)
    columns = ["candidate", "model.units", "val_loss", "identity"]
    pd.testing.assert_frame_equal(
        replicated.candidates[columns].head(2), plain.candidates[columns], check_exact=True
    )


def test_seeds_that_were_swept_count(project: Project) -> None:
    _, results, _ = swept(project, "++sweep.replicate=3", "++sweep.seed=[1,2,3]")
    assert results.candidates["seed"].tolist() == [1, 2, 3]


@pytest.mark.parametrize("seeds", [1, "many", True])
def test_a_number_of_seeds_below_two_is_refused(seeds: object) -> None:
    with pytest.raises(ConfigError, match=r"sweep\.replicate = .*: expected a number of seeds"):
        wanted({"replicate": seeds})


def test_nothing_is_replicated_where_it_is_not_asked_for() -> None:
    assert wanted({"units": [1, 2]}) is None

"""What is known of the choice among runs, as parts of a result (``viewcast.assessment.result``).

Figures are those of the user's own metric, in its unit and direction, as there.
"""

from pydantic.dataclasses import dataclass

from viewcast.assessment.figure import CONFIG, Figure, Number


@dataclass(frozen=True, config=CONFIG)
class Truth:
    """Loss on new rows and its standard error, where data are simulated."""

    mean: Number
    error: Figure


@dataclass(frozen=True, config=CONFIG)
class Winner:
    """The run with the best score: the lowest loss, or the highest score.

    ``shown``: its figure on the validation rows, with the standard error ``error``; ``expected``:
    on new rows, the choice of it accounted for; ``optimism``: by how much ``shown`` is too good;
    ``bound95``: 95 % bound of the figure on new rows, an upper one of a loss, a lower one of a
    score.
    """

    run_id: str
    name: str
    shown: Figure
    error: Figure
    expected: Figure
    optimism: Figure
    bound95: Figure
    truth: Truth | None


@dataclass(frozen=True, config=CONFIG)
class GainOver:
    """What the winner gained over the run ``reference``: loss of the reference less its own.

    ``shown`` on the validation rows; ``expected`` on new rows, with the lower 95 % bound
    ``lower95``; ``share``: of the shown gain that is expected to stay, 0 to 1; ``colour``: green,
    amber or red; ``standing``: what the search has come to beside the reference (both in
    ``viewcast.selection.share_of_gain``).
    """

    reference: str
    shown: Number
    expected: Figure
    lower95: Figure
    share: Figure
    colour: str | None
    standing: str | None = None


@dataclass(frozen=True, config=CONFIG)
class ConfidenceSet:
    """The runs that cannot be told apart from the best, best first.

    ``p_value``: of "no run is better than the reference", None without a reference. ``simplest``:
    the id of the smallest of them (``AuditedRun.size``), None where sizes are not known.
    """

    run_ids: tuple[str, ...]
    p_value: Figure
    simplest: str | None = None


@dataclass(frozen=True, config=CONFIG)
class BestOf:
    """A point of the curve of the best of ``k`` runs (``viewcast.selection.best_of``)."""

    k: int
    shown: Number
    honest: Figure
    honest_low: Figure
    honest_high: Figure


@dataclass(frozen=True, config=CONFIG)
class ScalarScores:
    """``count`` runs of which one score each is known (``viewcast.selection.order_statistics``)."""

    count: int
    shown: Number
    level: Number
    spread: Number
    gaussian: Number


@dataclass(frozen=True, config=CONFIG)
class ScoreRange:
    """What ``count`` runs of one score each allow to say of the winner; losses.

    ``basis``: what the noise is known from: "rows" (a share of ``size`` rows), "folds" (``size``
    folds of every run) or "seeds" (``count`` settings, ``size`` seeds of the best). ``shown``: the
    best score, for seeds the mean of the setting; ``low``, ``high``: between these is the loss to
    expect on new rows, equal where it is one figure; ``bound95``: its bound; ``noise``: a
    difference from the best below which a run cannot be told apart from it; ``tied``: runs (for
    seeds settings) of which that is so, the best among them.
    """

    basis: str
    count: int
    size: int
    shown: Number
    low: Number
    high: Number
    bound95: Figure
    noise: Figure
    tied: int


@dataclass(frozen=True, config=CONFIG)
class SeedShare:
    """Is it just the seed? The winner's shown gain, in three parts with their standard errors.

    ``settings``: how many differ by more than the seed; ``seeds``: runs of the winner's setting;
    ``base``: what the gain is over, the name of the reference or "the average setting".
    ``gain`` = ``setting`` + ``seed`` + ``rows``: what stays when the setting is trained again, what
    stays with this very model only, and what was luck of these rows. ``another_seed``: the loss to
    expect on new rows of the setting trained again; ``spread``: standard deviation between its
    seeds, on new rows.
    """

    settings: int
    seeds: int
    base: str
    gain: Number
    setting: Number
    setting_error: Figure
    seed: Number
    seed_error: Figure
    rows: Number
    rows_error: Figure
    another_seed: Number
    spread: Figure


@dataclass(frozen=True, config=CONFIG)
class SearchComparison:
    """Two searches at the budget of ``k`` runs each: what to expect of the best on new rows.

    ``error``: standard deviation of the difference where runs are dealt out to both at random;
    ``p_value``: of so large a difference then (``viewcast.selection.search_comparison``).
    """

    first: str
    second: str
    k: int
    first_loss: Number
    second_loss: Number
    error: Number
    p_value: Number

"""A referee: it holds targets, hears predictions, and answers one bit.

    from viewcast.referee import Referee

    referee = Referee(y_valid, "mae", budget=200)
    for model in search:
        answer = referee.submit(model.predict(X_valid))
        if answer.accepted:
            keep(model)
    print(referee.close())

The first submission is what all gains are measured from. This one lives in the process that asks,
which could read the targets: ``viewcast referee start`` runs one that cannot be asked for more.

Shape letters: N rows, C classes.
"""

import hashlib
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from viewcast.base.errors import ConfigError
from viewcast.referee.answers import Answer, ClosedError, RefusedError, SpentError, Verdict
from viewcast.referee.gains import Gain, Vector
from viewcast.referee.interval import interval
from viewcast.referee.judged_metric import JudgedMetric, plain
from viewcast.referee.parts import Parts, parts, parts_of_panel
from viewcast.referee.rule import accepted
from viewcast.referee.terms import HiddenRows, Mode, Terms, terms_of
from viewcast.scoring.metric import Array
from viewcast.scoring.metrics.given import as_array
from viewcast.scoring.metrics.named import MetricLike, metric_named
from viewcast.selection.clusters import CLUSTERS, Cluster


@dataclass
class _State:
    """``first``, ``incumbent``: predictions; on the rows that judge ``first_error`` is the standard
    error of the first one's mean loss, and ``losses`` are the incumbent's; ``best``: its digest.
    ``read``: the hidden rows are.
    """

    first: Array | None = None
    first_error: float = 0.0
    incumbent: Array | None = None
    losses: Vector | None = None
    best: str = ""
    acceptances: int = 0
    answers: dict[str, bool] = field(default_factory=dict)
    read: bool = False
    verdict: Verdict | None = None


class Referee:
    """Holds targets and judges predictions by the rule of ``viewcast.referee.rule``.

    ``targets`` (N,): numbers or labels, in order of time where there is one. ``loss``: the name of
    a metric (``viewcast.scoring.metrics``), or a function of targets and predictions that gives the
    loss of each row. ``budget``, ``false``, ``hidden``, ``length``, ``mode``, ``hidden_rows``: see
    ``viewcast.referee.terms.Terms``. ``keys``, ``cluster``: entity and time (N,) of rows of a
    panel, and what new rows will have new (``viewcast.selection.clusters``).

    Raises ConfigError for settings that are unknown or out of range; DataError for fewer than 100
    rows or 8 hidden blocks, and for targets that are missing or have no such metric, among the rows
    that judge or the hidden ones.
    """

    def __init__(
        self,
        targets: Any,
        loss: MetricLike,
        budget: int = 200,
        false: float = 1.0,
        hidden: float = 0.25,
        length: float = 1.0,
        *,
        mode: Mode = "referee",
        hidden_rows: HiddenRows = "last",
        keys: pd.DataFrame | None = None,
        cluster: Cluster | None = None,
    ) -> None:
        self.terms: Terms = terms_of(budget, false, hidden, length, mode, hidden_rows)
        self.metric = metric_named(loss, "loss")
        wanted = _targets(targets)
        if wanted.ndim != 1:
            raise ConfigError(f"targets: shape {wanted.shape}; expected one for each row")
        self._metric = JudgedMetric(self.metric, wanted)
        self.parts: Parts = _parts(len(wanted), self.terms, keys, cluster)
        self._metric.check_targets(self.parts.gate, "that judge")
        self._metric.check_targets(self.parts.hidden, "that are hidden")
        self._state = _State()

    @property
    def left(self) -> int:
        """Answers that are left."""
        return self.terms.budget - len(self._state.answers)

    @property
    def acceptances(self) -> int:
        """After the first submission."""
        return self._state.acceptances

    @property
    def verdict(self) -> Verdict | None:
        """The one that ``close`` gave; None before."""
        return self._state.verdict

    def submit(self, predictions: Any) -> Answer:
        """Judge predictions (N,), or class probabilities (N, C): the best so far, or not?

        Equal predictions get the answer that they got, free of charge. Raises RefusedError for
        predictions that cannot be judged, SpentError without an answer left, ClosedError after
        ``close``; none of these is counted.
        """
        given = self.checked(predictions)
        known = self.known(given)
        return known if known is not None else self.record(given, self.decide(given))

    def checked(self, predictions: Any) -> Array:
        """Predictions as they are judged; refuses (RefusedError) others."""
        if self._state.read:
            raise ClosedError("this referee is closed: its hidden rows are used up; take new rows")
        return self._metric.check(plain(predictions, "predictions"))

    def known(self, predictions: Array) -> Answer | None:
        """The answer that equal (checked) predictions got, and whether others have been accepted
        since; None for new ones.

        Raises SpentError for new ones without an answer left.
        """
        digest = digest_of(predictions)
        found = self._state.answers.get(digest)
        if found is not None:
            return Answer(found, self.left, replaced=found and digest != self._state.best)
        if self.left <= 0:
            raise SpentError(
                f"all {self.terms.budget} answers have been given; close this referee, and start "
                "another one with new rows"
            )
        return None

    def decide(self, predictions: Array) -> bool:
        """Whether (checked) predictions are accepted; nothing changes.

        The first ones are, unless a function of the user's gives them no finite loss.
        """
        state = self._state
        losses = self._metric.losses(predictions, self.parts.gate)
        if losses is None or state.losses is None:
            return losses is not None
        gain = self.parts.judging.gain(state.losses - losses)
        return bool(accepted(gain, state.first_error, self.terms, state.acceptances))

    def record(self, predictions: Array, taken: bool) -> Answer:
        """Count (checked) predictions that were decided on, as ``decide`` said or says now.

        Raises ConfigError for accepted ones that have no finite loss, as after a change of rows.
        """
        state = self._state
        digest = digest_of(predictions)
        if taken:
            predictions = predictions.copy()  # a loop may go on in the same array
            losses = self._metric.losses(predictions, self.parts.gate)
            if losses is None:
                raise ConfigError(
                    "predictions that were accepted have no finite loss: rows, metric or "
                    "predictions are not those that were judged"
                )
            if state.first is None:
                state.first = predictions
                state.first_error = float(self.parts.judging.gain(losses).error)
            else:
                state.acceptances += 1
            state.incumbent, state.losses, state.best = predictions, losses, digest
        state.answers[digest] = taken
        return Answer(taken, self.left)

    def count(self, digest: str, taken: bool) -> None:
        """Count a submission that was not accepted before a restart, by its digest alone."""
        if taken:
            raise ConfigError(f"submission {digest}: was accepted; its predictions are needed")
        self._state.answers[digest] = taken

    def close(self) -> Verdict:
        """Read the hidden rows, once, and say what was gained; afterwards nothing is judged.

        A second call gives the same verdict and reads nothing; nor does one without an acceptance.
        Raises RefusedError before the first submission. The verdict is not a number where a
        function of the user's gives no finite loss on the hidden rows.
        """
        if self._state.verdict is None:
            self._state.verdict = self._verdict()
        return self._state.verdict

    def gain(self, predictions: Array, hidden: bool) -> Gain:
        """The gain of predictions over the first submission; ``hidden``: on rows that enter no
        answer. Raises RefusedError before ``close`` and where there is no finite score.
        """
        if self._state.verdict is None:
            raise RefusedError("gains are told only after this referee is closed")
        return self._gain(predictions, hidden)

    def raw_gain(self, predictions: Array) -> float | None:
        """The gain over the first submission on all rows together, as a loop sees it that is shown
        raw scores; None where there is no finite score. Raises RefusedError before ``close``.
        """
        if self._state.verdict is None or self._state.first is None:
            raise RefusedError("gains are told only after this referee is closed")
        rows = np.arange(len(self._metric.targets))
        first = self._metric.losses(self._state.first, rows)
        losses = self._metric.losses(predictions, rows)
        if first is None or losses is None:
            return None
        return float(np.mean(first - losses))

    def _verdict(self) -> Verdict:
        incumbent = self._state.incumbent
        if incumbent is None:
            raise RefusedError("nothing was submitted, or nothing that has a score: no verdict")
        self._state.read = True
        if not self._state.acceptances:
            return Verdict(0.0, 0.0, 0.0, 0.0, 0)
        gate = self._gain(incumbent, hidden=False)
        try:
            hidden = self._gain(incumbent, hidden=True)
        except RefusedError:  # they are read all the same, and used up
            none = float("nan")
            return Verdict(none, none, none, float(gate.mean), self._state.acceptances)
        told = interval(gate, hidden)
        return Verdict(
            float(told.estimate),
            float(told.low),
            float(told.high),
            float(gate.mean),
            self._state.acceptances,
        )

    def _gain(self, predictions: Array, hidden: bool) -> Gain:
        rows = self.parts.hidden if hidden else self.parts.gate
        part = self.parts.closing if hidden else self.parts.judging
        first = None if self._state.first is None else self._metric.losses(self._state.first, rows)
        losses = self._metric.losses(predictions, rows)
        if first is None or losses is None:
            raise RefusedError(
                f"{self.metric.name}: a submission has no finite loss on these rows; no gain can "
                "be told"
            )
        return part.gain(first - losses)


def digest_of(predictions: Array) -> str:
    """The identity of checked predictions in the referee's order of rows (16 hex)."""
    if predictions.dtype.kind == "O":
        content = "\x1f".join(map(str, predictions.ravel())).encode()
    else:
        content = np.ascontiguousarray(predictions).tobytes()
    head = f"{predictions.dtype.kind}{predictions.shape}".encode()
    return hashlib.sha256(head + content).hexdigest()[:16]


def _targets(targets: Any) -> Array:
    """As an array of our own; labels stay what they are."""
    plain(targets, "targets")
    return as_array(targets).copy()


def _parts(rows: int, terms: Terms, keys: pd.DataFrame | None, cluster: Cluster | None) -> Parts:
    if cluster is None:
        return parts(rows, terms)
    if cluster not in CLUSTERS:
        raise ConfigError(f"cluster = {cluster}: unknown; allowed: {', '.join(CLUSTERS)}")
    if keys is None or len(keys) != rows or not {"entity", "time"} <= set(keys):
        raise ConfigError(
            f"cluster = {cluster}: needs keys, a frame of entity and time of each row"
        )
    if keys[["entity", "time"]].isna().to_numpy().any():
        raise ConfigError(f"cluster = {cluster}: the entity or the time of a row is missing")
    return parts_of_panel(keys, cluster, terms)

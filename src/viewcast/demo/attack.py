"""An attack on a leaderboard, as the tables of a sweep with one candidate per submission.

The attacker sees the mean loss of the shown rows after every submission and nothing else. The
losses of the same submissions on the training rows, in the hidden holdout and on fresh simulations
are computed afterwards.
"""

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from viewcast.demo.leaderboard import Attack, Climb, Vector, climb, submissions
from viewcast.demo.truth import TrueLoss
from viewcast.models.fitted import Fitted
from viewcast.scoring.scores import keyed, score
from viewcast.sweep.members import Member
from viewcast.sweep.results import NO_TRAJECTORY, Results
from viewcast.training.config import Config
from viewcast.training.rows import Rows, problem_of


def attacked(
    config: Config, attack: Attack, rows: Rows, truth: TrueLoss
) -> tuple[Results, list[Member]]:
    """Attack the leaderboard of the validation rows; returns tables and candidates.

    There is one candidate per submission. ``config``: the model that the attack starts from.
    """
    base = config.trainer.fit(problem_of(config, rows), config.model).model
    shown = rows.validation["target"].to_numpy()

    def leaderboard(predicted: Vector) -> float:
        return float(config.loss.rows(predicted, shown).mean())

    climbed = climb(leaderboard, base.predict(rows.validation), rows.validation["row"], attack)
    members = [_member(config, attack, climbed, step) for step in range(attack.submissions)]
    return _results(base, members, attack, climbed, rows, truth), members


def _member(config: Config, attack: Attack, climbed: Climb, step: int) -> Member:
    own = {"attack.submission": step, "attack.kept": bool(climbed.kept[step])}
    settings = {"size": attack.size, "seed": attack.seed, "submission": step}
    return Member(step, own, replace(config, plain={**config.plain, "attack": settings}), step)


def _results(
    base: Fitted,
    members: list[Member],
    attack: Attack,
    climbed: Climb,
    rows: Rows,
    truth: TrueLoss,
) -> Results:
    loss, block = members[0].config.loss, members[0].config.data.block
    simulations = truth.simulations
    parts = [(base.predict(part), part) for part in (rows.train, rows.validation, rows.hidden)]
    everywhere = (
        submissions(predicted, part["row"], attack, climbed.kept)
        for predicted, part in [*parts, (simulations.predict(base), simulations.rows)]
    )
    targets = [part["target"].to_numpy() for _, part in parts]
    lines: list[dict[str, Any]] = []
    predictions: dict[str, Any] = {"target": targets[1]}
    hidden_losses: dict[str, Any] = {}
    for member, (*predicted, fresh) in zip(members, zip(*everywhere, strict=True), strict=True):
        trained, shown, hidden = (
            loss.rows(guess, target) for guess, target in zip(predicted, targets, strict=True)
        )
        validation = score(shown, block)
        assert validation is not None, (
            "a leaderboard without rows has no hidden holdout and is refused"
        )
        losses = {"train_loss": float(trained.mean()), "val_loss": validation.mean}
        lines.append(
            {
                "candidate": member.number,
                **member.own,
                "status": "finished",
                "failure": None,
                **losses,
                "val_error": validation.error,
                "best_epoch": np.nan,
                "epochs": 1,
                **{f"final_{name}": value for name, value in losses.items()},
                "identity": member.config.identity(),
                **truth.of(fresh, loss),
            }
        )
        predictions[str(member.number)] = predicted[1].astype(np.float32)
        hidden_losses[str(member.number)] = hidden.astype(np.float32)
    candidates = pd.DataFrame(lines)
    return Results(
        candidates,
        candidates[["candidate", "train_loss", "val_loss"]].assign(epoch=1),
        pd.concat([keyed(rows.validation), pd.DataFrame(predictions)], axis=1),
        NO_TRAJECTORY,
        pd.concat([keyed(rows.hidden), pd.DataFrame(hidden_losses)], axis=1),
    )

"""What parameters of a run tell apart: its seed, all its other settings, and its size."""

from collections.abc import Mapping

from viewcast.base.settings import digest
from viewcast.tracking.metric_names import plain

SEEDS = frozenset({"seed", "random_state", "random_seed", "rng_seed", "seed_value", "rng"})
PARAMETERS = frozenset(
    {
        *("n_params", "num_params", "params", "parameters", "num_parameters", "n_parameters"),
        *("trainable_params", "total_params", "model_params", "num_trainable_params"),
        *("trainable_parameters", "total_parameters", "model_parameters"),
    }
)
TO_FIT = frozenset(
    {
        *("mean_fit_time", "fit_time", "train_time", "training_time", "train_runtime"),
        *("fit_seconds", "train_seconds", "training_seconds", "time_to_fit", "training_duration"),
    }
)


def seed_of(params: Mapping[str, str], tags: Mapping[str, str]) -> str | None:
    """The seed by its parameter or tag; None where neither names one."""
    known = {**tags, **params}
    return next((x for name, x in known.items() if _is_seed(name) and x not in ("None", "")), None)


def settings_of(params: Mapping[str, str]) -> str | None:
    """Identity of all parameters but the seed; None of a run that has no others."""
    others = {name: value for name, value in params.items() if not _is_seed(name)}
    return digest(others) if others else None


def size_of(params: Mapping[str, str], metrics: Mapping[str, float]) -> tuple[float | None, str]:
    """The number of a model's parameters, else the seconds to fit it; and which of them."""
    known: dict[str, str | float] = {plain(name): value for name, value in params.items()}
    known |= {plain(name): value for name, value in metrics.items()}
    for names, what in ((PARAMETERS, "parameters"), (TO_FIT, "s to fit")):
        for name in sorted(names & known.keys()):
            try:
                size = float(known[name])
            except ValueError:
                continue
            if size > 0:
                return size, what
    return None, ""


def _is_seed(name: str) -> bool:
    words = plain(name)
    return words in SEEDS or any(words.endswith(f"_{seed}") for seed in SEEDS)

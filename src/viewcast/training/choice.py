"""Which engine trains: the compiled one where it can, else PyTorch."""

from functools import cache
from importlib.util import find_spec
from typing import Literal

from viewcast.base.errors import ConfigError
from viewcast.scoring.loss import Loss, slope_of
from viewcast.training.settings import DescentSettings

Engine = Literal["compiled", "torch"]
CPU = "cpu"


def engine_of(settings: DescentSettings, loss: Loss, device: str) -> Engine:
    """The engine for these settings; refuses (ConfigError) ``engine = compiled`` where it cannot.

    ``device``: ``cpu`` or ``cuda``.
    """
    if settings.engine == "torch":
        return "torch"
    obstacle = _by_settings(settings, loss) or _by_machine(device)
    if obstacle is None:
        return "compiled"
    if settings.engine == "compiled":
        raise ConfigError(
            f"trainer.engine = compiled contradicts {obstacle}; choose trainer.engine=auto"
        )
    return "torch"


def is_meant_for_compiled(settings: DescentSettings, loss: Loss, device: str) -> bool:
    """Whether the compiled engine trains this on a machine that has it, and no GPU to prefer.

    ``device`` may be ``auto``. The answer is the same on every machine.
    """
    wanted = settings.engine != "torch" and device != "cuda"
    return wanted and _by_settings(settings, loss) is None


def check_engine(settings: DescentSettings, loss: Loss) -> None:
    """Refuse (ConfigError) ``engine = compiled`` with settings or a loss that it cannot train."""
    obstacle = _by_settings(settings, loss)
    if settings.engine == "compiled" and obstacle is not None:
        raise ConfigError(
            f"trainer.engine = compiled contradicts {obstacle}; choose trainer.engine=auto"
        )


def _by_settings(settings: DescentSettings, loss: Loss) -> str | None:
    """What of the settings or the loss the compiled engine cannot do, and why."""
    if settings.precision != "float32":
        return f"trainer.precision = {settings.precision}: it computes in float32"
    if slope_of(loss) is None:
        return f"loss = {loss.name}: it needs a loss with a static method slope"
    return None


def _by_machine(device: str) -> str | None:
    """What of the machine the compiled engine cannot use, or lacks."""
    if device != CPU:
        return f"device = {device}: it runs on a CPU"
    missing = _missing()
    return f"this environment, which lacks {' and '.join(missing)}" if missing else None


@cache
def _missing() -> list[str]:
    """The packages that are not there; looked for once, not for every candidate."""
    return [name for name in ("numba", "llvmlite") if find_spec(name) is None]

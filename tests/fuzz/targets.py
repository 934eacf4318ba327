"""All that is fuzzed. A target is imported where it is used: some take seconds."""

from importlib import import_module

from fuzz.target import Target

# Of 1,250 inputs, how many are a target's: an input of some takes thirty times another's time.
SHARES = {
    "overrides": 75,
    "models": 175,
    "youtube": 200,
    "artifacts": 100,
    "panels": 150,
    "exports": 125,
    "archives": 75,
    "folders": 50,
    "referee_rows": 50,
    "native": 75,
    "referees": 100,
    "submissions": 75,
}
NAMES = tuple(SHARES)


def target(name: str) -> Target:
    """The target of this name."""
    found: Target = import_module(f"fuzz.{name}").TARGET
    return found

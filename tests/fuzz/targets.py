"""All that is fuzzed. A target is imported where it is used: some take seconds."""

from importlib import import_module

from fuzz.target import Target

NAMES = ("overrides", "models", "youtube", "artifacts", "panels", "exports", "archives")


def target(name: str) -> Target:
    """The target of this name."""
    found: Target = import_module(f"fuzz.{name}").TARGET
    return found

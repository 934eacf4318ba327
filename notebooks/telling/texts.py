"""The words of the lecture in English and in Traditional Chinese, from one table."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml

ENGLISH, CHINESE = "en", "zh-TW"
LANGUAGES = {"English": ENGLISH, "繁體中文": CHINESE}
TABLE = Path(__file__).with_name("texts.yaml")
VARIABLES = ("LC_ALL", "LC_MESSAGES", "LANG")  # the first that is set decides, as in POSIX


@dataclass(frozen=True)
class Texts:
    """The texts of one language: ``say("title")`` gives one, with its ``{places}`` filled in."""

    language: str
    words: Mapping[str, str]

    @classmethod
    def of(cls, language: str) -> "Texts":
        """All texts of ``en`` or ``zh-TW``."""
        return cls(language, {key: both[language] for key, both in table().items()})

    def __call__(self, key: str, **places: str | int) -> str:
        """The text of a key. Raises KeyError for an unknown key and for a place left open."""
        return self.words[key].format_map(places)


def table() -> dict[str, dict[str, str]]:
    """Every text by its key and its language."""
    read: dict[str, dict[str, str]] = yaml.safe_load(TABLE.read_text(encoding="utf-8"))
    return read


def preferred(environment: Mapping[str, str] = os.environ) -> str:
    """The language of the environment: ``LANG=zh-TW`` or ``zh_TW.UTF-8`` is Chinese."""
    chosen = next((environment[name] for name in VARIABLES if environment.get(name)), "")
    return CHINESE if chosen.lower().startswith("zh") else ENGLISH

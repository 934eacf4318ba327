"""The words of the live lecture: each is used, in both languages, and the environment chooses."""

import re
from string import Formatter

import pytest

from support.lecture import NOTEBOOKS
from telling import texts

ENGLISH = texts.Texts.of("en")


def test_every_text_is_there_in_both_languages_with_the_same_places() -> None:
    for key, both in texts.table().items():
        assert set(both) == set(texts.LANGUAGES.values()), key
        assert places(both["en"]) == places(both["zh-TW"]), key
        assert not re.search("[一-鿿]", both["en"]), key


def test_every_text_is_used_and_every_text_that_is_used_exists() -> None:
    sources = [NOTEBOOKS / "lecture.py", *(NOTEBOOKS / "telling").glob("*.py")]
    named = set(re.findall(r'"([a-z_]+)"', "".join(file.read_text() for file in sources)))
    asked = set(re.findall(r'say\(\s*"([a-z_]+)"', "".join(file.read_text() for file in sources)))
    assert set(ENGLISH.words) <= named
    assert asked <= set(ENGLISH.words)


@pytest.mark.parametrize(
    ("environment", "language"),
    [
        ({}, "en"),
        ({"LANG": "zh-TW"}, "zh-TW"),
        ({"LANG": "zh_TW.UTF-8"}, "zh-TW"),
        ({"LANG": "zh_TW.UTF-8", "LC_ALL": "C.UTF-8"}, "en"),
    ],
)
def test_the_environment_chooses_the_language(environment: dict[str, str], language: str) -> None:
    assert texts.preferred(environment) == language


def test_only_what_is_public_in_the_package_is_told() -> None:
    sources = [NOTEBOOKS / "lecture.py", *(NOTEBOOKS / "telling").glob("*.py")]
    text = "".join(file.read_text() for file in sources)
    assert not re.search(r"from viewcast\S* import .*\b_|viewcast\S*\._", text)


def places(text: str) -> set[str]:
    return {name for _, name, *_ in Formatter().parse(text) if name}

"""A configuration names classes of viewcast and of listed plug-ins; nothing else is imported."""

import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.moments import Moment
from viewcast.base.errors import ConfigError
from viewcast.base.plugins import PLUGINS, named_class
from viewcast.base.settings import build
from viewcast.scoring import loss

PLUGIN = """
import pathlib
from dataclasses import dataclass
from viewcast.scoring.loss import MAE
pathlib.Path(__file__).with_name("ran").touch()

@dataclass(frozen=True)
class Mine:
    factor: float
"""


@pytest.fixture
def plugin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The module ``a_plugin``, and the file that its code leaves when it is imported."""
    (tmp_path / "a_plugin.py").write_text(PLUGIN, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delenv(PLUGINS, raising=False)
    monkeypatch.delitem(sys.modules, "a_plugin", raising=False)
    return tmp_path / "ran"


def test_a_plugin_that_is_not_listed_is_refused_and_its_code_does_not_run(plugin: Path) -> None:
    with pytest.raises(ConfigError, match=f"a_plugin is neither .* {PLUGINS}=a_plugin before"):
        build({"_target_": "a_plugin.Mine", "factor": 2}, "model")
    assert not plugin.exists()


@pytest.mark.parametrize("listed", ["a_plugin", "other, a_plugin"])
@pytest.mark.parametrize("name", ["a_plugin.Mine", "a_plugin:Mine"])
def test_a_listed_plugin_is_built(
    listed: str, name: str, plugin: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(PLUGINS, listed)
    assert build({"_target_": name, "factor": 2}, "model").factor == 2


def test_a_plugin_may_name_its_own_classes_and_those_of_viewcast(
    plugin: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(PLUGINS, "a_plugin")
    assert named_class("a_plugin.MAE", "loss._target_").name == "mae"


@pytest.mark.parametrize(
    ("target", "words"),
    [
        ("os.system", "os is neither viewcast nor a listed plug-in"),
        ("viewcastle.models.Deep", "viewcastle is neither"),
        ("subprocess:Popen", "subprocess is neither"),
        ("viewcast.base.cli:os.system", "has no settings"),
        ("viewcast.data.raw.io.open", "no such class|has no settings"),
        ("viewcast.retraining.versioning:subprocess.CompletedProcess", "has no settings"),
        ("viewcast.base.pool:ThreadPoolExecutor", "has no settings"),
        ("viewcast.tracking.write.recorder:Metric", "has no settings"),
        ("viewcast.gone.Gone", "no such class"),
        ("viewcast", "expected the dotted name of a class"),
        ("viewcast.models.deep.Deep()", "expected the dotted name"),
        ("__import__('os').system", "expected the dotted name"),
        (["viewcast.models.deep.Deep"], "expected the dotted name"),
        (None, "expected the dotted name"),
    ],
)
def test_nothing_but_dataclasses_of_viewcast_is_named(target: object, words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        named_class(target, "model._target_")


def test_a_dataclass_of_another_library_is_not_reached_by_way_of_a_module(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv(PLUGINS, raising=False)
    monkeypatch.setattr(loss, "Moment", Moment, raising=False)
    with pytest.raises(ConfigError, match=r"is a class of support\.moments, which is no listed"):
        named_class("viewcast.scoring.loss.Moment", "loss._target_")


@given(name=st.text() | st.from_regex(r"[a-z_]{1,9}([.:][A-Za-z_]{1,9}){1,3}", fullmatch=True))
def test_any_other_name_is_refused_in_few_words_and_nothing_is_imported(name: str) -> None:
    if name.startswith("viewcast."):
        return
    before = set(sys.modules)
    with pytest.raises(ConfigError) as refused:
        named_class(name, "model._target_")
    assert len(str(refused.value)) < 600
    assert set(sys.modules) == before

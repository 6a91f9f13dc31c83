"""The packaged model: its files, what it reads, what happens without it."""

import json
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ofmemory.infra.text.model import (
    BAG_FILE,
    MANIFEST_FILE,
    MODEL_FILE,
    PACKAGED,
    TOKENIZER_FILE,
    WINDOW_TOKENS,
    Manifest,
    ModelUnavailable,
    TextModel,
    load,
)

LARGEST = 30 * 2**20


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the packaged files that a test may spoil."""
    return Path(shutil.copytree(PACKAGED, tmp_path / "files"))


def test_the_files_are_small_enough_for_the_repository() -> None:
    assert sum(path.stat().st_size for path in PACKAGED.iterdir()) < LARGEST


def test_the_manifest_names_28_emotions_each_with_its_threshold() -> None:
    manifest = Manifest.read(PACKAGED / MANIFEST_FILE)
    assert len(manifest.emotions) == 28
    assert set(manifest.thresholds.emotions) == set(manifest.emotions)
    assert set(manifest.sentiments) == {"positive", "negative", "neutral"}
    assert 1 / 3 < manifest.thresholds.answer < 1


@pytest.mark.parametrize(
    ("text", "sentiment"),
    [
        ("thank you so much, this made my day", "positive"),
        ("that was a terrible waste of money", "negative"),
        ("the shop opens at nine on mondays", "neutral"),
        ("I'm dying 😂", "positive"),
        ("damn you look hot 🔥", "positive"),
        ("can't wait for the next one 😍", "positive"),
        ("you never answer me 😔", "negative"),
    ],
)
def test_clear_texts_are_read_clearly(text: str, sentiment: str) -> None:
    said = load().read([text])[0].sentiment
    assert max(said, key=said.__getitem__) == sentiment


def test_a_text_is_read_the_same_beside_any_others() -> None:
    model = load()
    texts = ["short", "a much longer sentence about nothing in particular, really " * 4, "so happy today!"]
    assert model.read(texts) == [model.read([text])[0] for text in texts]


def test_threads_read_the_same() -> None:
    model = load()
    texts = [f"I am happy about number {number}" for number in range(40)]
    with ThreadPoolExecutor(8) as pool:
        assert [said[0] for said in pool.map(lambda text: model.read([text]), texts)] == model.read(texts)


def test_it_is_loaded_once_a_process() -> None:
    assert load() is load()


def test_very_long_texts_are_read_at_both_ends() -> None:
    said = load().read(["I love this so much! " * 20 + "word " * 20_000 + "I love this so much! " * 20])[0].sentiment
    assert max(said, key=said.__getitem__) == "positive"


def test_windows_have_a_bounded_length_and_number() -> None:
    windows = load()._windows("word " * 3_000)
    assert len(windows) == 4
    assert all(len(window) <= WINDOW_TOKENS for window in windows)


@settings(max_examples=40)
@given(st.text(max_size=300))
def test_any_text_gives_probabilities(text: str) -> None:
    said = load().read([text])[0]
    assert sum(said.sentiment.values()) == pytest.approx(1.0)
    assert all(0.0 <= value <= 1.0 for value in [*said.sentiment.values(), *said.emotions.values()])


@pytest.mark.parametrize("name", [MODEL_FILE, TOKENIZER_FILE, BAG_FILE, MANIFEST_FILE])
def test_a_missing_file_makes_it_unavailable(folder: Path, name: str) -> None:
    (folder / name).unlink()
    with pytest.raises(ModelUnavailable):
        TextModel(folder)


@pytest.mark.parametrize("name", [MODEL_FILE, TOKENIZER_FILE, BAG_FILE])
def test_a_changed_file_makes_it_unavailable(folder: Path, name: str) -> None:
    with (folder / name).open("ab") as changed:
        changed.write(b"\n")
    with pytest.raises(ModelUnavailable, match="not the one of its manifest"):
        TextModel(folder)


@pytest.mark.parametrize("key", ["calibration", "thresholds", "files", "sentiments"])
def test_an_incomplete_manifest_makes_it_unavailable(folder: Path, key: str) -> None:
    manifest = json.loads((folder / MANIFEST_FILE).read_text())
    del manifest[key]
    (folder / MANIFEST_FILE).write_text(json.dumps(manifest))
    with pytest.raises(ModelUnavailable, match="manifest"):
        TextModel(folder)


def test_the_model_did_not_keep_what_it_was_told_before() -> None:
    model = load()
    before = model.read(["see you tomorrow"])
    model.read(["I hate all of this"])
    assert model.read(["see you tomorrow"]) == before

"""The one small model of this product: English text in, calibrated sentiment and 28 emotions out.

What it was trained on, what it is good for and what not: MODEL_CARD.md beside this file.
"""

import hashlib
import json
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ofmemory.infra.text import emoji
from ofmemory.infra.text.bag import Bag

# Imported where the model is loaded: a web server that reads no messages saves more than 20 MB a process.
if TYPE_CHECKING:
    import onnxruntime
    from tokenizers import Tokenizer

PACKAGED = Path(__file__).parent / "files"
MODEL_FILE = "model.onnx"
TOKENIZER_FILE = "tokenizer.json"
BAG_FILE = "words.npz"
MANIFEST_FILE = "manifest.json"
# A window of the text, and how many of them are read: the beginning and the end of what is longer.
WINDOW_TOKENS = 128
WINDOWS_AT_EACH_END = 2
CHARACTERS_AT_EACH_END = 4_000
Array = NDArray[np.float32]


class ModelUnavailable(Exception):
    """The model's files are missing, or are not those of its manifest; the word lists take over."""


@dataclass(frozen=True, slots=True)
class Thresholds:
    """From where on the model's word is taken; fitted on texts held out of training.

    Args:
        answer: least probability of the likeliest sentiment at which 85 % of the answers were right.
        emotions: least probability of each emotion.
    """

    answer: float
    emotions: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class TextOutputs:
    """What the model says of one text.

    Args:
        sentiment: calibrated probabilities by name; they sum to 1.
        emotions: calibrated probability of each of 28 labels; they do not sum to 1.
    """

    sentiment: Mapping[str, float]
    emotions: Mapping[str, float]
    thresholds: Thresholds


@dataclass(frozen=True, slots=True)
class Manifest:
    """What stands beside the model: labels, calibration and the checksums of its files.

    Args:
        weights: (3, 6), of the logistic regression that joins the sentiments of the model and of the bag of words.
        offsets: (3,), its intercepts.
        temperature: what its logits are divided by.
        emotion_scales: (28, 3), of each emotion's own logistic calibration: weight of the model's logit, weight of
            the bag's, intercept.
    """

    sentiments: tuple[str, ...]
    emotions: tuple[str, ...]
    weights: Array
    offsets: Array
    temperature: float
    emotion_scales: Array
    thresholds: Thresholds
    checksums: Mapping[str, str]

    @classmethod
    def read(cls, path: Path) -> "Manifest":
        """Return the manifest in a file. Raises ModelUnavailable where there is none or it lacks something."""
        try:
            values: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
            return cls._of(values)
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise ModelUnavailable("the text model's manifest cannot be read") from error

    @classmethod
    def _of(cls, values: dict[str, Any]) -> "Manifest":
        calibration, thresholds = values["calibration"], values["thresholds"]
        return cls(
            sentiments=tuple(values["sentiments"]),
            emotions=tuple(values["emotions"]),
            weights=np.array(calibration["weights"], np.float32),
            offsets=np.array(calibration["offsets"], np.float32),
            temperature=float(calibration["temperature"]),
            emotion_scales=np.array(calibration["emotion_scales"], np.float32),
            thresholds=Thresholds(float(thresholds["answer"]), dict(thresholds["emotions"])),
            checksums=dict(values["files"]),
        )


class TextModel:
    """The model in memory. One run uses one core; several threads may read at once."""

    def __init__(self, folder: Path) -> None:
        """Load the files of a folder. Raises ModelUnavailable where one is missing or not the manifest's."""
        self.manifest = Manifest.read(folder / MANIFEST_FILE)
        self._tokenizer = _tokenizer(_verified(folder, TOKENIZER_FILE, self.manifest))
        self._bag = Bag(_verified(folder, BAG_FILE, self.manifest))
        self._session = _session(_verified(folder, MODEL_FILE, self.manifest))

    def read(self, texts: Sequence[str]) -> list[TextOutputs]:
        """Return what the model says of each text, in their order.

        Texts are run one by one: the scales of int8 activations are taken over a batch, so that in a batch a
        message would be read differently beside different others.
        """
        return [self._outputs(self.logits(text)) for text in texts]

    def logits(self, text: str) -> Array:
        """Return 62 numbers before calibration: the model's (mean over windows), then the bag's; sentiments first."""
        words = prepared(text)
        windows = [self._run(window) for window in self._windows(words)]
        return np.concatenate([np.mean(windows, axis=0, dtype=np.float32), self._bag.logits(words)])

    def _windows(self, words: str) -> list[list[int]]:
        ids: list[int] = self._tokenizer.encode(words).ids
        if len(ids) <= WINDOW_TOKENS:
            return [ids]
        first, *inner, last = ids
        room = WINDOW_TOKENS - 2
        parts = [inner[at : at + room] for at in range(0, len(inner), room)]
        if len(parts) > 2 * WINDOWS_AT_EACH_END:
            parts = parts[:WINDOWS_AT_EACH_END] + parts[-WINDOWS_AT_EACH_END:]
        return [[first, *part, last] for part in parts]

    def _run(self, ids: list[int]) -> Array:
        feed = {"ids": np.array([ids], np.int64), "mask": np.ones((1, len(ids)), np.float32)}
        sentiment, emotions = self._session.run(["sentiment", "emotions"], feed)
        return np.concatenate([sentiment[0], emotions[0]])

    def _outputs(self, logits: Array) -> TextOutputs:
        manifest = self.manifest
        joined, emotions = join(logits, manifest.weights, manifest.offsets, manifest.emotion_scales)
        return TextOutputs(
            dict(zip(manifest.sentiments, _softmax(joined / manifest.temperature), strict=True)),
            dict(zip(manifest.emotions, _sigmoid(emotions), strict=True)),
            manifest.thresholds,
        )


def join(logits: Array, weights: Array, offsets: Array, emotion_scales: Array) -> tuple[Array, Array]:
    """Return (logits of the sentiments, logits of the emotions) from the 62 numbers of one text or of many (rows)."""
    sentiments = len(offsets)
    both = sentiments + len(emotion_scales)
    of_model, of_bag = logits[..., :both], logits[..., both:]
    joined = np.concatenate([of_model[..., :sentiments], of_bag[..., :sentiments]], axis=-1) @ weights.T + offsets
    by_model, by_bag, intercepts = emotion_scales.T
    return joined, of_model[..., sentiments:] * by_model + of_bag[..., sentiments:] * by_bag + intercepts


_loaded: dict[Path, TextModel] = {}
_lock = threading.Lock()


def load(folder: Path = PACKAGED) -> TextModel:
    """Return the model of a folder, loaded at most once a process. Raises ModelUnavailable."""
    with _lock:
        if folder not in _loaded:
            _loaded[folder] = TextModel(folder)
        return _loaded[folder]


def prepared(text: str) -> str:
    """Return the text as the model knows it from training: emoji in words; of very long texts both ends."""
    if len(text) > 2 * CHARACTERS_AT_EACH_END:
        text = f"{text[:CHARACTERS_AT_EACH_END]} {text[-CHARACTERS_AT_EACH_END:]}"
    whole = text.encode(errors="replace").decode()  # half a surrogate pair is no text to the tokenizer
    return emoji.spell_out(whole.replace("\x00", " ")).strip()


def check_files(folder: Path) -> None:
    """Compare the files of a folder with its manifest, without loading them. Raises ModelUnavailable."""
    manifest = Manifest.read(folder / MANIFEST_FILE)
    for name in (TOKENIZER_FILE, BAG_FILE, MODEL_FILE):
        _verified(folder, name, manifest)


def _verified(folder: Path, name: str, manifest: Manifest) -> bytes:
    try:
        content = (folder / name).read_bytes()
    except OSError as error:
        raise ModelUnavailable(f"{name} of the text model cannot be read") from error
    if hashlib.sha256(content).hexdigest() != manifest.checksums.get(name):
        raise ModelUnavailable(f"{name} of the text model is not the one of its manifest")
    return content


def _tokenizer(content: bytes) -> "Tokenizer":
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_str(content.decode())
    tokenizer.no_padding()
    tokenizer.no_truncation()
    return tokenizer


def _session(content: bytes) -> "onnxruntime.InferenceSession":
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])


def _softmax(logits: Array) -> list[float]:
    raised = np.exp((logits - logits.max()).astype(np.float64))
    shares: list[float] = (raised / raised.sum()).tolist()
    return shares


def _sigmoid(logits: Array) -> list[float]:
    values: list[float] = (1.0 / (1.0 + np.exp(-logits.astype(np.float64)))).tolist()
    return values

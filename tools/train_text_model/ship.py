"""Writing the folder that ships: model.onnx, tokenizer.json, manifest.json."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ofmemory.infra.text.model import BAG_FILE, MANIFEST_FILE, MODEL_FILE, TOKENIZER_FILE, Manifest, TextModel
from tools.train_text_model.calibrate import Calibration, Floats, calibrate
from tools.train_text_model.data import CHECKSUMS, SENTIMENTS, Example
from tools.train_text_model.export import export, quantise
from tools.train_text_model.network import Reader

VERSION = 1
DIGITS = 5
FILES = (MODEL_FILE, TOKENIZER_FILE, BAG_FILE)


def ship(
    reader: Reader,
    tokenizer: str,
    bag: bytes,
    held_out: list[Example],
    labels: Sequence[str],
    facts: Mapping[str, Any],
    out: Path,
) -> None:
    """Export, quantise, calibrate on the held-out examples *as the shipped file reads them*, and write the manifest.

    Args:
        tokenizer: the content of the encoder's tokenizer.json.
        bag: the packed bag of words.
        facts: what else the manifest should tell: recipes, libraries.
    """
    out.mkdir(parents=True, exist_ok=True)
    export(reader, out / "fp32.onnx")
    quantise(out / "fp32.onnx", out / MODEL_FILE)
    (out / "fp32.onnx").unlink()
    (out / TOKENIZER_FILE).write_text(tokenizer, encoding="utf-8")
    (out / BAG_FILE).write_bytes(bag)
    blank = Calibration(np.eye(3, 6), np.zeros(3), 1.0, np.tile([1.0, 0.0, 0.0], (28, 1)), 0.0, np.full(28, 0.3))
    _write_manifest(out, blank, labels, facts)
    calibration = calibrate(shipped_logits(out, [example.text for example in held_out]), held_out)
    _write_manifest(out, calibration, labels, facts)
    Manifest.read(out / MANIFEST_FILE)


def shipped_logits(folder: Path, texts: Sequence[str]) -> Floats:
    """Return the logits (sentiments first) of the model in a folder, read the way the product reads."""
    model = TextModel(folder)
    return np.array([model.logits(text) for text in texts])


def _write_manifest(out: Path, calibration: Calibration, labels: Sequence[str], facts: Mapping[str, Any]) -> None:
    thresholds = {
        name: round(float(least), 4) for name, least in zip(labels, calibration.emotion_thresholds, strict=True)
    }
    manifest = {
        "version": VERSION,
        "sentiments": list(SENTIMENTS),
        "emotions": list(labels),
        "calibration": {
            "weights": np.round(calibration.weights, DIGITS).tolist(),
            "offsets": np.round(calibration.offsets, DIGITS).tolist(),
            "temperature": round(calibration.temperature, DIGITS),
            "emotion_scales": np.round(calibration.emotion_scales, DIGITS).tolist(),
        },
        "thresholds": {"answer": round(calibration.answer, 4), "emotions": thresholds},
        "files": {name: hashlib.sha256((out / name).read_bytes()).hexdigest() for name in FILES},
        "trained_on": {"GoEmotions (Apache-2.0)": CHECKSUMS, "written texts": "tools/train_text_model/written.py"},
        **facts,
    }
    (out / MANIFEST_FILE).write_text(json.dumps(manifest, indent=1) + "\n", encoding="utf-8")

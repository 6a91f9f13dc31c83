"""Fine-tuning on one core: bf16, batches of like length, averaged weights."""

import copy
import math
import random
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer
from torch import Tensor
from torch.nn import functional

from tools.train_text_model.data import Example, clean, with_names
from tools.train_text_model.network import EMOTIONS, LAYERS, SENTIMENTS, Dropout, Reader

MAX_TOKENS = 72
BATCHES_SORTED_TOGETHER = 60
WARM_UP_SHARE = 0.06
AVERAGED_EVERY = 10
LOGGED_EVERY = 100
Logits = tuple[NDArray[np.float32], NDArray[np.float32]]
COMMON = 1300.0
MOST_WEIGHT = 4.0


@dataclass(frozen=True, slots=True)
class Recipe:
    """What a run is made of.

    Args:
        layer_decay: the learning rate of a layer over that of the layer above it.
        average_decay: share of the old in the averaged weights, a step.
        names_share: share of examples whose [NAME] becomes a first name.
        sentiment_weight: of the three-class loss beside the summed one of the 28 labels.
        rare_power: how much more a rare emotion's examples count, (1300 / their number) to this power, at most 4.
        start: the run to go on from; "" for the encoder as it came.
        written: whether our own texts are trained on, too.
        teachers: names of earlier runs whose averaged opinion is mixed into the targets.
        emotions_share: share of that opinion in the targets of the emotions.
        sentiment_share: the same for the sentiments.
        train_words: whether the word embeddings learn, too.
    """

    seed: int
    epochs: int = 3
    learning_rate: float = 1.2e-4
    layer_decay: float = 0.85
    batch: int = 32
    weight_decay: float = 0.01
    average_decay: float = 0.998
    names_share: float = 0.3
    sentiment_weight: float = 2.0
    rare_power: float = 0.0
    start: str = ""
    written: bool = True
    teachers: tuple[str, ...] = ()
    emotions_share: float = 0.3
    sentiment_share: float = 0.5
    train_words: bool = False


@dataclass(frozen=True, slots=True)
class Batch:
    """Tensors of one step."""

    ids: Tensor
    mask: Tensor
    emotions: Tensor
    sentiment: Tensor
    sentiment_weight: Tensor
    weight: Tensor


def fit(reader: Reader, examples: Sequence[Example], tokenizer: Tokenizer, recipe: Recipe, saved: Path) -> Reader:
    """Train and return the averaged reader; the averaged weights are saved after every epoch."""
    torch.manual_seed(recipe.seed)
    dice = random.Random(recipe.seed)  # noqa: S311  an order of examples, not a secret
    reader.words.weight.requires_grad_(recipe.train_words)
    optimiser = torch.optim.AdamW(_groups(reader, recipe), betas=(0.9, 0.98), eps=1e-6, fused=True)
    peaks = [float(group["lr"]) for group in optimiser.param_groups]
    steps = recipe.epochs * math.ceil(len(examples) / recipe.batch)
    rarity = _rarity(examples, recipe)
    averaged = copy.deepcopy(reader)
    reader.drop = Dropout(seed=recipe.seed)
    step, started, running = 0, time.monotonic(), 0.0
    for epoch in range(recipe.epochs):
        for batch in _batches(examples, tokenizer, recipe, dice):
            for group, peak in zip(optimiser.param_groups, peaks, strict=True):
                group["lr"] = peak * _schedule(step, steps)
            with torch.autocast("cpu", dtype=torch.bfloat16):
                emotions, sentiment = reader(batch.ids, batch.mask)
            loss = _loss(emotions.float(), sentiment.float(), batch, recipe, rarity)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(reader.parameters(), 1.0)
            optimiser.step()
            optimiser.zero_grad(set_to_none=True)
            step += 1
            running += loss.item()
            if step % AVERAGED_EVERY == 0:
                _average(averaged, reader, recipe, step)
            if step % LOGGED_EVERY == 0:
                spent = time.monotonic() - started
                _log(f"epoch {epoch} step {step}/{steps} loss {running / LOGGED_EVERY:.4f} {spent:.0f} s")
                running = 0.0
        torch.save(averaged.state_dict(), saved)
    return averaged


@torch.inference_mode()
def predict(reader: Reader, texts: Sequence[str], tokenizer: Tokenizer, *, fast: bool = False) -> Logits:
    """Return (logits of emotions, logits of sentiments), a row a text, in fp32, or in bf16 where it may be rough."""
    tokens = [_tokens(clean(text), tokenizer) for text in texts]
    order = sorted(range(len(tokens)), key=lambda index: len(tokens[index]))
    emotions = np.zeros((len(tokens), EMOTIONS), np.float32)
    sentiment = np.zeros((len(tokens), SENTIMENTS), np.float32)
    for start in range(0, len(order), 64):
        rows = order[start : start + 64]
        ids, mask = pad([tokens[row] for row in rows])
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=fast):
            first, second = reader(ids, mask)
        emotions[rows], sentiment[rows] = first.float().numpy(), second.float().numpy()
    return emotions, sentiment


def pad(tokens: Sequence[Sequence[int]]) -> tuple[Tensor, Tensor]:
    """Return (ids, mask), filled up with 0 to the longest."""
    longest = max(len(row) for row in tokens)
    ids = torch.zeros(len(tokens), longest, dtype=torch.long)
    mask = torch.zeros(len(tokens), longest)
    for index, row in enumerate(tokens):
        ids[index, : len(row)] = torch.tensor(row)
        mask[index, : len(row)] = 1.0
    return ids, mask


def _tokens(text: str, tokenizer: Tokenizer) -> list[int]:
    ids: list[int] = tokenizer.encode(text).ids
    return ids if len(ids) <= MAX_TOKENS else [*ids[: MAX_TOKENS - 1], ids[-1]]


def _batches(examples: Sequence[Example], tokenizer: Tokenizer, recipe: Recipe, dice: random.Random) -> Iterator[Batch]:
    order = list(range(len(examples)))
    dice.shuffle(order)
    chunk = recipe.batch * BATCHES_SORTED_TOGETHER
    batches = []
    for start in range(0, len(order), chunk):
        some = [
            (row, _tokens(_varied(examples[row].text, recipe, dice), tokenizer)) for row in order[start : start + chunk]
        ]
        some.sort(key=lambda pair: len(pair[1]))
        batches += [some[at : at + recipe.batch] for at in range(0, len(some), recipe.batch)]
    dice.shuffle(batches)
    for batch in batches:
        yield _batch([examples[row] for row, _ in batch], [tokens for _, tokens in batch])


def _varied(text: str, recipe: Recipe, dice: random.Random) -> str:
    return clean(with_names(text, dice) if dice.random() < recipe.names_share else text)


def _batch(examples: Sequence[Example], tokens: Sequence[Sequence[int]]) -> Batch:
    ids, mask = pad(tokens)
    return Batch(
        ids,
        mask,
        torch.tensor([example.emotions for example in examples]),
        torch.tensor([example.sentiment or (0.0, 0.0, 0.0) for example in examples]),
        torch.tensor([float(example.sentiment is not None) * example.weight for example in examples]),
        torch.tensor([example.weight for example in examples]),
    )


def _loss(emotions: Tensor, sentiment: Tensor, batch: Batch, recipe: Recipe, rarity: Tensor) -> Tensor:
    of_labels = functional.binary_cross_entropy_with_logits(
        emotions, batch.emotions, pos_weight=rarity, reduction="none"
    ).sum(1)
    of_three = -(batch.sentiment * sentiment.log_softmax(1)).sum(1)
    return (of_labels * batch.weight).mean() + recipe.sentiment_weight * (of_three * batch.sentiment_weight).mean()


def _rarity(examples: Sequence[Example], recipe: Recipe) -> Tensor:
    """Return how much a label's positive examples count beside its negative ones."""
    counts = torch.tensor([example.emotions for example in examples]).sum(0)
    return (COMMON / counts).pow(recipe.rare_power).clamp(1.0, MOST_WEIGHT)


def _schedule(step: int, steps: int) -> float:
    warm = max(1, round(steps * WARM_UP_SHARE))
    return (step + 1) / warm if step < warm else max(0.02, (steps - step) / (steps - warm))


def _average(averaged: Reader, reader: Reader, recipe: Recipe, step: int) -> None:
    keep = min(recipe.average_decay**AVERAGED_EVERY, step / (step + 50.0))
    with torch.no_grad():
        old = [p for p, q in zip(averaged.parameters(), reader.parameters(), strict=True) if q.requires_grad]
        new = [q for q in reader.parameters() if q.requires_grad]
        torch._foreach_lerp_([p.data for p in old], [q.data for q in new], 1.0 - keep)


def _groups(reader: Reader, recipe: Recipe) -> list[dict[str, object]]:
    groups: list[dict[str, object]] = []
    for name, parameter in reader.named_parameters():
        if parameter.requires_grad:
            rate = recipe.learning_rate * recipe.layer_decay ** _depth(name)
            decay = recipe.weight_decay if parameter.ndim > 1 else 0.0
            groups.append({"params": [parameter], "lr": rate, "weight_decay": decay})
    return groups


def _depth(name: str) -> int:
    if name.startswith("layers."):
        return LAYERS - int(name.split(".")[1])
    return 0 if name.startswith(("emotions", "sentiment")) else LAYERS + 1


def _log(line: str) -> None:
    sys.stderr.write(line + "\n")
    sys.stderr.flush()

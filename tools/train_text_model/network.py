"""MiniLM-L6 in plain torch, with two heads: 28 emotions and three sentiments."""

import random
from collections.abc import Callable
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn import functional

WIDTH = 384
HEADS = 12
LAYERS = 6
POSITIONS = 512
VOCABULARY = 30522
EMOTIONS = 28
SENTIMENTS = 3
DROPOUT = 0.1
POOL_SIZE = 1 << 24
EPSILON = 1e-12


class Dropout:
    """Dropout whose coins were tossed beforehand: tossing them took a tenth of the training time on one core."""

    def __init__(self, *, seed: int) -> None:
        """Toss the coins."""
        self._dice = random.Random(seed)  # noqa: S311  noise, not a secret
        generator = torch.Generator().manual_seed(seed)
        kept = torch.rand(POOL_SIZE, generator=generator) >= DROPOUT
        self._pool = kept.to(torch.bfloat16) / (1.0 - DROPOUT)

    def __call__(self, values: Tensor) -> Tensor:
        """Return the values with a tenth of them 0, the others scaled up."""
        start = self._dice.randrange(POOL_SIZE - values.numel())
        return values * self._pool[start : start + values.numel()].view_as(values)


def unchanged(values: Tensor) -> Tensor:
    """Return the values: the dropout of a network that is not being trained."""
    return values


class Layer(nn.Module):
    """One block of BERT (post-norm)."""

    def __init__(self) -> None:
        """Make the weights."""
        super().__init__()
        self.qkv = nn.Linear(WIDTH, 3 * WIDTH)
        self.out = nn.Linear(WIDTH, WIDTH)
        self.norm1 = nn.LayerNorm(WIDTH, eps=EPSILON)
        self.up = nn.Linear(WIDTH, 4 * WIDTH)
        self.down = nn.Linear(4 * WIDTH, WIDTH)
        self.norm2 = nn.LayerNorm(WIDTH, eps=EPSILON)

    def forward(self, hidden: Tensor, mask: Tensor, drop: Callable[[Tensor], Tensor]) -> Tensor:
        """Return the next hidden states; mask is added to the attention scores."""
        batch, length, _ = hidden.shape
        q, k, v = (
            part.view(batch, length, HEADS, WIDTH // HEADS).transpose(1, 2)
            for part in self.qkv(hidden).chunk(3, dim=-1)
        )
        scores = q @ k.transpose(-1, -2) * (WIDTH // HEADS) ** -0.5 + mask
        attention = drop(scores.softmax(-1)).to(v.dtype)
        mixed = (attention @ v).transpose(1, 2).reshape(batch, length, WIDTH)
        hidden = self.norm1(hidden + drop(self.out(mixed)))
        inner = self.down(functional.gelu(self.up(hidden)))
        return self.norm2(hidden + drop(inner))


class Reader(nn.Module):
    """The encoder and its heads: token ids in, logits of emotions and sentiments out."""

    def __init__(self) -> None:
        """Make the weights; `load_encoder` fills those of the encoder."""
        super().__init__()
        self.drop: Callable[[Tensor], Tensor] = unchanged
        self.words = nn.Embedding(VOCABULARY, WIDTH)
        self.positions = nn.Embedding(POSITIONS, WIDTH)
        self.kind = nn.Parameter(torch.zeros(WIDTH))
        self.norm = nn.LayerNorm(WIDTH, eps=EPSILON)
        self.layers = nn.ModuleList(Layer() for _ in range(LAYERS))
        self.emotions = nn.Linear(2 * WIDTH, EMOTIONS)
        self.sentiment = nn.Linear(2 * WIDTH, SENTIMENTS)
        for head in (self.emotions, self.sentiment):
            nn.init.normal_(head.weight, std=0.02)
            nn.init.zeros_(head.bias)

    def hidden_states(self, ids: Tensor, mask: Tensor) -> list[Tensor]:
        """Return the embeddings and the output of every layer; mask is 1 where there is a token."""
        places = torch.arange(ids.shape[1], device=ids.device)
        hidden = self.norm(self.words(ids) + self.positions(places) + self.kind)
        hidden = self.drop(hidden)
        added = (1.0 - mask[:, None, None, :].to(hidden.dtype)) * -10000.0
        states = [hidden]
        for layer in self.layers:
            states.append(layer(states[-1], added, self.drop))
        return states

    def pooled(self, hidden: Tensor, mask: Tensor) -> Tensor:
        """Return the first token's state beside the mean over all tokens."""
        return torch.cat([hidden[:, 0], mean_pool(hidden, mask)], dim=-1)

    def forward(self, ids: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """Return (logits of 28 emotions, logits of negative, neutral, positive)."""
        pooled = self.drop(self.pooled(self.hidden_states(ids, mask)[-1], mask))
        return self.emotions(pooled), self.sentiment(pooled)


def mean_pool(hidden: Tensor, mask: Tensor) -> Tensor:
    """Return the mean over the tokens that are there."""
    weights = mask[:, :, None].to(hidden.dtype)
    return (hidden * weights).sum(1) / weights.sum(1).clamp(min=1.0)


def load_encoder(reader: Reader, weights: Path) -> None:
    """Fill the encoder from all-MiniLM-L6-v2's own file."""
    theirs = load_file(str(weights))
    ours = {
        "words.weight": theirs["embeddings.word_embeddings.weight"],
        "positions.weight": theirs["embeddings.position_embeddings.weight"],
        "kind": theirs["embeddings.token_type_embeddings.weight"][0],
        "norm.weight": theirs["embeddings.LayerNorm.weight"],
        "norm.bias": theirs["embeddings.LayerNorm.bias"],
    }
    for index in range(LAYERS):
        ours |= _layer(theirs, index)
    missing, unexpected = reader.load_state_dict(ours, strict=False)
    if unexpected or any(not name.startswith(("emotions", "sentiment")) for name in missing):
        raise ValueError("the encoder's file has other weights than all-MiniLM-L6-v2")


def _layer(theirs: dict[str, Tensor], index: int) -> dict[str, Tensor]:
    there, here = f"encoder.layer.{index}.", f"layers.{index}."
    attention = there + "attention.self."
    ours = {}
    for kind in ("weight", "bias"):
        ours[f"{here}qkv.{kind}"] = torch.cat(
            [theirs[f"{attention}{part}.{kind}"] for part in ("query", "key", "value")]
        )
        ours[f"{here}out.{kind}"] = theirs[f"{there}attention.output.dense.{kind}"]
        ours[f"{here}norm1.{kind}"] = theirs[f"{there}attention.output.LayerNorm.{kind}"]
        ours[f"{here}up.{kind}"] = theirs[f"{there}intermediate.dense.{kind}"]
        ours[f"{here}down.{kind}"] = theirs[f"{there}output.dense.{kind}"]
        ours[f"{here}norm2.{kind}"] = theirs[f"{there}output.LayerNorm.{kind}"]
    return ours

"""From torch to the file that ships: ONNX, int8 weights a channel, small enough for the repository."""

from pathlib import Path

import onnx
import torch
from onnxruntime.quantization import QuantType, quantize_dynamic
from torch import Tensor, nn

from tools.train_text_model.network import Reader

OPSET = 17


class _Shipped(nn.Module):
    """The reader with its outputs in the order the product wants."""

    def __init__(self, reader: Reader) -> None:
        super().__init__()
        self.reader = reader

    def forward(self, ids: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        emotions, sentiment = self.reader(ids, mask)
        return sentiment, emotions


def export(reader: Reader, target: Path) -> None:
    """Write the reader in fp32."""
    ids = torch.ones(2, 7, dtype=torch.long)
    torch.onnx.export(
        _Shipped(reader).eval(),
        (ids, torch.ones(2, 7)),
        str(target),
        input_names=["ids", "mask"],
        output_names=["sentiment", "emotions"],
        dynamic_axes={"ids": {0: "text", 1: "token"}, "mask": {0: "text", 1: "token"}},
        opset_version=OPSET,
        dynamo=False,
    )


def quantise(source: Path, target: Path) -> None:
    """Write the same with int8 weights; the heads stay fp32.

    The range of the weights is reduced to seven bits: processors without VNNI would overflow with eight.
    """
    heads = [node.name for node in onnx.load(str(source)).graph.node if node.op_type == "Gemm"]
    quantize_dynamic(
        str(source),
        str(target),
        per_channel=True,
        reduce_range=REDUCED_RANGE,
        weight_type=QuantType.QInt8,
        nodes_to_exclude=heads,
    )


REDUCED_RANGE = True

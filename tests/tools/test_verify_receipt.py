"""The checker of receipts: right by RFC 8032 and by another implementation, and every changed byte is found."""

import subprocess
import sys
from pathlib import Path

import orjson
import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from hypothesis import given, settings
from hypothesis import strategies as st

from tools import verify_receipt as tool

TOOL = Path(tool.__file__)
SIGNER = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
KEY = SIGNER.public_key().public_bytes_raw()
# Public key, message, signature: RFC 8032 section 7.1, tests 1, 2, 3 and SHA(abc).
VECTORS = [
    (
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        (
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46b"
            "d25bf5f0595bbe24655141438e7a100b"
        ),
    ),
    (
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        (
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c"
            "387b2eaeb4302aeeb00d291612bb0c00"
        ),
    ),
    (
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        (
            "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc659"
            "4a7c15e9716ed28dc027beceea1ec40a"
        ),
    ),
    (
        "ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf",
        (
            "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
            "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f"
        ),
        (
            "dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b589"
            "09351fc9ac90b3ecfdfbc7c66431e0303dca179c138ac17ad9bef1177331a704"
        ),
    ),
]


def receipt(facts=None):
    facts = facts or {
        "version": 1,
        "creatorId": "créateur",
        "rows": {"b": 1, "a": [None, True]},
        "commitment": "00" * 32,
    }
    body = tool.canonical(facts)
    return tool.canonical({"publicKey": KEY.hex(), "receipt": facts, "signature": SIGNER.sign(body).hex()})


@pytest.mark.parametrize(("key", "message", "signature"), VECTORS)
def test_vectors_of_rfc_8032(key, message, signature):
    key, message, signature = (bytes.fromhex(value) for value in (key, message, signature))
    assert tool.verifies(key, message, signature)
    assert not tool.verifies(key, message + b"!", signature)


@settings(max_examples=30)
@given(seed=st.binary(min_size=32, max_size=32), message=st.binary(max_size=200), other=st.binary(max_size=200))
def test_agrees_with_another_implementation(seed, message, other):
    signer = Ed25519PrivateKey.from_private_bytes(seed)
    key, signature = signer.public_key().public_bytes_raw(), signer.sign(message)
    assert tool.verifies(key, message, signature)
    assert tool.verifies(key, other, signature) == (other == message)


@settings(max_examples=60)
@given(key=st.binary(min_size=32, max_size=32), signature=st.binary(min_size=64, max_size=64))
def test_refuses_what_another_implementation_refuses(key, signature):
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, b"message")
    except (InvalidSignature, ValueError):
        assert not tool.verifies(key, b"message", signature)


def test_a_scalar_beyond_the_order_is_refused():
    """Else anybody could write a second signature for the same receipt."""
    signature = SIGNER.sign(b"message")
    beyond = (int.from_bytes(signature[32:], "little") + tool.L).to_bytes(32, "little")
    assert tool.verifies(KEY, b"message", signature)
    assert not tool.verifies(KEY, b"message", signature[:32] + beyond)


@pytest.mark.parametrize(("key", "signature"), [(KEY[:31], bytes(64)), (KEY, bytes(63)), (b"\xff" * 32, bytes(64))])
def test_what_is_no_key_or_no_signature(key, signature):
    assert not tool.verifies(key, b"", signature)


def test_a_negative_zero_is_no_point():
    assert tool.decompressed((1 | 1 << 255).to_bytes(32, "little")) is None
    assert tool.decompressed((1).to_bytes(32, "little")) == tool.NEUTRAL


def test_every_changed_byte_is_found():
    text = receipt()
    assert tool.check(text)["version"] == 1
    for place in range(len(text)):
        for bit in (1, 0x20, 0x80):
            changed = text[:place] + bytes([text[place] ^ bit]) + text[place + 1 :]
            with pytest.raises(tool.WrongError):
                tool.check(changed)


@pytest.mark.parametrize(
    "text",
    [
        *(b"", b"[]", b"null", b"\xff", b"{}", b'{"publicKey":1,"receipt":{},"signature":""}', b"[" * 100_000),
        *(b" " + receipt(), receipt() + b"\n", orjson.dumps(orjson.loads(receipt()), option=orjson.OPT_INDENT_2)),
        receipt().replace(KEY.hex().encode(), KEY.hex().upper().encode()),
        receipt()[:-1] + b',"more":1}',
    ],
)
def test_what_is_no_receipt(text):
    with pytest.raises(tool.WrongError):
        tool.check(text)


def test_another_signer():
    with pytest.raises(tool.WrongError, match="another key"):
        tool.check(receipt(), "00" * 32)
    assert tool.check(receipt(), KEY.hex().upper())


@pytest.mark.parametrize("opening", ["zz", "00" * 32])
def test_somebody_else(opening):
    with pytest.raises(tool.WrongError):
        tool.check_fan(tool.check(receipt()), opening, "creator-1", "fan-1")


def test_runs_with_nothing_but_python(tmp_path):
    right, wrong = tmp_path / "right.json", tmp_path / "wrong.json"
    right.write_bytes(receipt())
    wrong.write_bytes(receipt().replace(b'"version":1', b'"version":2'))

    def run(*arguments):
        return subprocess.run(
            [sys.executable, "-I", "-S", str(TOOL), *map(str, arguments)],
            cwd=tmp_path, env={}, capture_output=True, text=True, check=False,
        )  # fmt: skip

    assert run(right).returncode == 0
    assert "RIGHT" in run(right, "--public-key", KEY.hex()).stdout
    assert run(wrong).returncode == 1
    assert "WRONG" in run(wrong).stderr
    assert run(right, "--fan", "fan-1").returncode == 2
    assert run(tmp_path / "missing.json").returncode == 2


def test_main(tmp_path, capsys):
    file = tmp_path / "receipt.json"
    file.write_bytes(receipt())
    assert tool.main([str(file)]) == 0
    assert "compare" in capsys.readouterr().out
    assert tool.main([str(file), "--opening", "00", "--creator", "c", "--fan", "f"]) == 1
    with pytest.raises(SystemExit):
        tool.main([str(tmp_path)])

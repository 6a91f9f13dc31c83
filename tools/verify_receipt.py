#!/usr/bin/env python3
"""Check a receipt of an erasure, offline, with nothing but Python.

    python3 -I -S verify_receipt.py receipt.json [--public-key HEX] [--opening HEX --creator ID --fan ID]

Without --public-key the receipt is checked with the key that stands in it: that shows that nothing was changed since,
not who signed. Ask for the key by another way, and name it. With --opening, --creator and --fan it is checked, too,
that the receipt is about that fan.

Exit codes: 0 the receipt is right, 1 it is not, 2 wrong usage.

Source of the signatures: Ed25519, RFC 8032 section 5.1; the arithmetic follows its section 6. Checking needs no
secrets, so that it may take its time differently for different values.
"""

import argparse
import json
import struct
import sys
from hashlib import sha256, sha512

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
SQRT_MINUS_1 = pow(2, (P - 1) // 4, P)
# A point in extended coordinates: x = X/Z, y = Y/Z, x*y = T/Z.
Point = tuple[int, int, int, int]
NEUTRAL: Point = (0, 1, 1, 0)


class WrongError(Exception):
    """The receipt is not right; says why."""


# ---- Ed25519


def verifies(public_key: bytes, message: bytes, signature: bytes) -> bool:
    """Return whether ``signature`` (64 bytes) is that of ``message`` by the holder of ``public_key`` (32 bytes)."""
    if len(public_key) != 32 or len(signature) != 64:
        return False
    key, commitment = decompressed(public_key), decompressed(signature[:32])
    scalar = int.from_bytes(signature[32:], "little")
    if key is None or commitment is None or scalar >= L:
        return False
    challenge = int.from_bytes(sha512(signature[:32] + public_key + message).digest(), "little") % L
    return equal(multiplied(scalar, BASE), added(commitment, multiplied(challenge, key)))


def added(p: Point, q: Point) -> Point:
    a, b = (p[1] - p[0]) * (q[1] - q[0]) % P, (p[1] + p[0]) * (q[1] + q[0]) % P
    c, d = 2 * p[3] * q[3] * D % P, 2 * p[2] * q[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % P, g * h % P, f * g % P, e * h % P


def multiplied(scalar: int, point: Point) -> Point:
    product = NEUTRAL
    while scalar:
        if scalar & 1:
            product = added(product, point)
        point = added(point, point)
        scalar >>= 1
    return product


def equal(p: Point, q: Point) -> bool:
    return (p[0] * q[2] - q[0] * p[2]) % P == 0 and (p[1] * q[2] - q[1] * p[2]) % P == 0


def decompressed(data: bytes) -> "Point | None":
    """Return the point that 32 bytes stand for, if they do."""
    y = int.from_bytes(data, "little")
    sign, y = y >> 255, y & ((1 << 255) - 1)
    if y >= P:
        return None
    x = recovered_x(y, sign)
    return None if x is None else (x, y, 1, x * y % P)


def recovered_x(y: int, sign: int) -> "int | None":
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    if square == 0:
        return None if sign else 0
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * SQRT_MINUS_1 % P
    if (x * x - square) % P:
        return None
    return P - x if x & 1 != sign else x


_BASE = decompressed((4 * pow(5, P - 2, P) % P).to_bytes(32, "little"))
assert _BASE is not None  # noqa: S101 - a constant of the curve
BASE: Point = _BASE


# ---- receipts


def canonical(value: object) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def check(text: bytes, public_key: "str | None" = None) -> dict[str, object]:
    """Return what the receipt says, having checked its form and signature.

    Raises:
        WrongError: it is not right.
    """
    try:
        held = json.loads(text)
        key, signature = bytes.fromhex(held["publicKey"]), bytes.fromhex(held["signature"])
        facts = held["receipt"]
        # Of two ways to write the same, only one was signed.
        spelled = {"publicKey": key.hex(), "receipt": facts, "signature": signature.hex()}
        if canonical(spelled) != text or not isinstance(facts, dict):
            raise WrongError("It is not written as it was issued.")
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise WrongError("It is no receipt.") from error
    if public_key is not None and key.hex() != public_key.lower():
        raise WrongError("It was signed with another key.")
    if not verifies(key, canonical(facts), signature):
        raise WrongError("Its signature is wrong.")
    return facts


def check_fan(facts: dict[str, object], opening: str, creator: str, fan: str) -> None:
    """Check that the receipt is about a fan.

    Raises:
        WrongError: it is not.
    """
    try:
        hidden = bytes.fromhex(opening)
    except ValueError as error:
        raise WrongError("The opening is not hexadecimal.") from error
    parts = [part.encode() for part in (creator, fan)]
    hidden += b"".join(struct.pack(">I", len(part)) + part for part in parts)
    if sha256(hidden).hexdigest() != facts.get("commitment"):
        raise WrongError("It is about somebody else.")


def main(arguments: "list[str] | None" = None) -> int:
    parser = argparse.ArgumentParser(description="Check a receipt of an erasure, offline.")
    parser.add_argument("receipt", help="The file.")
    parser.add_argument("--public-key", metavar="HEX", help="Whose signature it must carry.")
    parser.add_argument("--opening", metavar="HEX", help="What was handed out with the receipt; needs the next two.")
    parser.add_argument("--creator", metavar="ID")
    parser.add_argument("--fan", metavar="ID")
    given = parser.parse_args(arguments)
    about = (given.opening, given.creator, given.fan)
    if any(about) and not all(about):
        parser.error("--opening, --creator and --fan belong together")
    try:
        with open(given.receipt, "rb") as file:  # noqa: PTH123 - as little as possible is imported
            text = file.read()
        facts = check(text, given.public_key)
        if all(about):
            check_fan(facts, *about)
    except OSError as error:
        parser.error(f"{given.receipt} can't be read: {error.strerror}")
    except WrongError as error:
        sys.stderr.write(f"WRONG. {error}\n")
        return 1
    sys.stdout.write(json.dumps(facts, indent=2, ensure_ascii=True) + "\n")
    sys.stdout.write(_verdict(json.loads(text)["publicKey"], checked=bool(given.public_key), about=all(about)))
    return 0


def _verdict(key: str, *, checked: bool, about: bool) -> str:
    signer = f"Signed with {key}" + ("" if checked else ", a key that you should compare with the published one")
    return f"RIGHT. {signer}.{' It is about this fan.' if about else ''}\n"


if __name__ == "__main__":
    sys.exit(main())

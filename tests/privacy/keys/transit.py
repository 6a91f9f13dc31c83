"""A small server that speaks the part of Vault's transit API that the product uses, over real HTTP."""

import base64
import json
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM


class TransitServer:
    """Keys by version, and what is wrong with the server at the moment.

    ``sealed`` answers 503 to everything, ``slow`` not before ``answer`` is set; ``asked`` counts the calls.
    """

    def __init__(self, address: str) -> None:
        self.address = address
        self.token, self.key = "s.good", "ofmemory"
        self.versions = [AESGCM(os.urandom(32))]
        self.min_decryption_version = 1
        self.sealed = self.slow = self.babbles = self.forgets_version = False
        self.answer = threading.Event()
        self.asked = 0

    def rotate(self) -> None:
        self.versions.append(AESGCM(os.urandom(32)))

    def respond(self, path: str, token: str, body: dict[str, str]) -> tuple[int, Any]:
        self.asked += 1
        if self.slow:
            self.answer.wait(30)
        if self.babbles:
            return 200, "busy"
        if self.sealed:
            return 503, {"errors": ["Vault is sealed"]}
        if token != self.token:
            return 403, {"errors": ["permission denied"]}
        call, _, key = path.removeprefix("/v1/transit/").partition("/")
        if key != self.key:
            return 400, {"errors": ["encryption key not found"]}
        associated = base64.b64decode(body.get("associated_data", ""))
        return self._encrypt(body, associated) if call == "encrypt" else self._decrypt(body, associated)

    def _encrypt(self, body: dict[str, str], associated: bytes) -> tuple[int, Any]:
        nonce = os.urandom(12)
        sealed = nonce + self.versions[-1].encrypt(nonce, base64.b64decode(body["plaintext"]), associated)
        version = len(self.versions)
        prefix = "" if self.forgets_version else f"vault:v{version}:"
        text = f"{prefix}{base64.b64encode(sealed).decode()}"
        return 200, {"data": {"ciphertext": text, "key_version": version}}

    def _decrypt(self, body: dict[str, str], associated: bytes) -> tuple[int, Any]:
        parts = body["ciphertext"].split(":")
        if len(parts) != 3 or parts[0] != "vault":
            return 400, {"errors": ["invalid ciphertext: no prefix"]}
        version = int(parts[1][1:])
        if version < self.min_decryption_version:
            return 400, {"errors": ["ciphertext or signature version is disallowed by policy (too old)"]}
        sealed = base64.b64decode(parts[2])
        try:
            text = self.versions[version - 1].decrypt(sealed[:12], sealed[12:], associated)
        except InvalidTag:
            return 400, {"errors": ["cipher: message authentication failed"]}
        return 200, {"data": {"plaintext": base64.b64encode(text).decode()}}


@contextmanager
def transit_server() -> Iterator[TransitServer]:
    """Run one; it ends with the block."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            status, answer = server.respond(self.path, self.headers.get("X-Vault-Token", ""), body)
            raw = answer.encode() if isinstance(answer, str) else json.dumps(answer).encode()
            try:
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(raw)))
                self.end_headers()
                self.wfile.write(raw)
            except (BrokenPipeError, ConnectionResetError):
                return  # the caller lost patience

        def log_message(self, *_: Any) -> None:
            return

    class Server(ThreadingHTTPServer):
        daemon_threads, request_queue_size = True, 64

    with Server(("127.0.0.1", 0), Handler) as http:
        server = TransitServer(f"http://127.0.0.1:{http.server_port}")
        thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server
        finally:
            server.answer.set()
            http.shutdown()
            thread.join()

"""What is looked at first, and the words for it."""

import errno
import socket
from pathlib import Path

import pytest

from ofmemory.embedded import preflight
from ofmemory.embedded.errors import EmbeddedError


def test_room_on_the_disk(home: Path) -> None:
    preflight.check_disk(home, lambda _: preflight.FREE_BYTES_NEEDED)
    with pytest.raises(EmbeddedError, match="the disk is full: 299 MB are free for"):
        preflight.check_disk(home, lambda _: preflight.FREE_BYTES_NEEDED - 1)
    assert preflight.free_bytes(home) > 0


def test_port_in_use_at_one_address_blocks_all_addresses() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        for bind in ("127.0.0.1", "0.0.0.0"):  # noqa: S104 - it has to be refused
            with pytest.raises(EmbeddedError, match=f"port {port} is taken"):
                preflight.check_port(bind, port)
    preflight.check_port("127.0.0.1", port)


@pytest.mark.parametrize("port", [0, -1, 65536])
def test_numbers_that_are_no_port(port: int) -> None:
    with pytest.raises(EmbeddedError, match="is no port"):
        preflight.check_port("127.0.0.1", port)


def test_low_port_without_root() -> None:
    refused = PermissionError(errno.EACCES, "Permission denied")
    assert "port 80 needs root" in preflight._why_not("127.0.0.1", 80, refused)

"""A proxy before each dependency that can be slow, deaf, absent or short of breath.

All of them run in one thread of the harness. A fault concerns what passes from now on, connections that are open
included.
"""

import asyncio
import socket
import threading
from collections.abc import Coroutine
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self
from weakref import WeakSet

HOST: Final = "127.0.0.1"
CHUNK_BYTES: Final = 65536


@dataclass(frozen=True, slots=True)
class Behaviour:
    """What a proxy does to what passes.

    Args:
        latency_seconds: each packet is held for so long, in both directions.
        drip_bytes: answers go on in pieces of so many bytes, 20 a second; 0 lets them pass whole.
        deaf: nothing passes in either direction, connections stay open and new ones are accepted.
        absent: nobody listens; connections that are open were cut.
    """

    latency_seconds: float = 0.0
    drip_bytes: int = 0
    deaf: bool = False
    absent: bool = False


PASSING: Final = Behaviour()
DRIP_SECONDS: Final = 0.05


class FaultProxy:
    """One listening port of ours in front of one server.

    Args:
        upstream: the socket file of the server.
    """

    def __init__(self, name: str, upstream: Path) -> None:
        self.name, self.upstream = name, upstream
        self.port = 0
        self.behaviour = PASSING
        self._hears = asyncio.Event()
        self._hears.set()
        self._listener: socket.socket | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        # Let in, and not yet anybody's.
        self._accepted: set[socket.socket] = set()
        self._writers: set[asyncio.StreamWriter] = set()
        self._ended: WeakSet[asyncio.StreamWriter] = WeakSet()

    async def listen(self) -> None:
        # Not by start_server: closed in the moment in which it lets somebody in, it leaves them open for ever.
        self._listener = socket.create_server((HOST, self.port), backlog=512)
        self._listener.setblocking(False)
        self.port = self._listener.getsockname()[1]
        asyncio.get_running_loop().add_reader(self._listener, self._let_in, self._listener)

    async def behave(self, behaviour: Behaviour) -> None:
        was, self.behaviour = self.behaviour, behaviour
        if behaviour.absent and not was.absent:
            await self.leave()
        if was.absent and not behaviour.absent:
            await self.listen()
        if behaviour.deaf:
            self._hears.clear()
        else:
            self._hears.set()

    async def cut(self) -> None:
        """End every open connection at once."""
        for writer in tuple(self._writers):
            writer.transport.abort()

    async def move(self, upstream: Path) -> None:
        """Lead to another server from now on; connections to the old one are cut."""
        self.upstream = upstream
        await self.cut()

    async def leave(self) -> None:
        if self._listener is not None:
            asyncio.get_running_loop().remove_reader(self._listener)
            self._listener.close()
            self._listener = None
        await self.cut()

    async def forget(self) -> None:
        """End what is left, and wait until all of it is gone."""
        for writer in tuple(self._writers):
            self._end(writer)
        await asyncio.gather(*(writer.wait_closed() for writer in tuple(self._ended)), return_exceptions=True)
        for connection in self._accepted:
            connection.close()

    def _let_in(self, listener: socket.socket) -> None:
        try:
            connection, _ = listener.accept()
        except OSError:
            return  # they left again
        connection.setblocking(False)
        self._accepted.add(connection)
        task = asyncio.get_running_loop().create_task(self._serve(connection))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, connection: socket.socket) -> None:
        reader, writer = await asyncio.open_connection(sock=connection, limit=CHUNK_BYTES)
        self._accepted.discard(connection)
        self._writers.add(writer)
        if self.behaviour.absent:
            self._end(writer)
            return
        try:
            await self._hears.wait()
            their_reader, their_writer = await asyncio.open_unix_connection(str(self.upstream), limit=CHUNK_BYTES)
        except OSError:
            # As a port of a machine whose server is not there: the caller is told so at once.
            self._end(writer)
            return
        self._writers.add(their_writer)
        both = [
            asyncio.ensure_future(self._pump(reader, their_writer, drips=False)),
            asyncio.ensure_future(self._pump(their_reader, writer, drips=True)),
        ]
        try:
            await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for pump in both:
                pump.cancel()
            self._end(writer)
            self._end(their_writer)

    def _end(self, writer: asyncio.StreamWriter) -> None:
        self._writers.discard(writer)
        self._ended.add(writer)
        writer.transport.abort()

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, drips: bool) -> None:
        with suppress(OSError):
            while data := await reader.read(CHUNK_BYTES):
                await self._hears.wait()
                if self.behaviour.latency_seconds:
                    await asyncio.sleep(self.behaviour.latency_seconds)
                piece = self.behaviour.drip_bytes if drips else 0
                for start in range(0, len(data), piece or len(data)):
                    writer.write(data[start : start + (piece or len(data))])
                    await writer.drain()
                    if piece:
                        await asyncio.sleep(DRIP_SECONDS)


class Proxies:
    """The proxies of one stack, in a thread of their own.

    with Proxies({"cache": path}) as proxies:
        proxies["cache"].port
        proxies.behave("cache", Behaviour(deaf=True))
    """

    def __init__(self, upstreams: dict[str, Path]) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="fault-proxies", daemon=True)
        self._by_name = {name: FaultProxy(name, upstream) for name, upstream in upstreams.items()}

    def __enter__(self) -> Self:
        self._thread.start()
        for proxy in self._by_name.values():
            self._run(proxy.listen())
        return self

    def __exit__(self, *_: object) -> None:
        for proxy in self._by_name.values():
            self._run(proxy.leave())
        self._run(_cancel_others())
        for proxy in self._by_name.values():
            self._run(proxy.forget())
        self._run(_breathe())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def __getitem__(self, name: str) -> FaultProxy:
        return self._by_name[name]

    def behave(self, name: str, behaviour: Behaviour = PASSING) -> None:
        self._run(self._by_name[name].behave(behaviour))

    def cut(self, name: str) -> None:
        self._run(self._by_name[name].cut())

    def move(self, name: str, upstream: Path) -> None:
        self._run(self._by_name[name].move(upstream))

    def _run(self, work: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(timeout=10)


async def _cancel_others() -> None:
    # Who was let in a moment ago begins first, so that their end is that of all others.
    await _breathe()
    others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
    await _breathe()


async def _breathe() -> None:
    """Let the loop do what it has put off to its next rounds, such as closing sockets."""
    for _ in range(5):
        await asyncio.sleep(0)

"""
A server that always gives the same answers: `python -m tests.bench.canned FOLDER`.

It looks at nothing but the path, so it costs little beside the client that is
measured. `FOLDER/answers.json` is {path: body}; the port is printed once open.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Mapping
from pathlib import Path

import msgspec

HEAD = (
    "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nDate: {date}\r\nContent-Length: {length}\r\n\r\n"
)
DATE = "Mon, 23 Nov 2026 07:00:00 GMT"


def answer(status: str, body: bytes) -> bytes:
    """One whole HTTP answer."""
    return HEAD.format(status=status, date=DATE, length=len(body)).encode() + body


class Canned(asyncio.Protocol):
    """One connection; requests without a body, one after the other."""

    def __init__(self, answers: Mapping[bytes, bytes]) -> None:
        self._answers, self._heard = answers, b""
        self._way: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._way = transport

    def data_received(self, data: bytes) -> None:
        self._heard += data
        while b"\r\n\r\n" in self._heard:
            head, _, self._heard = self._heard.partition(b"\r\n\r\n")
            path = head.split(b" ", 2)[1].partition(b"?")[0]
            self._way.write(self._answers.get(path, answer("404 Not Found", b"{}")))


async def serve(folder: Path) -> None:
    """Until the process is ended."""
    bodies = msgspec.json.decode((folder / "answers.json").read_bytes(), type=dict[str, str])
    answers = {path.encode(): answer("200 OK", body.encode()) for path, body in bodies.items()}
    server = await asyncio.get_running_loop().create_server(lambda: Canned(answers), "127.0.0.1", 0)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(Path(sys.argv[1])))

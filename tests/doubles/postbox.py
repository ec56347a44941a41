"""A mail server that speaks SMTP, as a process of its own that keeps what it is given.

*Called by*: tests of mails (Postbox), and itself (`python -m tests.doubles.postbox`). *Keeps true*: an address that
begins with "refused" is refused for good, one with "full" each time for now, one with "later" once; all else is taken.
"""

import asyncio
import email
import email.policy
import json
import subprocess
import sys
import urllib.request
from email.message import EmailMessage
from typing import Any

from aiohttp import web


class Postbox:
    """The handle on the process."""

    def __init__(self, process: subprocess.Popen[str], port: int, web_port: int) -> None:
        self.process, self.port = process, port
        self.url = f"http://127.0.0.1:{web_port}"

    @classmethod
    def start(cls) -> "Postbox":
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.doubles.postbox"], stdout=subprocess.PIPE, stdin=subprocess.PIPE, text=True
        )
        assert process.stdout
        port, web_port = process.stdout.readline().split()
        return cls(process, int(port), int(web_port))

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(10)
        for pipe in (self.process.stdout, self.process.stdin):
            if pipe:
                pipe.close()

    def mails(self) -> list[EmailMessage]:
        """What was taken so far, parsed; `to` of the envelope is in the header X-Envelope-To."""
        with urllib.request.urlopen(f"{self.url}/mails", timeout=10) as response:
            return [_parsed(each) for each in json.loads(response.read())]

    def empty(self) -> None:
        with urllib.request.urlopen(urllib.request.Request(f"{self.url}/empty", method="POST"), timeout=10):
            pass


def text_of(mail: EmailMessage, kind: str = "plain") -> str:
    part = mail.get_body((kind,))
    assert part is not None
    return str(part.get_content())


def _parsed(kept: dict[str, Any]) -> EmailMessage:
    mail = email.message_from_bytes(kept["data"].encode(), policy=email.policy.default)
    assert isinstance(mail, EmailMessage)
    mail["X-Envelope-To"] = ", ".join(kept["to"])
    return mail


class _Session:
    """One connection: a command a line, and a mail until a line with a dot."""

    def __init__(self, kept: list[dict[str, Any]], put_off: set[str]) -> None:
        self.kept, self.put_off = kept, put_off
        self.to: list[str] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        answer = "220 postbox ready"
        while True:
            writer.write(f"{answer}\r\n".encode())
            await writer.drain()
            line = (await reader.readline()).decode().strip()
            word = line.split(":")[0].upper()
            if not line or word == "QUIT":
                break
            if word == "DATA":
                writer.write(b"354 go on\r\n")
                await self._take(reader)
                answer = "250 kept"
            else:
                answer = self._answer(word, line)
        writer.close()

    def _answer(self, word: str, line: str) -> str:
        if word == "RCPT TO":
            return self._recipient(line.split("<")[1].split(">")[0])
        if word in ("MAIL FROM", "RSET"):
            self.to = []
        return "250 yes"

    def _recipient(self, address: str) -> str:
        if address.startswith("refused"):
            return "550 nobody of that name"
        if address.startswith("full"):
            return "452 no room left"
        if address.startswith("later") and address not in self.put_off:
            self.put_off.add(address)
            return "451 come back later"
        self.to.append(address)
        return "250 yes"

    async def _take(self, reader: asyncio.StreamReader) -> None:
        lines = []
        while (line := (await reader.readline()).decode().rstrip("\r\n")) != ".":
            lines.append(line.removeprefix(".") if line.startswith("..") else line)
        self.kept.append({"to": self.to, "data": "\n".join(lines)})


async def _serve() -> None:
    kept: list[dict[str, Any]] = []
    put_off: set[str] = set()
    post = await asyncio.start_server(lambda *streams: _Session(kept, put_off).serve(*streams), "127.0.0.1", 0)

    async def tell(request: web.Request) -> web.StreamResponse:
        if request.path == "/empty":
            kept.clear()
            put_off.clear()
        return web.json_response(kept)

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", tell)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    print(post.sockets[0].getsockname()[1], runner.addresses[0][1], flush=True)
    # The parent holds our standard input: when it goes, however it goes, so do we.
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    await runner.cleanup()


if __name__ == "__main__":
    asyncio.run(_serve())

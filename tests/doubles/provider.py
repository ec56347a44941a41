"""A scripted provider: the OpenAI protocol on loopback, as a process of its own.

*Called by*: tests, tests/bench (ScriptedProvider), and itself (`python -m tests.doubles.provider`).
*Keeps true*: each model answers by the scripts it was given, one a call, the last one for ever; every call is noted
with what was asked, when, and whether the caller hung up. A script's fields: see Script.
"""

import argparse
import asyncio
import json
import subprocess
import sys
import time
import urllib.request
from dataclasses import asdict, dataclass, field
from typing import Any

from aiohttp import web

from tests.doubles.double import Double


@dataclass
class Script:
    """How one call goes.

    `end`: done, no_done (finish reason only), cut (abrupt), stall (silence), error (error event).
    """

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    wait_seconds: float = 0.0
    text: str = ""
    deltas: int = 3
    every_ms: float = 0.0
    stamp: bool = False
    # Instead of deltas: these very bytes (as surrogateescape), whole, or so many in each write.
    raw: str = ""
    raw_step: int = 0
    content_type: str = "text/event-stream"
    finish: str = "stop"
    usage: list[dict[str, Any]] | None = None
    usage_each: bool = False
    end: str = "done"


class ScriptedProvider(Double):
    module = "tests.doubles.provider"

    def __init__(self, process: subprocess.Popen[str], port: int) -> None:
        super().__init__(process, port)
        self.root = self.url
        self.url = f"{self.root}/v1"

    def script(self, model: str, *scripts: Script) -> None:
        """Set what the model does from now on, and forget the calls it had."""
        self._ask("POST", f"/scripts/{model}", [asdict(script) for script in scripts])

    def calls(self, model: str) -> list[dict[str, Any]]:
        """The calls so far: body, at (seconds, time.time), deltas sent, hung_up, ended."""
        return self._ask("GET", f"/calls/{model}")

    def _ask(self, method: str, path: str, body: object = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.root + path, data, {"Content-Type": "application/json"}, method=method)
        with urllib.request.urlopen(request, timeout=10) as response:
            return json.loads(response.read())


class Desk:
    """The server's side: scripts and calls by model."""

    def __init__(self) -> None:
        self.scripts: dict[str, list[Script]] = {}
        self.calls: dict[str, list[dict[str, Any]]] = {}

    async def set_scripts(self, request: web.Request) -> web.Response:
        model = request.match_info["model"]
        self.scripts[model] = [Script(**row) for row in await request.json()]
        self.calls[model] = []
        return web.json_response({})

    async def get_calls(self, request: web.Request) -> web.Response:
        return web.json_response(self.calls.get(request.match_info["model"], []))

    async def complete(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        calls = self.calls.setdefault(body["model"], [])
        scripts = self.scripts.get(body["model"], [Script()])
        script = scripts[min(len(calls), len(scripts) - 1)]
        call = {"body": body, "at": time.time(), "deltas": 0, "hung_up": False, "ended": False}
        calls.append(call)
        try:
            return await self._answer(request, script, call)
        except (ConnectionResetError, asyncio.CancelledError):
            call["hung_up"], call["hung_up_at"] = True, time.time()
            raise

    async def _answer(self, request: web.Request, script: Script, call: dict[str, Any]) -> web.StreamResponse:
        if script.wait_seconds:
            await asyncio.sleep(script.wait_seconds)
        if script.status != 200:
            call["ended"] = True
            body = script.raw.encode("utf-8", "surrogateescape") or b'{"error": {"message": "scripted"}}'
            headers = {"Content-Type": "application/json", **script.headers}
            return web.Response(status=script.status, headers=headers, body=body)
        response = web.StreamResponse(headers={"Content-Type": script.content_type, **script.headers})
        await response.prepare(request)
        if script.raw:
            await _send_raw(response, script)
        else:
            await self._stream(response, script, call)
        if script.end == "cut" and request.transport:
            request.transport.abort()
        elif script.end == "stall":
            await asyncio.sleep(3600)
        call["ended"] = True
        return response

    async def _stream(self, response: web.StreamResponse, script: Script, call: dict[str, Any]) -> None:
        due = time.perf_counter()
        for number in range(script.deltas):
            text = f"{time.time():.6f} " if script.stamp else (script.text or f"word{number} ")
            await response.write(_event({"delta": {"role": "assistant", "content": text}}))
            call["deltas"] += 1
            if script.usage_each:
                await response.write(_usage({"prompt_tokens": 100, "completion_tokens": number + 1}))
            due += script.every_ms / 1000
            if script.every_ms:
                await asyncio.sleep(max(due - time.perf_counter(), 0))
        if script.end == "error":
            await response.write(b'data: {"error": {"message": "scripted"}}\n\n')
        elif script.end in ("done", "no_done"):
            await response.write(_event({"delta": {}, "finish_reason": script.finish}))
            default = {"prompt_tokens": 100, "completion_tokens": script.deltas, "total_tokens": 100 + script.deltas}
            for usage in [default] if script.usage is None else script.usage:
                await response.write(_usage(usage))
            if script.end == "done":
                await response.write(b"data: [DONE]\n\n")


async def _send_raw(response: web.StreamResponse, script: Script) -> None:
    data = script.raw.encode("utf-8", "surrogateescape")
    step = script.raw_step or len(data)
    for start in range(0, len(data), step):
        await response.write(data[start : start + step])
        await asyncio.sleep(script.every_ms / 1000)


def _usage(figures: dict[str, Any]) -> bytes:
    return f"data: {json.dumps({'choices': [], 'usage': figures})}\n\n".encode()


def _event(choice: dict[str, Any]) -> bytes:
    chunk = {"id": "c1", "object": "chat.completion.chunk", "model": "m", "choices": [{"index": 0, **choice}]}
    return f"data: {json.dumps(chunk, ensure_ascii=False)}\n\n".encode()


async def _serve(port: int) -> None:
    desk = Desk()
    app = web.Application(client_max_size=16 * 1024 * 1024)
    app.router.add_post("/scripts/{model}", desk.set_scripts)
    app.router.add_get("/calls/{model}", desk.get_calls)
    app.router.add_post("/v1/chat/completions", desk.complete)
    runner = web.AppRunner(app, access_log=None, handler_cancellation=True, shutdown_timeout=1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", port)
    await site.start()
    print(site._server.sockets[0].getsockname()[1], flush=True)  # type: ignore[union-attr]
    # The parent holds our standard input: when it goes, however it goes, so do we.
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    await runner.cleanup()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, default=0)
    asyncio.run(_serve(parser.parse_args().port))

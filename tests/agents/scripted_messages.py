"""A model that says what it is told to: enough of the Messages API for Claude Code's command line, on loopback.

    scripted_messages.py SCRIPT RECORD      SCRIPT is a file, or - for the first line of stdin

It prints its address, and serves until stdin closes or its parent is gone. Tests hold what a real agent does with Signoff's
decisions to it, so it must not know anything of Signoff.

The script is a JSON list of turns. A turn is a list of blocks, or `{"when": text, "blocks": […]}`:

    [[{"text": "I'll look."}, {"tool": "Bash", "id": "toolu_1", "input": {"command": "date"}}], [{"text": "Done."}]]

A request takes the first turn that is left. A turn with `when` waits for a request that holds the text; others pass it by.
A request that finds no turn is told "The script is over.". RECORD gets a line for each request before it is answered:
`{"turn": 0, "path": "/v1/messages", "body": {…}}`. `turn` is null for what is not the conversation: titles, counts, probes.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

OVER = [{"text": "The script is over."}]


class Script:
    """What is left to say, and what was heard."""

    def __init__(self, turns: list[Any], record: Path, conversation: str) -> None:
        self._conversation = conversation
        self._left = [(at, it if isinstance(it, dict) else {"blocks": it}) for at, it in enumerate(turns)]
        self._record = record
        self._lock = threading.Lock()

    def hear(self, path: str, body: dict[str, Any]) -> list[dict[str, Any]] | None:
        """The blocks of the answer; None for what is not the conversation."""
        with self._lock:
            # Whoever has no tools can't go on with the work.
            talks = path == self._conversation and bool(body.get("tools"))
            heard = json.dumps(body, ensure_ascii=False)
            fits = (it for it in self._left if talks and ("when" not in it[1] or _told(it[1]["when"], heard)))
            found = next(fits, None)
            if found is not None:
                self._left.remove(found)
            turn = (found[0] if found is not None else -1) if talks else None
            with self._record.open("a", encoding="utf-8") as file:
                file.write(json.dumps({"turn": turn, "path": path, "body": body}, ensure_ascii=False) + "\n")
            if not talks:
                return None
            return list(found[1]["blocks"]) if found is not None else OVER


def _told(text: str, heard: str) -> bool:
    """Whether a text stands in a body, written as JSON."""
    return json.dumps(text, ensure_ascii=False)[1:-1] in heard


def _content(blocks: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [
        {"type": "tool_use", "id": it["id"], "name": it["tool"], "input": it.get("input", {})}
        if "tool" in it
        else {"type": "text", "text": it["text"]}
        for it in blocks
    ]


def _message(body: dict[str, Any], blocks: list[dict[str, Any]]) -> dict[str, Any]:
    content = _content(blocks)
    uses = any(it["type"] == "tool_use" for it in content)
    return {
        "id": f"msg_{time.time_ns()}",
        "type": "message",
        "role": "assistant",
        "model": body.get("model", "scripted"),
        "content": content,
        "stop_reason": "tool_use" if uses else "end_turn",
        "stop_sequence": None,
        "usage": {"input_tokens": 1, "output_tokens": 1},
    }


def _stream(message: dict[str, Any]) -> list[dict[str, Any]]:
    """The events that a message is sent as."""
    events: list[dict[str, Any]] = [{"type": "message_start", "message": message | {"content": [], "stop_reason": None}}]
    for index, block in enumerate(message["content"]):
        if block["type"] == "tool_use":
            empty, delta = block | {"input": {}}, {"type": "input_json_delta", "partial_json": json.dumps(block["input"])}
        else:
            empty, delta = block | {"text": ""}, {"type": "text_delta", "text": block["text"]}
        events += [
            {"type": "content_block_start", "index": index, "content_block": empty},
            {"type": "content_block_delta", "index": index, "delta": delta},
            {"type": "content_block_stop", "index": index},
        ]
    end = {"stop_reason": message["stop_reason"], "stop_sequence": None}
    return [*events, {"type": "message_delta", "delta": end, "usage": {"output_tokens": 1}}, {"type": "message_stop"}]


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    #: Where the conversation is. What goes elsewhere takes no turn.
    conversation = "/v1/messages"
    script: Script

    def body(self) -> dict[str, Any]:
        content: dict[str, Any] = json.loads(self.rfile.read(int(self.headers.get("content-length", "0"))) or b"{}")
        return content

    def do_POST(self) -> None:
        body = self.body()
        path = self.path.partition("?")[0]
        blocks = self.script.hear(path, body)
        if path != self.conversation:
            self.answer(json.dumps({"input_tokens": 1}))
            return
        message = _message(body, blocks if blocks is not None else [{"text": '{"title": "Scripted"}'}])
        if body.get("stream"):
            events = "".join(f"event: {it['type']}\ndata: {json.dumps(it)}\n\n" for it in _stream(message))
            self.answer(events, "text/event-stream")
        else:
            self.answer(json.dumps(message))

    def do_GET(self) -> None:
        self.script.hear(self.path, {})
        self.answer("{}")

    def do_HEAD(self) -> None:
        self.answer("")

    def answer(self, text: str, kind: str = "application/json") -> None:
        content = text.encode()
        self.send_response(200)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: Any) -> None:
        """What was heard is in the record."""


def _leave_when_the_parent_is_gone(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(0.5)
    os._exit(0)


def main(handler: type[Handler] = Handler) -> None:
    source, record = sys.argv[1:]
    turns = json.loads(sys.stdin.readline() if source == "-" else Path(source).read_text("utf-8"))
    handler.script = Script(turns, Path(record), handler.conversation)
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    threading.Thread(target=_leave_when_the_parent_is_gone, args=(os.getppid(),), daemon=True).start()
    print(f"http://127.0.0.1:{server.server_address[1]}", flush=True)
    while sys.stdin.read(1):
        pass


if __name__ == "__main__":
    main()

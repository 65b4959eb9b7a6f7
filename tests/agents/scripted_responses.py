"""The same for Codex: enough of the Responses API. Script and record are those of `scripted_messages.py`, which see.

    [[{"tool": "exec_command", "id": "call_1", "input": {"cmd": "date"}}], [{"text": "Done."}]]
"""

from __future__ import annotations

import json
import time
from typing import Any

import scripted_messages


def _item(block: dict[str, Any]) -> dict[str, Any]:
    if "tool" in block:
        called = {"name": block["tool"], "call_id": block["id"], "arguments": json.dumps(block.get("input", {}))}
        # A tool of an MCP server.
        named = {"namespace": block["namespace"]} if "namespace" in block else {}
        return {"type": "function_call", "id": f"fc_{block['id']}", **called, **named}
    text = {"type": "output_text", "text": block["text"], "annotations": []}
    return {"type": "message", "id": f"msg_{time.time_ns()}", "role": "assistant", "content": [text]}


def _events(blocks: list[dict[str, Any]]) -> list[dict[str, Any]]:
    response = {"id": f"resp_{time.time_ns()}", "object": "response", "output": []}
    usage = {"input_tokens": 1, "output_tokens": 1, "total_tokens": 2, "input_tokens_details": None, "output_tokens_details": None}
    items = [
        {"type": "response.output_item.done", "output_index": index, "item": _item(block)} for index, block in enumerate(blocks)
    ]
    done = {"type": "response.completed", "response": response | {"usage": usage}}
    return [{"type": "response.created", "response": response}, *items, done]


class Handler(scripted_messages.Handler):
    conversation = "/v1/responses"

    def do_POST(self) -> None:
        path = self.path.partition("?")[0]
        blocks = self.script.hear(path, self.body())
        if blocks is None:
            self.answer("{}")
            return
        events = "".join(f"event: {it['type']}\ndata: {json.dumps(it)}\n\n" for it in _events(blocks))
        self.answer(events, "text/event-stream")


if __name__ == "__main__":
    scripted_messages.main(Handler)

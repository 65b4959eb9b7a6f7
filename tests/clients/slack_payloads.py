"""What Slack's own libraries say of payloads: the block models of `slack_sdk`, and TypeScript with the types of
`@slack/web-api`. What neither counts is counted here."""

import inspect
import json
import os
import subprocess
import tempfile

from slack_sdk.models.blocks import Block
from slack_sdk.models.metadata import Metadata
from slack_sdk.models.views import View
from slack_sdk.webhook import WebhookClient

from instance import PUBLIC, check, fail

# The types of the arguments, by method; and of a view in an answer.
TYPES = {
    "chat.postMessage": "ChatPostMessageArguments", "chat.update": "ChatUpdateArguments",
    "views.open": "ViewsOpenArguments", "view": "ModalView",
    "conversations.open": "ConversationsOpenArguments", "users.lookupByEmail": "UsersLookupByEmailArguments",
}
# Slack refuses all blocks together at some 13,000 characters.
MOST = 12_000


def length(text):
    """As UTF-16 counts: nothing counts more."""
    return len(text.encode("utf-16-le")) // 2


def model(method, body):
    """What the models say against a payload, or None."""
    try:
        if method == "response_url":
            inspect.signature(WebhookClient.send).bind(None, **body)
            return None
        if method == "views.open":
            return model("view", body["view"])
        if method == "view":
            return differs(body, View(**body).to_dict()) or against(body["blocks"], 100)
        if "metadata" in body:
            metadata = body["metadata"]
            found = differs(metadata, Metadata(**metadata).to_dict())
            if found:
                return found
        found = marked(body.get("text", ""))
        if found:
            return found
        blocks = body.get("blocks", [])
        parsed = Block.parse_all(blocks)
        if None in parsed:
            return "a block of a kind that is not known"
        if length(body.get("text", "")) > 4_000:
            return "a text that is cut"
        return differs(blocks, [block.to_dict() for block in parsed]) or against(blocks, 50)
    except Exception as error:
        return f"{type(error).__name__}: {error}"


def differs(given, read):
    """The models leave out what they do not know."""
    return None if given == read else f"it is read as {json.dumps(read)}"


def against(blocks, most):
    """What has limits that the models do not hold to."""
    ids = [block["block_id"] for block in blocks if "block_id" in block]
    if len(ids) != len(set(ids)):
        return "a block's id twice"
    if len(blocks) > most:
        return f"{len(blocks)} blocks"
    if length(json.dumps(blocks, ensure_ascii=False)) > MOST:
        return "too much in all"
    for found in marks(blocks):
        return found
    for text, limit in texts(blocks):
        if not text.strip() or length(text) > limit:
            return f"a text of {length(text)} of at most {limit}: {text!r}"
    return None


def marked(text):
    """All that means something to Slack is ours: times, and links to the app."""
    for rest in text.split("<")[1:]:
        if not rest.startswith(("!date^", f"{PUBLIC}/")):
            return f"markup: {text!r}"
    return None


def marks(it):
    """What callers wrote that is more than text, wherever Slack reads markup."""
    if isinstance(it, list):
        for part in it:
            yield from marks(part)
    elif isinstance(it, dict):
        if it.get("type") == "mrkdwn" and marked(it["text"]):
            yield marked(it["text"])
        yield from marks(list(it.values()))


def texts(blocks):
    for block in blocks:
        if block["type"] == "header":
            yield block["text"]["text"], 150
        elif block["type"] == "section" and "text" in block:
            yield block["text"]["text"], 3_000
        for field in block.get("fields", []):
            yield field["text"], 2_000
        for element in block.get("elements", []):
            if block["type"] == "context":
                yield element["text"], 2_000
            if element["type"] == "button":
                yield element["text"]["text"], 75
                if "value" in element:
                    yield element["value"], 2_000
                if "url" in element:
                    yield element["url"], 3_000
        if block["type"] == "input":
            yield block["label"]["text"], 2_000
            if "initial_value" in block["element"]:
                yield block["element"]["initial_value"], block["element"]["max_length"]


def read_by_models(payloads):
    for method, body in payloads:
        found = model(method, body)
        if found:
            fail(f"slack_sdk: {method}: {found}\n  {json.dumps(body)}")
    check(f"slack_sdk reads {len(payloads)} payloads, and loses nothing", True, len(payloads) > 0)


def a_card(payloads):
    return next(body for method, body in payloads if method == "chat.postMessage" and len(body.get("blocks", [])) > 4)


def a_view(payloads):
    return next(body["view"] for method, body in payloads if method == "views.open")


def refused_by_models(payloads):
    """So that a model that says nothing is found out."""
    card, view = a_card(payloads), a_view(payloads)
    for what, method, body, change in [
        ("a header of 151", "chat.update", card, lambda it: it["blocks"][0]["text"].update(text="x" * 151)),
        ("an unknown block", "chat.update", card, lambda it: it["blocks"][0].update(type="headline")),
        ("an unknown field", "chat.update", card, lambda it: it["blocks"][0].update(colour="red")),
        ("a field of 2,001", "chat.update", card, lambda it: it["blocks"][1]["fields"][0].update(text="x" * 2_001)),
        ("markup", "chat.update", card, lambda it: it["blocks"][1]["fields"][0].update(text="<!here>")),
        ("a title of 25", "view", view, lambda it: it["title"].update(text="x" * 25)),
        ("a note of 3,001", "view", view, lambda it: it.update(private_metadata="x" * 3_001)),
    ]:
        changed = json.loads(json.dumps(body))
        change(changed)
        check(f"what reads them would refuse {what}", True, model(method, changed) is not None)


def checked_by_tsc(payloads):
    """A constant for each payload; and some that must be refused, which shows that anything would be."""
    names = ", ".join(sorted(set(TYPES.values()) - {"ModalView"}))
    lines = [f"import type {{ {names} }} from '@slack/web-api';", "import type { ModalView } from '@slack/types';"]
    typed = sorted({(TYPES[method], json.dumps(body)) for method, body in payloads if method in TYPES})
    lines += [f"export const p{number}: {kind} = {body};" for number, (kind, body) in enumerate(typed)]
    card, view = a_card(payloads), a_view(payloads)
    for number, (kind, body, old, new) in enumerate([
        ("ChatPostMessageArguments", card, '"type": "header"', '"type": "headline"'),
        ("ChatPostMessageArguments", card, '"unfurl_links"', '"unfurl_all"'),
        ("ModalView", view, '"type": "plain_text_input"', '"type": "text_input"'),
    ]):
        changed = json.dumps(body).replace(old, new, 1)
        lines += ["// @ts-expect-error", f"export const q{number}: {kind} = {changed};"]
    directory = os.environ["SIGNOFF_NODE_CLIENTS"]
    options = ["--noEmit", "--strict", "--skipLibCheck", "--types", "node", "--target", "es2022", "--module",
               "nodenext"]
    # Beside the packages: there the types are looked for.
    with tempfile.TemporaryDirectory(dir=directory) as folder:
        with open(f"{folder}/payloads.ts", "w") as file:
            file.write("\n".join(lines) + "\n")
        done = subprocess.run(
            ["node", f"{directory}/node_modules/typescript/bin/tsc", *options, "payloads.ts"],
            cwd=folder, capture_output=True, text=True)
    check(f"tsc accepts {len(typed)} payloads", (0, ""), (done.returncode, done.stdout[:4_000]))

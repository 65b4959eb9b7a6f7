"""Digests and typed answers, judged by libraries that others wrote: `rfc8785` and `jsonschema`.

An instance is needed, and two principals of one workspace:

    SIGNOFF_URLS         http://127.0.0.1:8081 (more are ignored)
    SIGNOFF_API_KEY      asks; permission workspace:admin
    SIGNOFF_SECOND_KEY   decides; permission workspace:admin

The values are made up, the same ones in every run. Prints a line for each check and stops at the first that fails.
"""

import hashlib
import json
import os
import random
import sys
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor

import rfc8785
from jsonschema import Draft202012Validator, FormatChecker

PATIENCE = 15
HERE = os.environ["SIGNOFF_URLS"].split(",")[0]
AGENT = os.environ["SIGNOFF_API_KEY"]
ANA = os.environ["SIGNOFF_SECOND_KEY"]

CONTEXTS = 200
NUMBERS = 150
SCHEMAS = 500
ANSWERS = 4
AT_ONCE = 4


def check(what, holds, told=""):
    if not holds:
        print(f"FAILED  {what}\n  {told}", flush=True)
        sys.exit(1)
    print(f"ok      {what}", flush=True)


def call(path, body, key):
    """The status, and the text as it came."""
    request = urllib.request.Request(HERE + path, data=json.dumps(body).encode(), method="POST")
    request.add_header("Authorization", f"Bearer {key}")
    request.add_header("Content-Type", "application/json")
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE) as response:
            return response.status, response.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def ask(**more):
    status, text = call("/api/v1/approvals", {"run_id": "answers", "approval_type": "plan_approval", **more}, AGENT)
    if status != 201:
        raise SystemExit(f"FAILED  asking: {status} {text}\n  {more}")
    return text


# --- digests ---

TEXTS = ["a", "b", "é", "e\u0301", "\u20ac", "\ufb33", "😀", "\u0080", '"', "\\", "\r\n", "\t", "1", "10", "2", "", " "]


def number(rng):
    match rng.randrange(6):
        case 0:
            return rng.randrange(-1000, 1000)
        case 1:
            # Of integers those are taken that a double holds.
            return int(float(rng.randrange(-(2**63), 2**63)))
        case 2:
            return rng.randrange(10**6) / 100
        case 3:
            return rng.random() * 10.0 ** rng.randrange(-300, 300)
        case 4:
            return float(rng.randrange(10**6))
        case _:
            return rng.choice([0, -0.0, 1e21, 1e-7, 5e-324, 1.7976931348623157e308, 2**53, 2**53 + 2, 1e20, int(1.2345678901234568e20)])


def context(rng):
    def value(depth):
        kind = rng.randrange(7 if depth < 4 else 5)
        if kind == 5:
            return [value(depth + 1) for _ in range(rng.randrange(4))]
        if kind == 6:
            return {rng.choice(TEXTS): value(depth + 1) for _ in range(rng.randrange(5))}
        return [None, True, False, "".join(rng.choices(TEXTS, k=3)), number(rng)][kind]

    return {"numbers": [number(rng) for _ in range(NUMBERS)], "rest": [value(0) for _ in range(20)]}


def digest(value):
    return "sha256:" + hashlib.sha256(rfc8785.dumps(value)).hexdigest()


def approval_digest(text):
    # Integers beyond 2^53 are doubles in canonical JSON.
    it = json.loads(text, parse_int=float)
    names = "workspace_id id run_id task_id job_id approval_type title description context response_schema on_behalf_of"
    shown = {name: it[name] for name in names.split()}
    return digest({"v": 1, "requested_by": {"id": it["requested_by_id"], "name": it["requested_by"]}, **shown})


def digests():
    rng = random.Random(8785)
    for n in range(CONTEXTS):
        text = ask(title=rng.choice(TEXTS) or None, context=context(rng))
        said, computed = json.loads(text)["digest"], approval_digest(text)
        if said != computed:
            check(f"the digest of request {n}", False, f"said {said}, computed {computed}: {text[:2000]}")
    check(f"{CONTEXTS} digests, of {CONTEXTS * NUMBERS:,} numbers, are those of rfc8785", True)
    text = ask(context={})
    body = {"modifications": {"b": 1.0, "a": [2**53 + 2, "é"]}}
    status, told = call(f"/api/v1/approvals/{json.loads(text)['id']}/approve", body, ANA)
    wanted = digest(json.loads(json.dumps(body["modifications"]), parse_int=float))
    said = json.loads(told)["approval"]["result"]["modifications_digest"]
    check("the digest of edits is that of rfc8785", (status, said) == (200, wanted), told)


# --- typed answers ---

NAMES = ["a", "b", "c"]
WORDS = ["", "a", "ab", "abc", "2026-11-30", "10.0.0.1", "0193d1a4-7c1e-7b60-9f43-0f2f5a3c9a10", "é😀"]
SMALL = [0, 1, 2, 5, 10, -3, 1.0, 2.5]


def schema(rng, depth):
    """A schema of the keywords that are taken."""
    plain = ["string", "integer", "number", "boolean", "choice", "const"]
    kind = rng.choice(plain + ["object", "array", "any", "all", "one", "not", "if"] * (depth < 3))
    below = lambda: schema(rng, depth + 1)
    maybe = lambda **more: {name: value for name, value in more.items() if rng.random() < 0.4}
    match kind:
        case "string":
            limits = maybe(minLength=rng.randrange(3), maxLength=rng.randrange(5), pattern=rng.choice(["^a", "b$", "[0-9]"]))
            return {"type": "string", **limits, **maybe(format=rng.choice(["date", "ipv4", "uuid"]))}
        case "integer" | "number":
            limits = maybe(minimum=rng.choice(SMALL), maximum=rng.choice(SMALL), multipleOf=rng.choice([1, 2, 5]))
            return {"type": kind, **limits, **maybe(exclusiveMinimum=rng.choice(SMALL), exclusiveMaximum=rng.choice(SMALL))}
        case "boolean":
            return {"type": rng.choice(["boolean", ["boolean", "null"]])}
        case "choice":
            return {"enum": rng.sample(WORDS + SMALL + [None, True], 3)}
        case "const":
            return {"const": rng.choice(WORDS + SMALL + [None, False, [], {}])}
        case "object":
            more = maybe(additionalProperties=rng.choice([True, False, below()]), required=rng.sample(NAMES, rng.randrange(3)))
            sizes = maybe(minProperties=rng.randrange(3), maxProperties=rng.randrange(1, 4))
            return {"type": "object", "properties": {name: below() for name in rng.sample(NAMES, 2)}, **more, **sizes}
        case "array":
            more = maybe(minItems=rng.randrange(3), maxItems=rng.randrange(1, 4), uniqueItems=True, prefixItems=[below(), below()])
            return {"type": "array", "items": rng.choice([True, below()]), **more}
        case "any" | "all" | "one":
            return {f"{kind}Of": [below(), below()]}
        case "not":
            return {"not": below()}
        case _:
            return {"if": below(), "then": below(), "else": below()}


def root(rng):
    properties = {name: schema(rng, 1) for name in NAMES}
    defs = {"d": schema(rng, 2)}
    properties["b"] = rng.choice([properties["b"], {"$ref": "#/$defs/d"}])
    return {"type": "object", "properties": properties, "$defs": defs, "required": rng.sample(NAMES, rng.randrange(2))}


def answer(rng, depth=0):
    kind = rng.randrange(8 if depth < 3 else 6)
    if kind == 6:
        return [answer(rng, depth + 1) for _ in range(rng.randrange(4))]
    if kind == 7:
        return {name: answer(rng, depth + 1) for name in rng.sample(NAMES, rng.randrange(3))}
    return [None, rng.choice([True, False]), rng.choice(WORDS), rng.choice(SMALL), rng.choice(WORDS), rng.choice(SMALL)][kind]


def judge(seed):
    """How many answers of one schema fit, and how many don't: by both alike."""
    rng = random.Random(seed)
    asked = root(rng)
    validator = Draft202012Validator(asked, format_checker=FormatChecker(["date", "ipv4", "uuid"]))
    counts, approval = [0, 0], None
    for _ in range(ANSWERS):
        said = {name: answer(rng) for name in rng.sample(NAMES, rng.choice([0, 1, 1, 2, 3]))}
        approval = approval or json.loads(ask(context={}, response_schema=asked))["id"]
        status, told = call(f"/api/v1/approvals/{approval}/approve", {"modifications": said}, ANA)
        fits = validator.is_valid(said)
        if status != (200 if fits else 422):
            why = [error.message for error in validator.iter_errors(said)]
            return None, f"{json.dumps(asked)}\n  {json.dumps(said)}\n  {status} {told}\n  {why}"
        counts[fits] += 1
        approval = None if fits else approval
    return counts, None


def typed():
    with ThreadPoolExecutor(AT_ONCE) as pool:
        judged = list(pool.map(judge, range(SCHEMAS)))
    for counts, told in judged:
        if counts is None:
            check("an answer is judged as by jsonschema", False, told)
    wrong, right = (sum(counts[fits] for counts, _ in judged) for fits in (False, True))
    check(f"{wrong + right:,} answers are judged as by jsonschema: {right:,} fit, {wrong:,} don't", min(right, wrong) > 100)


if __name__ == "__main__":
    digests()
    typed()

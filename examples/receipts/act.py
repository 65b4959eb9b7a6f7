"""Refunds what was approved, once, and only that: what the system that acts checks before it acts.

    pip install 'pyjwt[crypto]' rfc8785

It gets three things from the executor, who has claimed the approval: the receipt, the approval as the API shows it, and the
arguments to run with. Any of them may be forged, so it trusts none of them. It trusts its own copy of the service's keys, the
workspace that it serves, what it is itself, and its own record of what it has done.

    python act.py --jwks keys.json --issuer https://signoff.example.com --workspace 0193d1a4-… --audience refunds \\
        --receipt "$receipt" --approval approval.json --arguments arguments.json --record done.db

Exit code 0: it was done. 1: it was refused, and nothing was done.
"""

import argparse
import hashlib
import json
import sqlite3
import sys

import jwt
import rfc8785

TYPE = "signoff-receipt+jwt"
# What this system does. It takes that from nobody else.
ACTION = {"approval_type": "tool_call", "tool": "refund"}


class Refused(Exception):
    pass


def load(path):
    # Numbers as JSON has them: rfc8785 takes no integer beyond 2^53 otherwise.
    with open(path, encoding="utf-8") as file:
        return json.load(file, parse_int=float)


def digest(value):
    return "sha256:" + hashlib.sha256(rfc8785.dumps(value)).hexdigest()


def asked(approval):
    """What the digest of an approval is of: docs/digests.md has the list."""
    same = ("workspace_id", "id", "run_id", "task_id", "job_id", "approval_type", "title", "description", "context",
            "response_schema", "on_behalf_of")
    by = {"id": approval["requested_by_id"], "name": approval["requested_by"]}
    return {"v": 1.0, "requested_by": by, **{name: approval.get(name) for name in same}}


def verify(receipt, keys, issuer, audience, workspace):
    """Signature, algorithm, type, issuer, audience, times, workspace. Nothing in the receipt chooses how it is verified."""
    try:
        header = jwt.get_unverified_header(receipt)
        if header.get("typ") != TYPE:
            raise Refused(f"its type is {header.get('typ')}")
        key = next((key for key in keys["keys"] if key["kid"] == header.get("kid")), None)
        if key is None:
            raise Refused("none of the keys has signed it")
        said = jwt.decode(receipt, jwt.PyJWK(key, algorithm="EdDSA"), algorithms=["EdDSA"], issuer=issuer,
                          audience=audience, leeway=5, options={"require": ["exp", "iat", "nbf", "iss", "aud", "sub", "jti"]})
    except jwt.InvalidTokenError as error:
        raise Refused(str(error)) from error
    if said["workspace_id"] != workspace:
        raise Refused("it is of another workspace")
    return said


def check(said, approval, arguments):
    """That these arguments are what was approved for this action."""
    is_changed = said["approval"]["resolution"] == "modified"
    # Where approvers changed the arguments, those that were proposed stand in the approval, and theirs are what runs.
    proposed = approval["context"].get("arguments") if is_changed else arguments
    context = {**approval["context"], "tool": ACTION["tool"], "arguments": proposed}
    about_to_run = {**approval, "approval_type": ACTION["approval_type"], "context": context}
    if digest(asked(about_to_run)) != said["digest"]:
        raise Refused("this is not what was approved")
    if is_changed and digest({"arguments": arguments}) != said["modifications_digest"]:
        raise Refused("these are not the modifications that were approved")


def record(database, said):
    """That it was not done before: what was approved once is done once, with one receipt."""
    try:
        with database:
            database.execute("INSERT INTO done VALUES (?, ?, ?)", (said["sub"], said["fence"], said["jti"]))
    except sqlite3.IntegrityError as error:
        raise Refused("it was done before") from error


def opened(path):
    database = sqlite3.connect(path)
    database.execute("CREATE TABLE IF NOT EXISTS done (approval TEXT PRIMARY KEY, fence INTEGER, receipt TEXT)")
    return database


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("jwks", "issuer", "workspace", "audience", "receipt", "approval", "arguments", "record"):
        parser.add_argument(f"--{name}", required=True)
    given = parser.parse_args()
    arguments = load(given.arguments)
    try:
        said = verify(given.receipt, load(given.jwks), given.issuer, given.audience, given.workspace)
        check(said, load(given.approval), arguments)
        # A system that keeps its own work in a database does it in the transaction of this line.
        record(opened(given.record), said)
    except Refused as refused:
        print(f"refused: {refused}", file=sys.stderr)
        return 1
    print(f"doing it: {json.dumps(arguments)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())

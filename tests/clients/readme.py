"""Runs what a client's README shows, in an environment that has the client and nothing else.

    readme.py README.md

In the environment: SIGNOFF_URLS, SIGNOFF_API_KEY (an agent's), SIGNOFF_SECOND_KEY (ana's, who agrees to all of it).
"""

import os
import re
import sys
import threading

import signoff

EXAMPLES = {"outcome = client.approvals.ask(": "Ship build 812?", "def refund(": "Refund 1042"}


def agree(title: str, over: threading.Event) -> None:
    """Approves what has this title, as soon as it is there."""
    with signoff.Signoff(os.environ["SIGNOFF_URLS"].split(",")[-1], os.environ["SIGNOFF_SECOND_KEY"]) as ana:
        while not over.wait(0.05):
            for it in ana.approvals.pending():
                if it.get("title") == title:
                    ana.approvals.approve(it["id"])


def run(block: str, title: str) -> list:
    """Runs an example; answers what it did in the end."""
    done: list = []
    # The README leaves out what the function does.
    block = block.replace("-> str: ...", "-> str: done.append((order, amount)); return 'paid'")
    over = threading.Event()
    agreeing = threading.Thread(target=agree, args=(title, over))
    agreeing.start()
    try:
        exec(block, {"ship": lambda **arguments: done.append(arguments), "done": done})
    finally:
        over.set()
        agreeing.join()
    return done


def main() -> int:
    os.environ["SIGNOFF_URL"] = os.environ["SIGNOFF_URLS"].split(",")[0]
    with open(sys.argv[1], encoding="utf-8") as file:
        blocks = re.findall(r"```python\n(.*?)```", file.read(), re.DOTALL)
    for mark, title in EXAMPLES.items():
        (block,) = [block for block in blocks if mark in block]
        done = run(block, title)
        if not done:
            print(f"FAILED  the example with {mark!r} did nothing")
            return 1
        print(f"ok      the example with {mark!r}: {done}")
    return 0


if __name__ == "__main__":
    sys.exit(main())

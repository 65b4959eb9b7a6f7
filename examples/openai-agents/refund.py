"""An agent that gives money back once a person has agreed.

    pip install 'signoff[openai-agents]'
    export SIGNOFF_URL=… SIGNOFF_API_KEY=… OPENAI_API_KEY=… MODEL=gpt-5
    python refund.py ticket-812 "Order 1042 came broken. Please give the 49.90 back."

Kill it while it waits, and start it with the same words: it waits for the same approval.
"""

import asyncio
import os
import sys

from agents import Agent, function_tool

from signoff import AsyncSignoff, Gate, Rule
from signoff.adapters.openai_agents import FileStore, gated, run

GATE = Gate({"refund": Rule(approvers=["ana"], timeout="24h", title="Refund {order}: {amount}")})


@function_tool
def refund(order: str, amount: float) -> str:
    """Gives the amount back to who paid the order."""
    return f"Order {order}: {amount:.2f} given back."  # your payment provider, with the order as its idempotency key


def build(model, client):
    return Agent("Support", model=model, tools=gated([refund], client, GATE, mode="park"))


async def main(model, ticket, words, kept="runs"):
    async with AsyncSignoff() as client:
        result = await run(build(model, client), words, client, GATE, store=FileStore(kept), run=ticket)
        return result.final_output


if __name__ == "__main__":
    print(asyncio.run(main(os.environ["MODEL"], *sys.argv[1:])))

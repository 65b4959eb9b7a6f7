"""An agent that gives money back once a person has agreed.

    pip install 'signoff[pydantic-ai]' 'pydantic-ai-slim[openai]'
    export SIGNOFF_URL=… SIGNOFF_API_KEY=… OPENAI_API_KEY=… MODEL=openai:gpt-5
    python refund.py ticket-812 "Order 1042 came broken. Please give the 49.90 back."

Kill it while it waits, and start it with the same words: it waits for the same approval.
"""

import asyncio
import os
import sys

from pydantic_ai import Agent
from pydantic_ai.tools import DeferredToolRequests

from signoff import AsyncSignoff, Gate, Rule
from signoff.adapters.pydantic_ai import FileStore, run

GATE = Gate({"refund": Rule(approvers=["ana"], timeout="24h", title="Refund {order}: {amount}")})


def refund(order: str, amount: float) -> str:
    """Gives the amount back to who paid the order."""
    return f"Order {order}: {amount:.2f} given back."  # your payment provider, with the order as its idempotency key


async def main(model, ticket, words, kept="runs"):
    agent = Agent(model, name="Support", tools=[refund], output_type=[str, DeferredToolRequests])
    async with AsyncSignoff() as client:
        result = await run(agent, words, client, GATE, store=FileStore(kept), run=ticket)
        return result.output


if __name__ == "__main__":
    print(asyncio.run(main(os.environ["MODEL"], *sys.argv[1:])))

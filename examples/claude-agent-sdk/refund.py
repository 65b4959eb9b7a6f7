"""An agent that gives money back once a person has agreed.

    pip install 'signoff[claude]'
    export SIGNOFF_URL=… SIGNOFF_API_KEY=… ANTHROPIC_API_KEY=…
    python refund.py "Order 1042 came broken. Please give the 49.90 back."

Kill it while it waits, and go on with its session: it waits for the same approval.

    python refund.py "Go on." SESSION
"""

import asyncio
import sys

from claude_agent_sdk import ClaudeAgentOptions, ResultMessage, SystemMessage, create_sdk_mcp_server, query, tool

from signoff import AsyncSignoff, Gate, Rule
from signoff.adapters.claude import hooks

GATE = Gate({"mcp__shop__refund": Rule(approvers=["ana"], timeout="24h", title="Refund {order}: {amount}")})


@tool("refund", "Gives the amount back to who paid the order", {"order": str, "amount": float})
async def refund(args):
    # Your payment provider, with the order as its idempotency key.
    return {"content": [{"type": "text", "text": f"Order {args['order']}: {args['amount']:.2f} given back."}]}


async def main(words, session=None):
    async with AsyncSignoff() as client:
        options = ClaudeAgentOptions(
            hooks=hooks(client, GATE, tools={"shop": [refund]}),
            mcp_servers={"shop": create_sdk_mcp_server("shop", tools=[refund])},
            resume=session,
        )
        async for message in query(prompt=words, options=options):
            if isinstance(message, SystemMessage) and message.subtype == "init":
                print("session", message.data["session_id"])
            if isinstance(message, ResultMessage):
                stopped = message.terminal_reason == "hook_stopped"
                print("The request was withdrawn, or nobody could be asked." if stopped else message.result)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))

"""An agent that gives money back once a person has agreed.

    pip install 'signoff[langchain]' langgraph-checkpoint-sqlite langchain-openai
    export SIGNOFF_URL=… SIGNOFF_API_KEY=… MODEL=openai:gpt-5
    python refund.py ticket-812 "Order 1042 came broken. Please give the 49.90 back."

Kill it while it waits, and start it with the same words: it waits for the same approval.
"""

import os
import sqlite3
import sys

from langchain.agents import create_agent
from langchain.chat_models import init_chat_model
from langgraph.checkpoint.sqlite import SqliteSaver

from signoff import Gate, Rule, Signoff
from signoff.adapters.langchain import SignoffMiddleware
from signoff.adapters.langgraph import run_until_done


def refund(order: str, amount: float) -> str:
    """Gives the amount back to who paid the order."""
    return f"Order {order}: {amount:.2f} given back."  # your payment provider, with the call's id as its idempotency key


def build(model, client, kept="refunds.sqlite"):
    gate = Gate({"refund": Rule(approvers=["ana"], timeout="24h", title="Refund {order}: {amount}")})
    saver = SqliteSaver(sqlite3.connect(kept, check_same_thread=False))
    return create_agent(model, [refund], middleware=[SignoffMiddleware(client, gate, mode="park")], checkpointer=saver)


if __name__ == "__main__":
    ticket, words = sys.argv[1:]
    with Signoff() as client:
        agent = build(init_chat_model(os.environ["MODEL"]), client)
        said = {"messages": [("user", words)]}
        print(run_until_done(agent, said, {"configurable": {"thread_id": ticket}}, client)["messages"][-1].text)

"""Adapters: the gate, in the words of agent frameworks. Each needs its framework, and is imported by itself."""

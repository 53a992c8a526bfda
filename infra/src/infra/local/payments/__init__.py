"""The local stage's payment provider: the part of Stripe's HTTP API that orders use.

Runs in a process of its own (`python -m payments`) on the standard library alone, so it imports
nothing of the repo. It takes Stripe's test cards, sends signed webhooks to this machine only,
and has faults that can be switched on: what a provider does at its worst. State is in memory.
"""

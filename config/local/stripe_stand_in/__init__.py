"""A stand-in for Stripe: its HTTP API, hosted pages and webhooks, in one process that keeps everything in memory.

*Called by*: `python -m config.local.stripe_stand_in`, which bin/up and the tests start. *Keeps true*: no money moves
and nothing leaves this machine; what it has not learnt it refuses, as Stripe refuses what it does not know. Only the
standard library and Django's template language, so that it runs wherever Parley is installed.
"""

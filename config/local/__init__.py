"""What runs Parley on one machine: the supervisor, and local stand-ins for services that are not configured.

*Called by*: bin/up, bin/manage, bin/test, bin/nightly, bin/bench, through `__main__.py`.
*Keeps true*: nothing in here needs an installed package, so that it can be what installs them.
"""

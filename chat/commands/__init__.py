"""Slash commands: what a message that begins with / does.

*Called by*: chat.views.messages, chat.views.commands. One table (table.py) says all there is to know of each; reading
(which command a text is), obeying (running it), and what each one runs (deeds.py). docs/commands.md says how to add one.
"""

"""Slash commands: what a message that begins with / does.

*Called by*: chat.views.messages, chat.views.commands. One table (table.py) says all there is to know of each; then
reading (which command a text is), obeying (running it), deeds (what each one runs). docs/commands.md says how to add
one.
"""

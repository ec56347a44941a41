"""Previews of links: what a message shows of the pages that it links to.

*Called by*: chat.feed, chat.views.links, the worker. In order: showing (which links a message has), reader (the loop
of the worker that asks), reading (one page), pages (what a page says of itself), pictures (its picture, made small).
"""

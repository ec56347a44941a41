"""Web Push: telling somebody's own devices while no page of Parley is open.

*Called by*: chat.engine and chat.tasks send; chat.views.push keeps the devices. The way of a notice: telling.spread
hands it to the person's devices, telling.due decides when its time has come and puts it into words, sealing makes a
letter of it that only the browser can open, pusher posts it.
"""

"""Web Push: telling somebody's own devices while no page of Parley is open.

*Called by*: chat.engine and chat.tasks send; chat.views.push keeps the devices. The way of a notice: telling.spread
hands it to the person's devices; when its time has come, telling.due decides, by how things stand with it (standing),
and puts it into words; sealing makes a letter of it that only the browser can open; pusher posts it.
"""

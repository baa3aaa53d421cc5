"""Bitget's words and ours: the only folder that knows both. One folder for each of its two APIs.

``classic`` speaks v2 ``mix``, ``unified`` v3; what both share stands beside them. Requests are built for the venue's
own endpoints and answers are read from its own rows. ccxt signs, sends, receives and keeps the sockets; its unified
calls are not used, because several of them lose what we must know (the kind of a trigger order, the average of a
filled one), change what must stay (client ids), leave out what must be said (margin mode, trigger source, plan type)
or send something else than asked (on the unified account a trigger becomes an order at market), and its unified
streams hand out a live cache in which pushes overwrite one another.
"""

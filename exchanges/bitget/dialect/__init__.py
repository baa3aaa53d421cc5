"""Bitget's classic words (v2 ``mix``, USDT perpetuals) and ours: the only folder that knows both.

Requests are built here for the venue's own endpoints and answers are read from its own rows. ccxt signs, sends,
receives and keeps the sockets; its unified calls are not used, because several of them lose what we must know (the
kind of a trigger order), change what must stay (client ids) or leave out what must be said (margin mode, trigger
source, plan type), and its unified streams hand out a live cache in which pushes overwrite one another.
"""

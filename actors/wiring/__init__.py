"""The one place where plain classes become Ray actors: names, peers, resources, restarts, secrets, flags.

Each actor's process imports its own file here and no other's: what one of them needs (compiled engine, ccxt, SQL, web
server) does not stand in the memory of the rest. This file imports nothing, for the same reason.
"""

"""What is kept: trades, orders, fills, plans, equity, events, snapshots and the journal of intents.

Law: the only folder that knows SQL; `storage.dialect` is the only file that knows one database from another.
No NaN and no infinity is ever stored: the column is empty (NULL) instead.
"""

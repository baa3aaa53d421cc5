"""Chunks evaluated by Ray workers, on one machine or many: the same bytes as threads give, wherever they were computed.

The only place in `optimization` that knows Ray. Workers are processes at idle priority, which do nothing else.
"""

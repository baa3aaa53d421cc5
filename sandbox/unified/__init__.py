"""The unified account's protocol (v3 REST and WebSocket) over the same matching, money and market as the classic one.

An account speaks one of the two. What is Bitget's word for a thing stands in `rows` and `pushes`, what a request means
in `reading`, `trading` and `strategies`; nothing here decides at what price anything happens.
"""

"""The vocabulary of Scalp Radar: candles, instruments, plans, orders, messages, errors, settings.

Law: numpy, pydantic and the standard library only; no Ray, no network, no files, no clock, no logging.
"""

"""Faults of the local exchange: rules, when they strike, and what striking means at each place."""

"""Strategies, one file each, found by `strategies.discovery`; nowhere is there a list of their names."""

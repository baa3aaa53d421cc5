"""A second engine, written from docs/execution.md alone: slow, plain Python, one candle and one rule after another."""

"""Research: evaluating strategies on stored candles; grids, windows, statistics and verdicts."""

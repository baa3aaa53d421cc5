"""The statistics of a verdict: pure functions of daily returns and Sharpe ratios, one subject a file.

Laws: nothing here reads, draws unseeded, or knows a clock. No figure is NaN or infinite: where a statistic is
undefined it has a fallback, which its docstring names, and a flag. Input that is not finite raises an InputError.
"""

"""The walk-forward run: parameters chosen on the past of each window, judged on the days that follow it.

Laws: nothing here reads files, knows Ray or a database. The same job over the same data has the same result to the
last bit, whoever computed it, in whatever order, interrupted or not. No figure is NaN or infinite.
"""

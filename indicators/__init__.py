"""Causal functions of arrays, one family a file. Row t uses rows up to t; warm-up rows are NaN.

Law: definitions are the field's, equal to TA-Lib from the first valid row (1e-9 relative) where TA-Lib has them.
"""

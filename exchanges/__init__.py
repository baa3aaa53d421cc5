"""Venues behind one port; all of ccxt's and the exchanges' words and traps stay in here."""

"""The command line: parse, one call, show. Everything it does is done elsewhere."""

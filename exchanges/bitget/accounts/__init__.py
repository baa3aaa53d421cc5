"""One account each: what both kinds share, and what each of the venue's two APIs makes of it."""

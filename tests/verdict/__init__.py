"""Laws of the verdict: luck is refused, a planted edge is found."""

"""The unified account's words: v3 REST and v3 streams."""

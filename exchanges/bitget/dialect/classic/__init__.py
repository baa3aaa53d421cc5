"""The classic account's words: v2 ``mix`` REST and v2 streams."""

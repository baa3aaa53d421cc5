"""What ``scalp-radar doctor`` looks at, one file a subject; nothing is changed by looking."""

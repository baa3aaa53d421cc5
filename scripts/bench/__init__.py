"""What ``scalp-radar bench`` measures, one subject a file."""

"""What every strategy must hold, as functions: the contract tests and ``scalp-radar check`` call the same ones."""

"""The one engine: costs, the compiled walk over plans, metrics, and the pure rules of risk and reconciliation."""

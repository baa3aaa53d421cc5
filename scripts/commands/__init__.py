"""One file for each command; ``register(app)`` adds it. Heavy imports stand inside the functions that need them."""

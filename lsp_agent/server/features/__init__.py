"""One file a message family; each has ``register(context)``."""

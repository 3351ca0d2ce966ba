"""Measures the generator and what it makes: `python -m bench`. No test depends on it."""

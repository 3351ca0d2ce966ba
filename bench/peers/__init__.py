"""Measures what a user could pick instead, on the same documents and against the same servers: `python -m bench.peers`."""

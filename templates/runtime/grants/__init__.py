"""Grants: who may call which tools of this package."""

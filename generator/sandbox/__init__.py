"""Owns the public names of the embedded emulator of the support API. Must not hold logic."""

from generator.sandbox.app import create_app
from generator.sandbox.auth import Key
from generator.sandbox.clock import START, Clock
from generator.sandbox.faults import Fault, Faults
from generator.sandbox.journal import Entry, Journal
from generator.sandbox.loader import fresh
from generator.sandbox.server import Sandbox, running, serve
from generator.sandbox.settings import Budgets, Settings
from generator.sandbox.world import Org, World

__all__ = [
    "START",
    "Budgets",
    "Clock",
    "Entry",
    "Fault",
    "Faults",
    "Journal",
    "Key",
    "Org",
    "Sandbox",
    "Settings",
    "World",
    "create_app",
    "fresh",
    "running",
    "serve",
]

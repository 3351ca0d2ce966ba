"""Owns where these tests find the committed package. Must not hold an expectation."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "generated" / "acme"))

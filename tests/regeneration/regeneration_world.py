"""Owns an emulator that can change, beside a repository and a forge; and the job's files. Must not hold an expectation."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import regeneration_forge as forges
import regeneration_kit as kit
import yaml

from generator.sandbox import Sandbox

WORKFLOW = kit.ROOT / ".github" / "workflows" / "regenerate.yml"
ACTION = kit.ROOT / ".github" / "actions" / "regenerate" / "action.yml"
GITLAB = kit.ROOT / "docs" / "gitlab-ci.yml"
CRON = kit.ROOT / "docs" / "kubernetes" / "regenerate-cronjob.yaml"

KEYS = {f"KUSTOMER_API_KEY_{name.upper()}": f"sandbox-{name}" for name in kit.TENANTS}


def read(path: Path) -> Any:
    return yaml.load(path.read_text(encoding="utf-8"), yaml.BaseLoader)


@dataclass(frozen=True)
class World:
    """An emulator that can change, a repository, and a forge."""

    sandbox: Sandbox
    made: kit.Repository
    state: forges.State

    def attributes(self) -> dict[str, Any]:
        """The attributes of acme's orders, to be changed."""
        org = self.sandbox.world.org("acme")
        org.metadata = copy.deepcopy(org.metadata)
        found: dict[str, Any] = org.metadata["kobject.order"]["properties"]
        return found

    def change(self) -> None:
        """Somebody takes an attribute and a choice away, adds one of each, and gives an attribute another label."""
        attributes = self.attributes()
        attributes["courierStr"] = {**attributes["orderNumberStr"], "name": "courierStr", "displayName": "Courier"}
        del attributes["giftMessageTxt"]
        status = attributes["orderStatusStr"]
        kept = [value for value in status["enumeration"] if value != "packed"]
        attributes["orderStatusStr"] = {**status, "enumeration": [*kept, "on-hold"]}
        attributes["itemCountNum"] = {**attributes["itemCountNum"], "displayName": "Number of Items"}

    def back(self) -> None:
        self.sandbox.start_over()

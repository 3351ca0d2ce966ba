"""Owns which deployment files a package has, and the filters by which foreign strings reach them. It renders nothing itself.

`templates/deploy/requirements.lock` is what an image installs: every dependency of a package with its hashes, the same for all
packages. `make lock` makes it anew. None of these files holds a version of the package.
"""

from __future__ import annotations

import json
import re

from generator.ir import Package

# The longest name of a user that systemd takes (systemd.io/USER_NAMES); Kubernetes takes 63 characters, which no command has.
_LONGEST_USER = 31


def deploy_table(package: Package) -> dict[str, str]:
    """The files by their path below generated/<tenant>/, and the template of each; a name without `.jinja` is copied."""
    unit = f"deploy/{package.command}.service"
    files = {
        ".dockerignore": "deploy/dockerignore.jinja",
        "Dockerfile": "deploy/Dockerfile.jinja",
        "deploy/requirements.lock": "deploy/requirements.lock",
        unit: "deploy/systemd.service.jinja",
    }
    return files | {f"deploy/kubernetes/{name}.yaml": f"deploy/kubernetes/{name}.yaml.jinja" for name in _OBJECTS}


_OBJECTS = (
    "configmap",
    "deployment",
    "hpa",
    "ingress",
    "kustomization",
    "networkpolicy",
    "pdb",
    "service",
    "serviceaccount",
)


def _plain(text: str) -> str:
    """On one line, without what can't be shown: separators of lines, controls and lone surrogates."""
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())


def dockerfile(text: str) -> str:
    """Filter: a text as a quoted value of LABEL or ENV; nothing is substituted in it (Dockerfile reference, Escape)."""
    return '"' + re.sub(r'([\\"$])', r"\\\1", _plain(text)) + '"'


def yaml(text: str) -> str:
    """Filter: a text as a double-quoted YAML scalar, with JSON's escapes, which are YAML's; pairs of surrogates are not."""
    return json.dumps(_plain(text), ensure_ascii=False)


def systemd(text: str) -> str:
    """Filter: a text as the value of a setting: no specifier, no continued line (systemd.unit, Specifiers; systemd.syntax)."""
    return _plain(text).replace("%", "%%").rstrip("\\ ")


def user(command: str) -> str:
    """Filter: a command as the name of the user that runs it."""
    return command[:_LONGEST_USER].rstrip("-")


FILTERS = (dockerfile, yaml, systemd, user)

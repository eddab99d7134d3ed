"""The rules of this machine: those that come with us, and the user's own."""

from __future__ import annotations

import os

from tachograph import paths
from tachograph.extract import rules

RULES = "rules.toml"


def load_rules(places: paths.Places) -> rules.Rules:
    """The shipped rules with the user's own on top; a bad rule of theirs is left out (`tachograph rules check`)."""
    own = os.path.join(places.config, RULES)
    try:
        with open(own, encoding="utf-8", errors="replace") as file:
            return rules.load(file.read())[0]
    except FileNotFoundError:
        return rules.load()[0]

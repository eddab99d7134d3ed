"""Reading a file of rules for the commands that try, check or list them."""

from __future__ import annotations

import os

from tachograph.cli.app import App
from tachograph.errors import NotFound, TachographError
from tachograph.extract.rules import Problem, Rules
from tachograph.extract.rules import load as load_text

FILE = "rules.toml"


def path(app: App) -> str:
    """Where the user's own rules are."""
    return os.path.join(app.places.config, FILE)


def load(name: str, needed: bool = False) -> tuple[Rules, list[Problem]]:
    """The shipped rules with those of the file on top. A missing file is none, or NotFound when it is `needed`."""
    return load_text(text(name, needed))


def text(name: str, needed: bool = False) -> str:
    try:
        with open(name, encoding="utf-8") as file:
            return file.read()
    except FileNotFoundError:
        if needed:
            raise NotFound(f"there is no file {name}", "the fields of a rule: docs/rules.md") from None
        return ""
    except UnicodeDecodeError as error:
        raise TachographError(f"{name} is not UTF-8 text (byte {error.start})", "save it as UTF-8") from None


def shipped() -> Rules:
    """The rules that come with Tachograph, without the user's."""
    return load_text("")[0]

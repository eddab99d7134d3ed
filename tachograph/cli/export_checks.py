"""What `doctor` says of `[otlp_export]`: where sessions are sent on to, how far that is, what is in the way."""

from __future__ import annotations

import os
from collections.abc import Iterator

from tachograph.cli.app import App
from tachograph.cli.check import BAD, NOTE, OK, Check
from tachograph.errors import UsageError
from tachograph.formats import human
from tachograph.maintain.otlp_settings import SECTION, Target, target

_NAME = "otlp export"


def findings(app: App) -> Iterator[Check]:
    """Nothing when nothing is sent anywhere."""
    try:
        to = target(app.config)
    except UsageError as error:
        if not app.config.problems():  # else it was said already
            yield Check(_NAME, BAD, str(error), error.hint)
        return
    if to is None:
        return
    state = app.store_as_it_is().sending.state() if os.path.exists(app.places.database) else None
    if state is None:
        yield Check(_NAME, OK, f"to {to.shown}: nothing yet", "tachograph up sends")
    else:
        store = app.store_as_it_is()
        since = state.since if to.since is None else to.since
        behind = store.sending.behind(since, agents=to.agents, project=to.project)
        last = f", the last {human.ago(state.sent_at, app.now)}" if state.sent_at else ""
        text = f"{human.plural(state.spans, 'span')} taken{last}; {human.plural(behind, 'session')} behind"
        yield Check(_NAME, OK, f"to {to.shown}: {text}")
        if state.dropped:
            text = f"{human.plural(state.dropped, 'span')} refused for good"
            yield Check(_NAME, NOTE, text, "the receiver's own log says why; tachograph export --as otlp shows them")
        if state.trouble:
            when = human.ago(state.trouble_at, app.now)
            yield Check(_NAME, NOTE, f"{state.trouble} ({when})", _fix(state.trouble, to))
    if to.in_the_clear:
        yield Check(_NAME, NOTE, f"{to.shown} is not encrypted, and not on this machine", "an https address")


def _fix(trouble: str, to: Target) -> str:
    if "415" in trouble:
        other = "json" if to.protobuf else "protobuf"
        return f"tachograph config set {SECTION}.protocol {other}"
    if "401" in trouble or "403" in trouble:
        return f"{SECTION}.headers or .headers_file: the receiver wants another key"
    return "nothing is lost: what was not taken lies in the store and is sent later"

"""The commands there are, in the order of the help page, each with the sentence shown for it.

A command's module is imported when the command is called; its sentence is repeated here so that `--help` needs none.
"""

from __future__ import annotations

from typing import NamedTuple


class Entry(NamedTuple):
    name: str
    module: str  # under tachograph.cli; the click command in it is called `cli`
    about: str


SECTIONS: dict[str, tuple[Entry, ...]] = {
    "Record": (
        Entry("run", "wrap", "Run a command and record what it does."),
        Entry("up", "up", "Import and follow what all agents do; receive what they send."),
        Entry("import", "importing", "Import the histories that agents keep of themselves."),
        Entry("attach", "attach", "Record a pane of tmux that is there already."),
        Entry("note", "note", "Mark a moment of a session with your own words."),
        Entry("memory", "memory", "What agents want to know next time, every version of it."),
        Entry("setup", "setup", "Have an agent send what it does; shows what it writes, and undoes it."),
        Entry("mcp", "mcp", "Answer agents' questions about the past (Model Context Protocol, stdio)."),
        Entry("hook", "for_agents", "Keep a message of an agent; what agents call when they are set up."),
    ),
    "Look": (
        Entry("sessions", "sessions", "List recorded sessions, newest first."),
        Entry("show", "show", "One session: how it ended, what failed, what it cost."),
        Entry("events", "events", "List what happened: errors, test results, states, notes."),
        Entry("code", "code", "List the code blocks that were printed, or print one."),
        Entry("failures", "failures", "Errors and failed sessions, equal ones counted together."),
        Entry("search", "search", "Find words in output and events."),
        Entry("tail", "tail", "The last lines of a session; -f follows it live."),
        Entry("replay", "replay", "A session as it happened: its steps, or its terminal, at any speed."),
        Entry("diff", "diff", "Compare two sessions."),
        Entry("timeline", "timeline", "What all sessions did, on one clock."),
        Entry("export", "export", "A session as a file: what its agent wrote of it, byte for byte."),
    ),
    "Count": (
        Entry("files", "files", "Files that were read and changed, by whom, when; --heat draws a map."),
        Entry("commands", "commands", "Commands that ran: how often, how long, how many failed."),
        Entry("cost", "cost", "Tokens and cost by day, model, project, agent or session."),
        Entry("stats", "stats", "Count sessions, findings, commands."),
        Entry("feedback", "feedback", "Say whether a finding was right."),
    ),
    "Prove": (
        Entry("receipt", "receipt", "What was executed, what went in and came out; add, list, verify, export."),
        Entry("audit", "audit", "Who did what, sealed; whether anything was changed since."),
        Entry("workflow", "workflow", "Sessions with one aim: start, end, list, what they came to."),
        Entry("collisions", "collisions", "Where agents got in each other's way; both changes side by side."),
        Entry("stage", "stage", "Stages of pipelines: measure a command, note one, list them."),
        Entry("slo", "slo", "Objectives: what they are, whether they are kept, how much is left."),
    ),
    "Rules": (
        Entry("rules", "rules", "List, check and try extraction rules."),
        Entry("extract", "extract", "Run rules over old recordings: what would change?"),
    ),
    "Serve": (
        Entry("serve", "serve", "Answer questions about what is recorded: the HTTP API."),
        Entry("openapi", "openapi", "Print the description of the HTTP API."),
    ),
    "Store": (
        Entry("db", "db", "The database file: where, how big, sound, SQL."),
        Entry("backup", "backup", "Copy everything that was recorded."),
        Entry("restore", "restore", "Put such a copy back."),
        Entry("clean", "clean", "Delete sessions, or old receipts and audit entries."),
        Entry("redact", "redact", "Remove a secret from everything that was recorded, and prove it."),
        Entry("reset", "reset", "Delete everything that was recorded."),
    ),
    "Self": (
        Entry("demo", "demo", "Look around in sample data: invented sessions in a store of their own."),
        Entry("doctor", "doctor", "Check the installation and say how to mend it."),
        Entry("config", "config", "Read and change settings."),
        Entry("completion", "completion", "Print the TAB completion script for a shell."),
    ),
}
ENTRIES = {entry.name: entry for entries in SECTIONS.values() for entry in entries}

WELCOME = """\
Tachograph records what coding agents and other commands do, and finds it again.

  tachograph run -- COMMAND    record a command; your terminal stays as it is
  tachograph sessions          what was recorded
  tachograph show last         how the last session went, and what failed
  tachograph tail last -f      follow a session while it runs
  tachograph search WORDS      find a line in everything ever printed
  tachograph failures          what keeps going wrong

Everything stays on this machine, in {database}
tachograph --help lists all commands; tachograph COMMAND --help explains one.
"""

"""Which agent a command line starts."""

from __future__ import annotations

import pytest

from tachograph.readers.programs import agent


@pytest.mark.parametrize(
    ("words", "name"),
    [
        ("claude", "claude"),
        ("/usr/local/bin/codex exec --json", "codex"),
        ("node /usr/bin/gemini", "gemini"),
        ("node --max-old-space-size=8000 /opt/node_modules/@anthropic-ai/claude-code/cli.js -c", "claude"),
        ("/usr/bin/python3.11 /usr/bin/aider --yes", "aider"),
        ("python -m aider", "aider"),
        ("sh /home/ann/bin/claude", "claude"),
        ("npx -y @openai/codex@0.50.0", "codex"),
        ("npm exec @github/copilot", "copilot"),
        ("uvx openhands serve", "openhands"),
        ("cursor-agent -p hello", "cursor"),
        ("opencode2", "opencode"),
        ("npx @opencode-ai/cli@next", "opencode"),
        ("-zsh", None),
        ("bash -c claude", None),
        ("vim claude", None),
        ("python", None),
        ("python3 train.py claude", None),
        ("tail -f codex", None),
        ("", None),
    ],
)
def test_the_agent_of_a_command_line(words: str, name: str | None) -> None:
    assert agent(words.split()) == name

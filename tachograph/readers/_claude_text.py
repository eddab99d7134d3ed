"""Text of Claude Code's content blocks, and of the tags it wraps around what no user typed."""

from __future__ import annotations

from tachograph.readers.values import Object, table
from tachograph.regexes import regex

MASK = "REDACTED"  # what publishers of transcripts put in the place of an id
INTERRUPTED = "[Request interrupted"
WRAPPERS = (  # a user record that begins so holds nothing a user said to the model
    *("<command-name", "<command-message", "<local-command-", "<bash-input", "<bash-stdout", "<bash-stderr"),
    *("<task-notification", INTERRUPTED),
)
_EXIT_CODE = regex(r"exit code (-?\d{1,11})\b")


def string(value: object) -> str | None:
    """The value when it is text with something in it."""
    return value if isinstance(value, str) and value else None


def number(value: object) -> int:
    """A count; 0 for what is none."""
    return max(int(value), 0) if isinstance(value, int | float) and abs(value) < 2**53 else 0


def blocks(content: object) -> list[Object]:
    """Content as a list of blocks: text alone is one block of text."""
    if isinstance(content, str):
        return [{"type": "text", "text": content}]
    return [block for block in content if isinstance(block, dict)] if isinstance(content, list) else []


def text_of(content: object, images: list[Object] | None = None) -> str:
    """What a person reads of content. Pictures become a word; their kind and size go into `images`."""
    if isinstance(content, str):
        return content
    parts: list[str] = []
    for block in blocks(content):
        kind = block.get("type")
        if kind in ("image", "document"):
            source = table(block.get("source"))
            data = source.get("data")
            if images is not None and isinstance(data, str):  # base64
                images.append({"media_type": source.get("media_type"), "bytes": len(data) * 3 // 4})
            parts.append(f"[{kind}]")
        elif kind == "tool_reference":
            parts.append(str(block.get("tool_name")))
        elif isinstance(text := block.get("text"), str):
            parts.append(text)
    return "\n".join(parts)


def inside(text: str, tag: str) -> str | None:
    """What stands between <tag> and </tag>; up to the end when it was cut."""
    start = text.find(f"<{tag}>")
    if start < 0:
        return None
    start += len(tag) + 2
    end = text.find(f"</{tag}>", start)
    return text[start : end if end >= 0 else None].strip()


def slash_command(text: str) -> str:
    """`/name arguments` of a command that the user gave to the agent itself."""
    name = inside(text, "command-name") or inside(text, "command-message") or ""
    line = f"{'' if name.startswith('/') else '/'}{name} {inside(text, 'command-args') or ''}"
    return line.strip()


def exit_code_in(text: object) -> int | None:
    """N of "… exit code N"; the last one, as the command that it ends may hold such words itself."""
    found = _EXIT_CODE.findall(text) if isinstance(text, str) else []
    return int(found[-1]) if found else None

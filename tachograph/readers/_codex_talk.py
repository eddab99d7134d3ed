"""What was said in a session of Codex: prompts, replies, thoughts.

Codex logs a turn twice: as protocol (response items) and as display (events, in the newest versions items of their
own). The display is what people saw, and counts; the protocol stands in where a file has no display.
"""

from __future__ import annotations

from collections import deque

import msgspec

from tachograph.readers._codex_output import flat
from tachograph.readers.values import Object
from tachograph.records import Step

# Messages with the role of the user that Codex itself writes.
_SCAFFOLDING = (
    *("<environment_context>", "<user_instructions>", "<permissions instructions>", "<permissions_instructions>"),
    *(
        "# AGENTS.md instructions",
        "<INSTRUCTIONS>",
        "<turn_aborted>",
        "<user_shell_command>",
        "<subagent_notification>",
    ),
    *("<skill>", "<skills_instructions>", "<apps_instructions>", "<plugins_instructions>", "<collaboration_mode>"),
    *(
        "<personality_spec>",
        "<model_switch>",
        "<hook_prompt",
        "<user_action>",
        "<goal_context>",
        "<codex_internal_context",
    ),
    *("Another language model started to solve this problem", "Warning: The maximum number of unified exec processes"),
)


class Talk:
    """Prompts, replies and thoughts of one session."""

    def __init__(self) -> None:
        self._prompts = self._replies = self._thoughts = 0
        self._shown_prompts = self._shown_replies = False  # the file has a display of them
        self._held: Step | None = None  # a prompt of the protocol, until it is clear that no display of it follows
        self._stand_in = False  # the last prompt was told from the protocol, and its display may still follow
        self._last_reply: tuple[str, str | None] | None = None  # who told it, its text
        self._shown_thoughts: deque[str] = deque(maxlen=64)  # since the last one of the protocol
        self._last_thought: list[str] = []  # parts of the last one of the protocol
        self._ids: dict[str, int] = {}

    def shown_prompt(self, event: Object, at: int) -> list[Step]:
        """event_msg/user_message, or a UserMessage item."""
        if event.get("kind") not in (None, "plain"):  # instructions and surroundings, in some versions of 2025
            return []
        text, size = flat(event["message"] if "message" in event else event.get("content"))
        pictures = [url for name in ("images", "local_images") for url in _list(event.get(name))]
        if not self._stand_in:
            self._prompts += 1
        if self._held is not None:
            at = self._held.at  # the protocol comes a moment before the display
        self._shown_prompts, self._held, self._stand_in = True, None, False
        size += sum(len(url) for url in pictures if isinstance(url, str))
        content = "\n".join([text, *(["[image]"] * len(pictures))]) if pictures else text
        return [self._prompt(content, size, at)]

    def said(self, item: Object, at: int) -> list[Step]:
        """response_item/message of any role."""
        role = item.get("role")
        if role == "assistant":
            return [*self.release(), *self._protocol_reply(item, at)]
        if role != "user" or self._shown_prompts:
            return []
        text, size = flat(item.get("content"))
        if not text or text.lstrip().startswith(_SCAFFOLDING):
            return []
        steps = self.release()
        self._held = Step("", "prompt", at, content=text, metadata={"image_bytes": size} if size else None)
        return steps

    def release(self) -> list[Step]:
        """The model answers: the prompt that was held back has no display."""
        steps = self.pause()
        self._stand_in = False
        return steps

    def pause(self) -> list[Step]:
        """There is no more for now: the prompt that was held back is told, and told again should its display follow."""
        held, self._held = self._held, None
        if held is None:
            return []
        self._prompts += 1
        self._stand_in = True
        return [msgspec.structs.replace(held, key=f"prompt:#{self._prompts}")]

    def shown_reply(self, event: Object, at: int) -> list[Step]:
        """event_msg/agent_message, or an AgentMessage item."""
        item = "content" in event and "message" not in event
        text = flat(event.get("content") if item else event.get("message"))[0]
        teller = "item" if item else "event"
        if self._last_reply is not None and self._last_reply[0] != teller and self._last_reply[1] == text:
            self._last_reply, self._shown_replies = None, True
            return []
        self._last_reply, self._shown_replies = (teller, text), True
        return [*self.release(), self._reply(event.get("id"), text, event.get("phase"), at)]

    def _protocol_reply(self, item: Object, at: int) -> list[Step]:
        if self._shown_replies:
            return []
        text = flat(item.get("content"))[0]
        if not text:  # tool calls only
            return []
        self._last_reply = ("protocol", text)
        return [self._reply(item.get("id"), text, item.get("phase"), at)]

    def shown_thought(self, event: Object, at: int) -> list[Step]:
        """event_msg/agent_reasoning and agent_reasoning_raw_content: one part of a thought."""
        text = event.get("text")
        if not isinstance(text, str) or not text or text in self._last_thought:
            return []
        self._shown_thoughts.append(text)
        return [*self.release(), self._thought(None, text, at)]

    def shown_thoughts(self, item: Object, at: int) -> list[Step]:
        """A Reasoning item: all parts of a thought."""
        parts = [*_list(item.get("summary_text")), *_list(item.get("raw_content"))]
        return [step for part in parts for step in self.shown_thought({"text": part}, at)]

    def thought(self, item: Object, at: int) -> list[Step]:
        """response_item/reasoning; mostly encrypted, so that there is nothing to tell."""
        steps = self.release()
        if not item.get("summary") and not item.get("content"):
            return steps
        parts = [flat([part])[0] for whole in (item.get("summary"), item.get("content")) for part in _list(whole)]
        new = [part for part in parts if part and part not in self._shown_thoughts]
        self._shown_thoughts.clear()
        self._last_thought = new
        return [*steps, self._thought(item.get("id"), "\n\n".join(new), at)] if new else steps

    def _prompt(self, text: str, size: int, at: int) -> Step:
        metadata: Object | None = {"image_bytes": size} if size else None
        return Step(f"prompt:#{self._prompts}", "prompt", at, content=text, metadata=metadata)

    def _reply(self, native: object, text: str, phase: object, at: int) -> Step:
        self._replies += 1
        metadata: Object | None = {"phase": phase} if isinstance(phase, str) else None
        return Step(self._key("reply", native, self._replies), "reply", at, content=text, metadata=metadata)

    def _thought(self, native: object, text: str, at: int) -> Step:
        self._thoughts += 1
        return Step(self._key("thinking", native, self._thoughts), "thinking", at, content=text)

    def _key(self, kind: str, native: object, ordinal: int) -> str:
        if not isinstance(native, str) or not native:
            return f"{kind}:#{ordinal}"
        key = f"{kind}:{native}"
        times = self._ids[key] = self._ids.get(key, 0) + 1
        return f"{key}#{times}" if times > 1 else key


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []

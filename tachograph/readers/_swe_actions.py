"""What one action of SWE-agent is: a command for the shell, or one of its own tools (0.x to 1.1)."""

from __future__ import annotations

import re
from typing import NamedTuple

from tachograph.readers._loose_json import decode, dig
from tachograph.readers.values import Object, text
from tachograph.regexes import regex

_EDITOR = {"view": "read", "create": "write", "str_replace": "edit", "insert": "edit", "undo_edit": "edit"}
_NAMES_A_FILE = {"open": "read", "create": "write", "filemap": "read", "view_image": "read"}
_IN_OPEN_FILE = {"edit": "edit", "insert": "edit", "goto": "read", "scroll_up": "read", "scroll_down": "read"}
_OTHERS = {
    *("find_file", "search_dir", "search_file", "set_cursors", "submit", "exit_forfeit", "exit_error", "exit_cost"),
    *("exit_context", "exit_format", "exit_api", "skip", "open_site", "close_site", "screenshot_site", "click_mouse"),
    *("double_click_mouse", "move_mouse", "drag_mouse", "type_text", "scroll_on_page", "execute_script_on_page"),
    *("navigate_back", "navigate_forward", "reload_page", "wait_time", "press_keys_on_page", "get_console_output"),
    *("set_browser_window_size", "connect_start", "connect_stop", "connect_sendline", "connect_exec", "debug_start"),
    *("debug_stop", "debug_step", "debug_exec", "debug_add_breakpoint", "debug_continue", "decompile", "disassemble"),
}
_FAILED = regex(
    r"Your (?:proposed edit|edit was not applied|search and replace strings are the same)|No file open|Usage: "
    r"|Error[: ]|ERROR: |File .+ not found|No replacement was performed|The path .* (?:does not exist|is a directory)"
    r"|File already exists at: |The parent directory |Parameter `|Invalid `|Unrecognized command|Text not found"
)
_TIMED_OUT = ("EXECUTION TIMED OUT", "COMMAND TIMED OUT", "\nEXECUTION TIMED OUT")
_TIMED_OUT_IN_WORDS = regex(r"The command '.*' was cancelled because it took more than", re.DOTALL)
_RANGE = regex(r"edit (\d{1,7}):(\d{1,7})\n")


class Action(NamedTuple):
    event_type: str  # command, file_op or tool_call
    tool: str
    arguments: dict[str, object]
    command: str | None = None
    operation: str | None = None
    path: str | None = None
    call_id: str | None = None
    added: int = 0  # lines, when the action went well
    removed: int = 0

    def status(self, observation: str) -> str | None:
        """ok or error where the answer says so; None for a command, whose exit code nobody kept."""
        head = observation[:2000].lstrip()
        if head.startswith(_TIMED_OUT) or _TIMED_OUT_IN_WORDS.match(head):
            return "error"
        if self.event_type == "command":
            return None
        return "error" if _FAILED.match(head) else "ok"


def understood(action: str, call: Object, open_file: str | None) -> Action:
    """`call` is the tool call of the model, where it used any; `open_file` what SWE-agent's editor showed."""
    call_id = text(call.get("id"))
    tool, arguments = text(dig(call, "function", "name")), _arguments(call)
    words = action.split(None, 1)
    first = words[0] if words else ""
    if tool in (None, "bash"):
        tool = first if first in _OTHERS or first in _NAMES_A_FILE or first in _IN_OPEN_FILE else None
        tool = first if first == "str_replace_editor" else tool
    if tool is None:
        return Action("command", "bash", arguments or {"command": action}, action.strip(), call_id=call_id)
    arguments = arguments or {"action": action}
    operation, path = _file(tool, action, arguments, open_file)
    if operation is None or path is None:
        return Action("tool_call", tool, arguments, call_id=call_id)
    added, removed = _lines(operation, action, arguments)
    return Action("file_op", tool, arguments, None, operation, path, call_id, added, removed)


def _arguments(call: Object) -> dict[str, object]:
    given = dig(call, "function", "arguments")
    if isinstance(given, str):
        try:
            given = decode(given.encode())
        except ValueError:
            return {"arguments": given}
    return given if isinstance(given, dict) else {}


def _file(tool: str, action: str, given: dict[str, object], open_file: str | None) -> tuple[str | None, str | None]:
    if tool == "str_replace_editor":
        said = action.split(None, 3)
        command = text(given.get("command")) or (said[1] if len(said) > 1 else "")
        return _EDITOR.get(command), text(given.get("path")) or (_word(said[2]) if len(said) > 2 else None)
    if tool in _NAMES_A_FILE:
        named = next(
            (text(given.get(key)) for key in ("path", "filename", "file_path", "image_file") if key in given), None
        )
        rest = action.partition(" ")[2].strip()
        return _NAMES_A_FILE[tool], named or (_word(rest) if rest else open_file)
    return _IN_OPEN_FILE.get(tool), open_file


def _word(rest: str) -> str:
    """The first word, which may stand in quotes."""
    if rest[:1] in ("'", '"') and (end := rest.find(rest[0], 1)) > 0:
        return rest[1:end]
    return rest.split(None, 1)[0]


def _lines(operation: str, action: str, given: dict[str, object]) -> tuple[int, int]:
    if operation == "write":
        return _count(given.get("file_text")), 0
    if operation != "edit":
        return 0, 0
    found = _RANGE.match(action)
    if found:
        body = action[found.end() :].removesuffix("\n").removesuffix("end_of_edit").removesuffix("\n")
        return _count(body), max(0, int(found[2]) - int(found[1]) + 1)
    new = given.get("new_str", given.get("replace", given.get("text", given.get("replacement_text"))))
    return _count(new), _count(given.get("old_str", given.get("search")))


def _count(value: object) -> int:
    return len(value.splitlines()) if isinstance(value, str) else 0

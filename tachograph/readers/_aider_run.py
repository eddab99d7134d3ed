"""One run of aider: what was typed, answered and said, one after the other → steps."""

from __future__ import annotations

from collections import Counter
from typing import Any

import msgspec

from tachograph.readers import _aider_words as words
from tachograph.records import Fact, OutputPiece, SessionFacts, Step

_LINT = "# Fix any errors below, if possible."
_MISFIT = "## SearchReplaceNoExactMatch"
_OUTPUT_QUESTION = ("Add the output to the chat?", "Add command output to the chat?")
_IDLE = ("Retrying in ", "Use /help", "You can use /undo", "Repo-map: ", "Git repo: ", "Weak model: ", "Editor model: ")


class Run:
    """Facts gather in `out`. `typed`, `reply` and `message` are told `final=False` while they may still grow."""

    def __init__(self, session: str, at: int, last_at: int, folder: str | None) -> None:
        """`session` is the id, `at` the time of the header in ns (0: none), `folder` the project."""
        self.out: list[Fact] = []
        self.asked = False  # the user has typed something
        self._id, self._at = session, at
        self._metadata: dict[str, object] = {"times": "local, without zone"} if at else {}
        self._counts: Counter[str] = Counter()
        self._model: str | None = None
        self._in_chat: set[str] = set()
        self._growing: Step | None = None  # what was typed or answered, as it was told last
        self._taker: Step | None = None  # the step that gets what aider says: a command, the linter, an edit
        self._taken: list[str] = []
        self._told: Step | None = None  # the taker with what it has, as it was told last
        self._echo = False  # aider repeats the output of a command for the model
        self._slash: tuple[str, str] | None = None  # what was typed last, if it was a command
        self._answer = ""  # the last reply
        self._before = ""  # the message before
        self._offered: list[str] = []  # commands of the model that the user let run
        self._busy = self._cut = False  # the model was asked and has not answered; … and was interrupted
        self._facts(project_dir=folder, started_at=at or None, last_at=last_at or None, metadata=self._metadata or None)

    def _facts(self, **known: Any) -> None:
        self.out.append(SessionFacts(self._id, **known))

    def _key(self, kind: str) -> str:
        self._counts[kind] += 1
        return f"{kind}:#{self._counts[kind]}"

    def _mark(self, kind: str, text: str, status: str | None = None, key: str | None = None, **more: object) -> Step:
        known = {"kind": kind, **more}
        return Step(key or self._key("marker"), "marker", self._at, status=status, content=text, metadata=known)

    # ---- what the user typed, what the model answered

    def typed(self, text: str, final: bool) -> None:
        """One input of the user, all its lines."""
        self._end_taker()
        text = text.strip()
        if not final and any(said.startswith(text) for said in (*(self._slash or ())[1:], self._answer)):
            return  # it may become what is written again, see below
        step = self._typed_step(text, self._growing.key if self._growing else None)
        self._grow(step, final)
        self.asked = True
        if final:
            self._slash, self._cut, self._offered = words.slash(text), False, []
            self._busy = text not in ("", "<blank>")
            if step is not None and step.event_type == "command":
                self._take(step)
            if self._slash in words.LEAVE:
                self._facts(status="completed")

    def _typed_step(self, text: str, key: str | None) -> Step | None:
        before = self._slash
        if text in ("", "<blank>") or (before is not None and text == before[1]):
            return None  # Enter alone is not sent; `/ask WORDS` writes WORDS again
        documents = before is not None and before[0] == "help" and text.startswith("# Question: ")
        if documents or text.startswith(_LINT) or text == self._answer:  # of aider's help, a linter, another model
            return self._mark("automatic_prompt", text, key=key)
        typed = words.slash(text)
        if typed is None or (typed[0] in words.TALK and typed[1]):
            return Step(key or self._key("prompt"), "prompt", self._at, content=text)
        command, rest = typed
        if command in words.SHELL and rest:
            line = f"git {rest}" if command == "git" else rest
            return Step(key or self._key("command"), "command", self._at, tool_name=f"/{command}", command=line)
        return self._mark("slash_command", text, key=key, command=f"/{command}", arguments=rest)

    def reply(self, text: str, final: bool) -> None:
        """One answer of the model; the part of it that came when the user stopped it."""
        self._end_taker()
        status = "interrupted" if self._cut else None
        key = self._growing.key if self._growing else self._key("reply")
        self._grow(Step(key, "reply", self._at, status=status, content=text), final)
        if final:
            self._answer = "\n".join(line.rstrip() for line in text.splitlines()).strip()
            self._slash, self._busy, self._cut, self._echo = None, False, False, False

    def _grow(self, step: Step | None, final: bool) -> None:
        if step is not None and step != self._growing:
            self.out.append(step)
        self._growing = None if final else step

    # ---- what belongs to a step before

    def _take(self, step: Step) -> None:
        self._end_taker()
        self._taker = self._told = step
        self._taken = []

    def flush(self) -> None:
        """Tell the open step with what it has got so far."""
        if self._taker is None:
            return
        step, content = self._taker, "\n".join(self._taken).strip("\n")
        if step.tool_name == "/test" and self._repeated():  # only the output of a failing test is for the model
            step, content = msgspec.structs.replace(step, status="error"), self._taken[0]
        if content:
            step = msgspec.structs.replace(step, content=content)
        if step != self._told and (content or step.command):
            self.out.append(step)
            self._told = step

    def _repeated(self) -> bool:
        first, *rest = self._taken or [""]
        said = [line for message in rest for line in _bare(message)]
        return bool(said) and _bare(first) == said

    def _end_taker(self) -> None:
        self.flush()
        self._taker = self._told = None

    def gap(self) -> None:
        """A blank line: aider's messages to what was typed are over."""
        self._end_taker()
        self._echo = False

    def close(self) -> None:
        """No more of this run."""
        self._end_taker()

    # ---- what aider said

    def message(self, text: str, final: bool) -> None:
        """One message of aider's; only complete ones mean something."""
        text = text.rstrip()
        if not final or not text:
            return
        if text.startswith("^C "):
            self._interrupted(text)
        elif self._echo:
            return
        elif self._taker is not None and self._taker.tool_name in words.SHELL_NAMES:
            self._printed(text)
        elif not self._understood(text):
            self._rest(text)
        self._before = text

    def _printed(self, text: str) -> None:
        if text.startswith(_OUTPUT_QUESTION) or " of command output to the chat?" in text:
            self._end_taker()
            self._echo = True
        else:
            self._taken.append(text)

    def _interrupted(self, text: str) -> None:
        self._end_taker()
        leaving = text.startswith("^C KeyboardInterrupt")
        if leaving or (self._busy and not self._cut):
            self.out.append(self._mark("interruption", text, leaving=leaving))
        self._cut = self._busy

    def _understood(self, text: str) -> bool:
        handler = _SAID.get(text.split(None, 1)[0])
        if handler is None or not handler(self, text):
            return self._question(text) or self._api_error(text)
        return True

    def _rest(self, text: str) -> None:
        if self._slash is not None and self._slash[0] not in words.TALK:
            self._busy = False
        if self._taker is not None:
            self._taken.append(text)
        elif not self.asked and not self._before and self._at:
            self._metadata["command"] = text
            self._facts(metadata=self._metadata)
        elif not text.startswith(_IDLE):
            self.out.append(OutputPiece("stdout", self._at, text.encode("utf-8", "replace") + b"\n"))

    def _emit(self, step: Step) -> bool:
        self._end_taker()
        self.out.append(step)
        return True

    def _file(self, operation: str, path: str, status: str, text: str | None = None) -> Step:
        call = self._key("edit") if operation == "edit" else None  # what is added to the chat, the user adds
        key = f"call:{call}" if call else self._key("file")
        return Step(key, "file_op", self._at, None, call, path, operation, status=status, content=text)

    def _question(self, text: str) -> bool:
        found = words.asked(text)
        if found is None:
            return False
        question, answer = found
        granted = answer[0] in "ya"
        self._emit(self._mark("permission", text, answer=answer, granted=granted))
        if question.startswith("Run shell command"):
            lines = [line.strip() for line in self._before.splitlines()]
            commands = [line for line in lines if line and not line.startswith("#")]
            self._offered = commands if granted else []
            for line in () if granted else commands:
                self._ran(line, "rejected")
        return True

    def _ran(self, line: str, status: str | None) -> None:
        call = self._key("shell")
        self._emit(Step(f"call:{call}", "command", self._at, "shell", call, command=line, status=status))

    def _api_error(self, text: str) -> bool:
        return words.api_error(text) and self._emit(self._mark("api_error", text, "error"))

    # ---- by first word

    def _applied(self, text: str) -> bool:
        return text.startswith("Applied edit to ") and self._emit(self._file("edit", text[16:].strip(), "ok"))

    def _skipped(self, text: str) -> bool:
        path, _, why = text.removeprefix("Skipping edits to ").partition(" that matches ")
        status = "error" if why else "rejected"
        return text.startswith("Skipping edits to ") and self._emit(self._file("edit", path.strip(), status, text))

    def _unable(self, text: str) -> bool:
        path = text.removeprefix("Unable to create ").removesuffix(", skipping edits.")
        return text.endswith(", skipping edits.") and self._emit(self._file("edit", path.strip(), "error", text))

    def _failed(self, text: str) -> bool:
        path = text.removeprefix("Failed to apply edit to ")
        return path != text and self._emit(self._file("edit", path.strip(), "error", text))

    def _dry(self, text: str) -> bool:
        return text.startswith("Did not apply edit to ") and self._emit(self._mark("dry_run", text))

    def _created(self, text: str) -> bool:
        path = text.removeprefix("Creating empty file ")
        return path != text and self._emit(self._file("write", path.strip(), "ok"))

    def _added(self, text: str) -> bool:
        path = words.added_file(text)
        if path is None or path in self._in_chat:
            return path is not None
        self._in_chat.add(path)
        return self._emit(self._file("read", path, "ok"))

    def _removed(self, text: str) -> bool:
        if text.startswith("Removed: "):
            return self._emit(self._mark("undo", text, hash=text[9:].split(" ", 1)[0]))
        if text.endswith(" from the chat"):
            self._in_chat.discard(text[8:-14].removeprefix("read-only file "))
            return True
        return False

    def _dropped(self, text: str) -> bool:
        self._in_chat.clear()
        return True

    def _tokens(self, text: str) -> bool:
        usage = words.usage(text, self._model)
        if usage is None:
            return False
        self._busy = False
        return self._emit(Step(self._key("usage"), "usage", self._at, content=text, usage=usage))

    def _commit(self, text: str) -> bool:
        found = words.commit(text)
        return found is not None and self._emit(self._mark("commit", text, hash=found[0], message=found[1]))

    def _announced(self, text: str) -> bool:
        found = words.model(text)
        if found is None:
            return False
        if self._model is not None and found != self._model:
            self._emit(self._mark("model_switch", f"{self._model} → {found}", model=found))
        if found != self._model:
            self._facts(model=found)
        self._model = found
        return True

    def _version(self, text: str) -> bool:
        self._facts(version=text[7:].strip())
        return True

    def _working_dir(self, text: str) -> bool:
        where = text.partition(" working dir: ")[2]
        if where.startswith("/"):
            self._facts(project_dir=where)
        return bool(where)

    def _running(self, text: str) -> bool:
        line = text[8:].strip()
        if line not in self._offered:
            return False
        self._offered.remove(line)
        self._ran(line, None)
        return True

    def _misformed(self, text: str) -> bool:
        wrong = text.startswith("The LLM did not conform to the edit format")
        return wrong and self._emit(self._mark("malformed_reply", text, "error"))

    def _hash(self, text: str) -> bool:
        """The linter's report, or the blocks of a reply that fitted nowhere; older versions say them line by line."""
        if text.startswith(_LINT):
            self._end_taker()
            self._lint(text[len(_LINT) :].strip())
            return True
        if text.startswith("## Running: ") and self._taker is not None and self._taker.tool_name == "lint":
            self._lint(text)
            return True
        parts = ["## " + part for part in ("\n" + text).split("\n## ")[1:]]
        misfits = [part for part in parts if part.startswith(_MISFIT)]
        for part in misfits:
            head, _, rest = part.partition("\n")
            step = self._file("edit", words.unmatched_file(head) or "", "error", head)
            self._emit(step)
            self._take(msgspec.structs.replace(step, content=None))
            self._taken = [head, *([rest] if rest else [])]
        return bool(misfits) or "SEARCH/REPLACE block" in text.split("\n", 1)[0]

    def _lint(self, text: str) -> None:
        line, _, rest = text.removeprefix("## Running: ").partition("\n")
        if not text.startswith("## Running: "):
            line, rest = "", text
        call = (self._taker and self._taker.tool_call_id) or self._key("lint")
        kind = "command" if line else "tool_call"
        step = Step(f"call:{call}", kind, self._at, "lint", call, command=line.strip() or None, status="error")
        self._taker, self._taken = step, [rest] if rest.strip() else []


def _bare(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


_SAID = {
    "Applied": Run._applied,
    "Skipping": Run._skipped,
    "Unable": Run._unable,
    "Failed": Run._failed,
    "Did": Run._dry,
    "Creating": Run._created,
    "Added": Run._added,
    "Removed": Run._removed,
    "Removed:": Run._removed,
    "Dropping": Run._dropped,
    "Tokens:": Run._tokens,
    "Commit": Run._commit,
    "Main": Run._announced,
    "Model:": Run._announced,
    "Models:": Run._announced,
    "Aider": Run._version,
    "Cur": Run._working_dir,
    "Git": Run._working_dir,
    "Running": Run._running,
    "The": Run._misformed,
    "#": Run._hash,
    "##": Run._hash,
}

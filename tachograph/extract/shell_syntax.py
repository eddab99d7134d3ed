"""Is a piece of shell script complete? Quotes, substitutions, here-documents and compound commands, nothing more.

A stand-in for `sh -n`, which would be a process for every code block. It accepts what Bash and POSIX shells accept
and refuses what is cut off or closed twice; a script it accepts may still hold an error of another kind.
"""

from __future__ import annotations

from tachograph.regexes import regex

_OPENERS = frozenset(("if", "for", "while", "until", "select", "case", "{"))
_AFTER = {  # what may stand before these, as the innermost open part
    "then": ("if", "elif"), "elif": ("then",), "else": ("then",), "fi": ("then", "else"),
    "do": ("for", "while", "until", "select"), "done": ("do",), "esac": ("case",), "}": ("{",),
}  # fmt: skip
_ENDS = frozenset(("fi", "done", "esac", "}"))
_STARTERS = frozenset(("then", "do", "else", "elif", "if", "while", "until", "{", "!", "time"))  # a command follows
_HEREDOC = regex(r"<<(-?)[ \t]*(?:'([^'\n]+)'|\"([^\"\n]+)\"|\\?([\w.-]+))")
_WORD = regex(r"[^\s;&|()<>'\"`$\\]+")
_NAME = regex(r"[ \t]*[^\s({;]*")
_COMMENT = regex(r"#[^\n]*")


class _Unbalanced(ValueError):
    pass


def balanced(script: str) -> bool:
    """True when everything opened in `script` is closed in order."""
    try:
        _Reader(script).read()
    except (_Unbalanced, IndexError):
        return False
    return True


class _Reader:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.open: list[str] = []  # compound commands and brackets, innermost last
        self.heredocs: list[tuple[str, bool]] = []  # their bodies begin at the next line
        self.command = True  # a command word may stand here
        self.empty = True  # nothing stands in this command yet
        self.waits = False  # `&&`, `||`, `|` need something behind them

    def read(self) -> None:
        while self.at < len(self.text):
            self._step()
        if self.open or self.heredocs or self.waits:
            raise _Unbalanced(self.open)

    def _step(self) -> None:
        char = self.text[self.at]
        if char == "\n":
            self._newline()
        elif char in " \t\r":
            self.at += 1
        elif char == "\\":
            self.at += 2
            self.command = self.command and self.text[self.at - 1 : self.at] == "\n"
        elif char in "'\"`$":
            self._quoted(char)
            self._argument()
        elif char in ";&|":
            self._operator(char)
        elif char in "()":
            self._bracket(char)
        elif char in "<>":
            self._redirection()
        else:
            self._word()

    def _argument(self) -> None:
        self.command = self.waits = self.empty = False

    def _newline(self) -> None:
        self.at += 1
        self.command = self.empty = True
        for mark, tabs in self.heredocs:
            while True:
                end = self.text.find("\n", self.at)
                line = self.text[self.at :] if end < 0 else self.text[self.at : end]
                self.at = len(self.text) if end < 0 else end + 1
                if (line.lstrip("\t") if tabs else line) == mark:
                    break
                if end < 0:
                    raise _Unbalanced(mark)
        self.heredocs.clear()

    def _operator(self, char: str) -> None:
        pair = self.text[self.at : self.at + 2]
        if pair == ";;":
            if self.open[-1:] != ["case"]:
                raise _Unbalanced(pair)
            self.at += 3 if self.text[self.at + 2 : self.at + 3] == "&" else 2
        else:
            self.waits = pair in ("&&", "||", "|&") or char == "|"
            if self.empty and self.open[-1:] != ["case"]:
                raise _Unbalanced(pair)  # nothing in front of it
            self.at += 2 if pair in ("&&", "||", "|&", ";&") else 1
        self.command = self.empty = True

    def _bracket(self, char: str) -> None:
        if self.text.startswith("((", self.at):  # arithmetic
            self.at = self._find("))") + 2
            self.empty = False
            return
        self.at += 1
        self.command = True  # also behind `f()` and a pattern of `case`
        self.waits = False
        self.empty = char == "("
        if char == "(":
            self.open.append("(")
        elif self.open[-1:] == ["("]:
            self.open.pop()
        elif self.open[-1:] != ["case"]:
            raise _Unbalanced(char)

    def _redirection(self) -> None:
        found = _HEREDOC.match(self.text, self.at)
        if found and self.text[self.at : self.at + 3] != "<<<":
            self.heredocs.append((found[2] or found[3] or found[4], found[1] == "-"))
            self.at = found.end()
        elif self.text[self.at : self.at + 2] in ("<(", ">("):
            self.at += 2
            self._nested(")")
        else:
            while self.text[self.at : self.at + 1] and self.text[self.at] in "<>&|":
                self.at += 1

    def _word(self) -> None:
        starts = self.at == 0 or self.text[self.at - 1] in " \t\r\n;&|()"
        if starts and (comment := _COMMENT.match(self.text, self.at)):
            self.at = comment.end()
            return
        found = _WORD.match(self.text, self.at)
        self.at = found.end() if found else self.at + 1
        word = found[0] if found else ""
        if self.command and (word in _OPENERS or word in _AFTER):
            self._reserved(word)
        elif self.command and word == "function":
            self._name()
        else:
            self._argument()

    def _reserved(self, word: str) -> None:
        self.waits = False
        if word in _OPENERS:
            self.open.append(word)
            if word in ("for", "select"):
                self._name()  # `for x do` has nothing between
        elif not self.open or self.open[-1] not in _AFTER[word]:
            raise _Unbalanced(word)
        elif word in _ENDS:
            self.open.pop()
        else:
            self.open[-1] = word
        self.command = word in _STARTERS or word in _ENDS or word in ("for", "select")
        self.empty = word in _STARTERS

    def _name(self) -> None:
        found = _NAME.match(self.text, self.at)
        self.at = found.end() if found else self.at

    def _quoted(self, char: str) -> None:
        self.at += 1
        if char == "'":
            self.at = self._find("'") + 1
        elif char == '"':
            self._double()
        elif char == "`":
            while self.text[self.at] != "`":
                self.at += 2 if self.text[self.at] == "\\" else 1
            self.at += 1
        else:
            self._dollar()

    def _find(self, mark: str) -> int:
        found = self.text.find(mark, self.at)
        if found < 0:
            raise _Unbalanced(mark)
        return found

    def _double(self) -> None:
        while (char := self.text[self.at]) != '"':
            if char in "$`":
                self._quoted(char)
            else:
                self.at += 2 if char == "\\" else 1
        self.at += 1

    def _dollar(self) -> None:
        following = self.text[self.at : self.at + 1]
        if following == "{":
            self.at += 1
            while (char := self.text[self.at]) != "}":
                if char in "$'\"`":
                    self._quoted(char)
                else:
                    self.at += 2 if char == "\\" else 1
            self.at += 1
        elif following == "(":
            self.at += 1
            self._nested(")")
        elif following == "'":
            self.at += 1
            while self.text[self.at] != "'":
                self.at += 2 if self.text[self.at] == "\\" else 1
            self.at += 1
        elif following in ("#", "?", "$", "!", "@", "*"):
            self.at += 1

    def _nested(self, closing: str) -> None:
        """A command substitution: a script of its own, up to its closing bracket."""
        inner = _Reader(self.text)
        inner.at = self.at
        while inner.text[inner.at] != closing or inner.open:
            inner._step()
        if inner.heredocs or inner.waits:
            raise _Unbalanced(closing)
        self.at = inner.at + 1

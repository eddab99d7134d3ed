"""What spans lines is one event with all of them, whatever stands before each, and names the place that matters."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from tachograph.extract import lines, rules
from tachograph.extract.extractor import Extractor, Found

RULES, _ = rules.load()

# (rule, file, line) and what is printed
PRINTED: list[tuple[tuple[str, str, int], str]] = [
    (
        ("python_syntax_error", "store.py", 3),
        '  File "store.py", line 3\n    x = = 1\n        ^\nSyntaxError: invalid syntax\n',
    ),
    (
        ("java_exception", "B.kt", 12),
        'Exception in thread "main" java.lang.RuntimeException: wrap\n\tat a.B.main(B.kt:12)\n'
        "Caused by: java.io.IOException: closed\n\tat a.B.f(B.kt:3)\n\t... 1 more\n\tSuppressed: a.b.C: s\n"
        "\t\tat a.C.g(C.kt:1)\n",
    ),
    (
        ("rust_panic", "src/a.rs", 4),
        "thread 'main' panicked at src/a.rs:4:10:\nassertion `left == right` failed\n  left: 1\n right: 2\n"
        "stack backtrace:\n   0: rust_begin_unwind\n             at /rustc/abc/library/std/src/panicking.rs:645:5\n"
        "   1: a::main\n             at ./src/a.rs:4:10\n"
        "note: run with `RUST_BACKTRACE=full` for a verbose backtrace.\n",
    ),
    (
        ("go_panic", "/app/store/store.go", 9),
        "panic: index out of range [5] [recovered]\n\tpanic: index out of range [5]\n\ngoroutine 6 [running]:\n"
        "testing.tRunner.func1.2({0x50b8a0, 0xc00001a0c0})\n\t/usr/local/go/src/testing/testing.go:1526 +0x24e\n"
        "panic({0x50b8a0, 0xc00001a0c0})\n\t/usr/local/go/src/runtime/panic.go:884 +0x213\n"
        "example.com/store.Get[...](0x5)\n\t/app/store/store.go:9 +0x1d\n"
        "created by testing.(*T).Run in goroutine 1\n\t/usr/local/go/src/testing/testing.go:1629 +0x3ea\n"
        "exit status 2\n",
    ),
    (
        ("go_panic", "/app/main.go", 8),
        "http: panic serving [::1]:54143: closed\ngoroutine 24 [running]:\n"
        "net/http.(*conn).serve.func1(0xc00007eaa0)\n"
        "\t/usr/local/go/src/net/http/server.go:1746 +0xd0\npanic(0x12472a0, 0x12ece10)\n"
        "\t/usr/local/go/src/runtime/panic.go:513 +0x1b9\nmain.serve(0x12f0ea0)\n\t/app/main.go:8 +0x39\n",
    ),
    (
        ("exception", "/app/a.js", 3),
        "Error: outer\n    at f (/app/a.js:3:9)\n    at node:internal/main/run_main_module:28:49 {\n"
        "  code: 'E_OUT',\n"
        "  [cause]: Error: inner\n      at g (/app/b.js:7:1)\n      ... 4 lines matching cause stack trace ...\n"
        "      at node:internal/x:1:2 {\n    code: 'E_IN'\n  }\n}\n",
    ),
    (
        ("dotnet_exception", "/app/B.cs", 3),
        "System.InvalidOperationException: outer\n ---> System.ArgumentException: inner\n"
        "   at A.B.F() in /app/B.cs:line 3\n"
        "   --- End of inner exception stack trace ---\n   at A.B.<Main>d__1.MoveNext() in /app/B.cs:line 12\n"
        "--- End of stack trace from previous location where exception was thrown ---\n   at A.B.Main()\n",
    ),
    (
        ("unhandled_exception", "/app/a.dart", 3),
        "Unhandled exception:\nNoSuchMethodError: The method 'f' was called on null.\nReceiver: null\n"
        "#0      Object.noSuchMethod (dart:core-patch/object_patch.dart:38:5)\n#1      f (file:///app/a.dart:3:9)\n"
        "<asynchronous suspension>\n",
    ),
    (
        ("ruby_exception", "a.rb", 3),
        "a.rb:3:in 'f': undefined method 'foo' for nil (NoMethodError)\n\n  nil.foo\n     ^^^^\n"
        "\tfrom a.rb:7:in '<main>'\n",
    ),
    (
        ("rails_exception", "app/controllers/a_controller.rb", 3),
        "NoMethodError (undefined method `foo' for nil:NilClass):\n  \napp/controllers/a_controller.rb:3:in `show'\n"
        "actionpack (7.0.1) lib/action_controller/base.rb:7:in `call'\n",
    ),
    (
        ("php_error", "/app/a.php", 3),
        "PHP Fatal error:  Uncaught RuntimeException: inner in /app/a.php:3\nStack trace:\n"
        "#0 /app/a.php(7): f()\n#1 {main}\n"
        "\nNext LogicException: outer in /app/a.php:9\nStack trace:\n#0 {main}\n  thrown in /app/a.php on line 9\n",
    ),
    (
        ("php_error", "/app/a.php", 5),
        "exception 'RuntimeException' with message 'closed' in /app/a.php:5\nStack trace:\n"
        "#0 /app/a.php(9): f()\n#1 {main}\n",
    ),
    (
        ("elixir_exception", "lib/a.ex", 3),
        "** (RuntimeError) closed\n    (stdlib 5.0) gen_server.erl:1123: :gen_server.try_handle_call/4\n"
        "    lib/a.ex:3: A.f/1\n",
    ),
    (
        ("haskell_stack", "app/Main.hs", 7),
        "CallStack (from HasCallStack):\n  error, called at libraries/base/GHC/List.hs:1646:3 in base:GHC.List\n"
        "  head, called at app/Main.hs:7:9 in main:Main\n",
    ),
    (
        ("ocaml_exception", "bin/main.ml", 3),
        'Fatal error: exception Failure("closed")\n'
        'Raised at Stdlib.failwith in file "stdlib.ml", line 29, characters 17-33\n'
        'Called from Dune__exe__Main in file "bin/main.ml", line 3, characters 8-20\n',
    ),
    (
        ("lua_error", "a.lua", 3),
        "lua: a.lua:3: attempt to index a nil value (local 'x')\nstack traceback:\n\ta.lua:3: in function 'f'\n"
        "\t[C]: in ?\n",
    ),
    (
        ("julia_exception", "/app/a.jl", 3),
        "ERROR: LoadError: UndefVarError: `x` not defined\nStacktrace:\n [1] f()\n   @ Main /app/a.jl:3\n"
        "in expression starting at /app/a.jl:7\n",
    ),
]  # fmt: skip

WRAPPED: dict[str, Callable[[str], str]] = {
    "plain": lambda line: line,
    "CR LF": lambda line: line + "\r",
    "coloured": lambda line: f"\x1b[31m{line}\x1b[0m",
    "docker compose": lambda line: f"\x1b[36mweb-1  | \x1b[0m{line}".rstrip(),
    "GitHub Actions": lambda line: "2026-11-21T09:14:02.1234567Z " + line,
    "syslog": lambda line: "Nov 21 09:14:02 host app[12]: " + line,
    "concurrently": lambda line: "[0] " + line,
    "kubectl": lambda line: "[pod/web-5d8f/app] " + line,
}


def extract(text: str) -> list[Found]:
    return Extractor(RULES).feed(lines.split(text.encode(), 1), final=True)


@pytest.mark.parametrize("wrap", WRAPPED.values(), ids=WRAPPED)
@pytest.mark.parametrize(("told", "text"), PRINTED, ids=lambda value: value[0] if isinstance(value, tuple) else "")
def test_one_event_with_all_its_lines(told: tuple[str, str, int], text: str, wrap: Callable[[str], str]) -> None:
    printed = [wrap(line) for line in ["before", *text.rstrip("\n").split("\n"), "", "Done."]]
    (event,) = extract("\n".join(printed) + "\n")
    metadata = event.metadata or {}
    assert (event.pattern, metadata.get("file"), metadata.get("line")) == told
    assert (event.line_number, event.original_line.count("\n")) == (2, text.count("\n") - 1)


@pytest.mark.parametrize(("told", "text"), PRINTED, ids=lambda value: value[0] if isinstance(value, tuple) else "")
def test_what_is_cut_off_is_one_event(told: tuple[str, str, int], text: str) -> None:
    whole = text.rstrip("\n").split("\n")
    for end in range(1, len(whole)):
        (event,) = extract("\n".join(whole[:end]))
        assert event.pattern == told[0]


def test_an_exception_without_a_stack_takes_nothing_that_follows() -> None:
    follows = "\n\n{\n  name: the store\n  12 files\n- a\nnext\n"
    (event,) = extract("Error: closed" + follows)
    assert event.original_line == "Error: closed"


REPORTED = {
    "mocha_failed": """\
  3 passing (12ms)
  2 failing

  1) Store
       adding
         adds twice:

      AssertionError [ERR_ASSERTION]: 1 == 2
      + expected - actual

  2) Store "before all" hook:
     Error: Timeout of 2000ms exceeded.
      at f (/app/a.js:3:9)
""",
    "jest_failed": """\
  ● adds twice

    expect(received).toBe(expected) // Object.is equality

  ● Test suite failed to run

    Cannot find module './store' from 'store.test.js'
""",
    "ant_test_failed": """\
    [junit] Testcase: opens took 0.1 sec
    [junit] Testcase: addsTwice took 0.097 sec
    [junit] \tFAILED
    [junit] Testcase: closes took 0.1 sec
    [junit] \tCaused an ERROR
""",
}


@pytest.mark.parametrize("pattern", REPORTED)
def test_a_test_failed_when_a_later_line_says_so(pattern: str) -> None:
    names = [(event.metadata or {})["test"] for event in extract(REPORTED[pattern]) if event.pattern == pattern]
    assert (
        names
        == {
            "mocha_failed": ["Store", 'Store "before all" hook:'],
            "jest_failed": ["adds twice", "Test suite failed to run"],
            "ant_test_failed": ["addsTwice", "closes"],
        }[pattern]
    )


def test_lines_held_in_vain_are_read_by_the_other_rules() -> None:
    refused = "  1) connect: Connection refused\n"
    text = refused + "  2) opened\n\n       see below:\n" + refused + "  ● a\n\nfatal: not a repository\n"
    assert [(event.pattern, event.line_number) for event in extract(text) if event.event_type == "error"] == [
        ("connection_error", 1), ("connection_error", 5), ("git_fatal", 8),
    ]  # fmt: skip
    assert [event.pattern for event in extract(refused + "\n")] == ["connection_error"]


def test_lines_held_in_vain_survive_a_restart() -> None:
    clean = lines.split(b"  1) Connection refused\n  2) opened\n\n       see below:\nfatal: no\n", 1)
    whole = Extractor(RULES).feed(clean, final=True)
    extractor, found = Extractor(RULES), []
    for line in clean:
        found += extractor.feed([line])
        extractor = Extractor(RULES, json.loads(json.dumps(extractor.state())))
    assert found + extractor.finish() == whole != []


def test_what_a_logger_calls_harmless_is_no_error() -> None:
    harmless = [
        "17/01/20 11:05:00 INFO DAGScheduler: failed: Set()",
        "00:01 DEBUG [a.b.Loader   ] - Could not find an annotation",
        "[INFO ](c.n.SocketHandler  :20)  reconnect failed. Connection refused: /127.0.0.1:80",
        'time="2026-11-21T09:14:02Z" level=info msg="connection reset by peer"',
        "[notice] 12#12: signal process exited with code 1",
    ]
    assert extract("\n".join(harmless) + "\n") == []
    (event,) = extract("WARNING: cannot read hooks. Exit code: 128\n")
    assert event.event_type == "warning"
    (event,) = extract("Cannot open INFO file\n")
    assert event.event_type == "error"

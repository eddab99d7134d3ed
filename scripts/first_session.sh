#!/bin/sh
# `make run`: record one small program, show what was kept. $1 is the folder of the installed commands.
set -eu
bin=$1

echo "Recording: $bin/tachograph run --agent example -- python -u examples/journey.py"
echo
code=0
"$bin/tachograph" run --agent example -- "$bin/python" -u examples/journey.py || code=$?
# The example ends with a failing test on purpose. Any other code means that it did not get that far.
[ "$code" -eq 1 ] || { echo "the example ended with $code instead of 1; tachograph doctor says more" >&2; exit 1; }

echo
echo "Recorded. This is what was kept ($bin/tachograph show last):"
echo
"$bin/tachograph" show last
cat <<END

Look further:
  $bin/tachograph serve                           all of it in a browser: prints a link
  $bin/tachograph events last --type error        what went wrong
  $bin/tachograph search "average speed"          find a line again, in any session
  $bin/tachograph run -- COMMAND                  record a program of your own
  sqlite3 "\$($bin/tachograph db path)" "SELECT event_type, matched_value FROM extraction_events"
END

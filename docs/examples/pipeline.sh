#!/bin/sh
# A pipeline of five stages, measured: pipeline.sh SCHEMA FOLDER [EXECUTION]
#
# SCHEMA is a text of lines "name type"; a Rust struct is made of it in FOLDER. Every stage is a row of
# pipeline_metrics, the whole a receipt with the digests of what went in and came out. A stage that fails ends the
# script with its exit code; the receipt tells which one it was.
set -eu

schema=$1 folder=$2
execution=${3:-structs-$(date -u +%Y%m%d-%H%M%S)-$$}
agent=structs
mkdir -p "$folder"

# Whatever is recorded meanwhile belongs to the same workflow; one that is there already goes on.
if [ -z "${TACHOGRAPH_WORKFLOW:-}" ]; then
    TACHOGRAPH_WORKFLOW=$(tachograph workflow start "a struct of $schema" --agents 1)
    export TACHOGRAPH_WORKFLOW
    ours=$TACHOGRAPH_WORKFLOW
fi

finish() { # STATUS OPTION…
    ended=$1
    shift
    tachograph stage finish "$execution" --agent "$agent" --environment "${ENVIRONMENT:-dev}" --manifest "$schema" \
        --input "$schema" "$@"
    [ -z "${ours:-}" ] || tachograph workflow end "$ours" --status "$ended"
}
trap 'code=$?; finish failed; exit $code' EXIT

stage() { # NAME INPUT OUTPUT COMMAND: a shell command that reads $2 and writes $3
    tachograph stage run "$execution" "$1" --quiet --agent "$agent" --input "$2" --output "$3" -- \
        sh -eu -c "$4" "$1" "$2" "$3"
}

stage normalize "$schema" "$folder/lines" 'awk "!/^#/ { \$1 = \$1; print }" "$1" > "$2"'
stage extract "$folder/lines" "$folder/fields" 'awk "NF == 2 { print \$1, \$2 }" "$1" > "$2"'
stage emit "$folder/fields" "$folder/raw.rs" \
    '{ echo "pub struct Record {"; awk "{ print \"    pub \" \$1 \": \" \$2 \",\" }" "$1"; echo "}"; } > "$2"'
stage canonicalize "$folder/raw.rs" "$folder/record.rs" '{ head -n 1 "$1"; sed "1d;\$d" "$1" | sort; echo "}"; } > "$2"'
stage receipt "$folder/record.rs" "$folder/record.sha256" 'sha256sum "$1" | cut -d " " -f 1 > "$2"'

trap - EXIT
finish completed --file "$folder/record.rs"

# What the next run wants to know. The version that was read is named, so that two runs at once do not undo each other:
# the later one is refused, and the conflict is noted.
version=$(tachograph memory list --agent "$agent" --fields version 2>/dev/null | sed 1d)
tachograph memory set "$agent" "{\"last\": \"$execution\", \"fields\": $(wc -l < "$folder/fields")}" \
    --expect "${SEEN_VERSION:-${version:-0}}" || echo "$execution: another run was quicker" >&2

tachograph slo check --execution "$execution"

#!/usr/bin/env bash
# Stands before the real program of its name on the path, passes everything on, and keeps what was said.
set -u
number=$(flock "$RECORD/lock" bash -c 'n=$(($(cat "$RECORD/count" 2> /dev/null || echo 0) + 1)); echo $n | tee "$RECORD/count"')
printf '%s\n' "${0##*/}" "$@" > "$RECORD/$number.call"
PATH=$REAL_PATH "${0##*/}" "$@" > "$RECORD/$number.stdout" 2> "$RECORD/$number.stderr"
code=$?
echo "$code" > "$RECORD/$number.code"
previous=""
for word in "$@"; do
  if [ "${0##*/}:$previous" = curl:--output ]; then cp "$word" "$RECORD/$number.file"; fi
  previous=$word
done
cat "$RECORD/$number.stdout"
cat "$RECORD/$number.stderr" >&2
exit "$code"

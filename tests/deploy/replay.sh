#!/usr/bin/env bash
# Answers as the real program of its name did: to each call the answers that it got, in order, then the last again.
set -u
output=/dev/null previous="" words=()
for word in "${0##*/}" "$@"; do
  if [ "$previous" = --output ] && [ "${0##*/}" = curl ]; then
    output=$word
    word=FILE
  fi
  words+=("${word//"$PREBAKE_SOURCE"/SOURCE}")
  previous=$word
done
call=$(printf '%s\n' "${words[@]}" | sed -E 's/[0-9a-f]{32}/<bake>/g; s/-[0-9a-f]{12}$/-<digest>/')
printf '%s\n\n' "$call" >> "$REPLAY/calls"
key=$(printf '%s\n' "$call" | sha256sum | cut -c -16)
number=$(($(cat "$REPLAY/$key.count" 2> /dev/null || echo 0) + 1))
if [ ! -f "$REPLAY/$key.$number.code" ]; then number=$((number - 1)); fi
if [ "$number" = 0 ]; then
  printf 'NOT RECORDED (.ci/azure-cli records it): %s\n' "${words[*]}" >&2
  exit 97
fi
echo "$number" > "$REPLAY/$key.count"
if [ -f "$REPLAY/$key.$number.file" ]; then cp "$REPLAY/$key.$number.file" "$output"; fi
cat "$REPLAY/$key.$number.stdout"
cat "$REPLAY/$key.$number.stderr" >&2
exit "$(cat "$REPLAY/$key.$number.code")"

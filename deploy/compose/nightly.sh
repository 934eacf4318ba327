#!/bin/sh
# A night now, and one each day at NIGHT_AT in the time zone TZ: `nightly.sh source=youtube`.
#
# The first makes up for one that was missed while the machine was off; where no day is new it does
# nothing. A source that cannot be reached (30) is asked again after 15, 30 and 60 minutes. Any other
# failure waits for the next night; the health check tells it.
set -eu
child=
trap '[ -z "$child" ] || kill "$child" 2>/dev/null || true; wait; exit 143' TERM INT

run() { # waits so that a signal is heard at once
  "$@" &
  child=$!
  wait "$child"
}

night() {
  for pause in 900 1800 3600 0; do
    code=0
    run python pipelines/retrain.py "$@" || code=$?
    [ "$code" -eq 30 ] && [ "$pause" -gt 0 ] || break
    run sleep "$pause"
  done
  echo "nightly.sh: the night ended with exit code $code" >&2
}

while :; do
  night "$@"
  now=$(date +%s)
  next=$(date -d "today $NIGHT_AT" +%s)
  [ "$next" -gt "$now" ] || next=$(date -d "tomorrow $NIGHT_AT" +%s)
  run sleep "$((next - now))"
done

#!/usr/bin/env bash
# A loop that edits a model, guarded by a referee: an edit that is accepted is committed, any other
# is taken back. Usage, in a git repository whose program writes predictions.parquet:
#
#   guarded_loop.sh 'python train.py' 'my-agent --edit-once train.py'
#
# The second command makes one edit; the loop ends when it fails, or when no answer is left. Files
# that git does not track are neither committed nor removed.
set -euo pipefail
predict=$1 edit=$2

left() { # how many answers are left, as the last call has told
  local before=${told%% answer*}
  echo "${before##* }"
}

$predict
told=$(viewcast referee submit predictions.parquet)  # the first one: gains are measured from it
echo "$told"

while $edit; do
  last=$(left) code=1
  if $predict; then
    code=0
    told=$(viewcast referee submit predictions.parquet) || code=$?
    echo "$told"
  fi
  # As many answers are left as before: these predictions were submitted before, and that is no news.
  if [ "$code" = 0 ] && [ "$(left)" = "$last" ]; then code=3; fi
  case $code in
    0) git commit --quiet --all --message "Accepted by the referee" ;;
    3 | 6) git checkout --quiet -- . ;;          # no evidence that it is better
    4 | 5) git checkout --quiet -- . && break ;; # no answer is left, or the referee is closed
    *)                                           # the edit broke the program, or its predictions
      git checkout --quiet -- .
      viewcast referee status >/dev/null         # ends the loop if the referee is not there
      ;;
  esac
done
viewcast referee close --yes

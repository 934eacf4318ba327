#!/usr/bin/env bash
# Build wheel and sdist, check them, and audit a store with nothing but the wheel installed: once
# with the newest versions of what it needs, once with the oldest that pyproject.toml allows.
set -euo pipefail
cd "$(dirname "$0")/../.."
python=${PYTHON:-$(python -c 'import sys; print(sys.executable)')}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

python -m build --no-isolation --outdir "$folder/built" . >"$folder/log" 2>&1 || { cat "$folder/log"; exit 1; }
twine check --strict "$folder"/built/*

: >"$folder/newest.txt"
python tests/packaging/lowest.py pyproject.toml >"$folder/oldest.txt"
# Installs alone, and audits; what it prints goes to a file, for both are done at the same time.
audit_alone() {
  local versions=$1 place=$folder/$1
  "$python" -m venv "$place"
  "$place/bin/pip" install --quiet --disable-pip-version-check --no-compile \
    --only-binary :all: --constraint "$folder/$versions.txt" "$folder"/built/*.whl
  cp tests/packaging/audit_a_store.py "$place"
  echo "== $versions: $("$place/bin/pip" freeze | grep -E '^(mlflow-skinny|numpy|pandas|pyarrow)==' | tr '\n' ' ')"
  (cd "$place" && bin/python audit_a_store.py)
}
(audit_alone newest) >"$folder/newest.log" 2>&1 & newest=$!
(audit_alone oldest) >"$folder/oldest.log" 2>&1 & oldest=$!
failed=0
wait "$newest" || failed=1
wait "$oldest" || failed=1
cat "$folder/newest.log" "$folder/oldest.log"
exit "$failed"

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
for versions in newest oldest; do
  place=$folder/$versions
  "$python" -m venv "$place"
  "$place/bin/pip" install --quiet --disable-pip-version-check --only-binary :all: \
    --constraint "$folder/$versions.txt" "$folder"/built/*.whl
  cp tests/packaging/audit_a_store.py "$place"
  echo "== $versions: $("$place/bin/pip" freeze | grep -E '^(mlflow-skinny|numpy|pandas|pyarrow)==' | tr '\n' ' ')"
  (cd "$place" && bin/python audit_a_store.py)
done

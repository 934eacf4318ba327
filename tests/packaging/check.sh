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

for resolution in highest lowest-direct; do
  place=$folder/$resolution
  uv pip compile --quiet --no-config --python "$python" --resolution "$resolution" \
    pyproject.toml --output-file "$place.txt"
  uv venv --quiet --python "$python" "$place"
  uv pip install --quiet --python "$place" --requirement "$place.txt"
  uv pip install --quiet --python "$place" --no-deps "$folder"/built/*.whl
  cp tests/packaging/audit_a_store.py "$place"
  echo "== $resolution: $(grep -E '^(mlflow-skinny|numpy|pandas|pyarrow)==' "$place.txt" | tr '\n' ' ')"
  (cd "$place" && bin/python audit_a_store.py)
done

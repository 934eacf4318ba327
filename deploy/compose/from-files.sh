#!/bin/sh
# Start a command with secrets that come as files: the content of the file that NAME_FILE names
# becomes the variable NAME, of this process and of those that it starts alone.
set -eu
for name in PGPASSWORD MLFLOW_AUTH_ADMIN_PASSWORD MLFLOW_FLASK_SERVER_SECRET_KEY \
  MLFLOW_TRACKING_PASSWORD VIEWCAST_NOTIFY_URLS; do
  eval "file=\${${name}_FILE:-}"
  if [ -n "$file" ]; then
    if [ ! -r "$file" ]; then
      echo "from-files.sh: ${name}_FILE = $file: cannot be read by user $(id -u)" >&2
      exit 1
    fi
    value=$(cat "$file")
    export "$name=$value"
  fi
done
exec "$@"

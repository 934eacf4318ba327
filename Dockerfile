# Two images of the project at the versions of requirements.lock. In the project folder:
#   docker build --target app -t viewcast/app .         nights, sweeps, audits, Dask's scheduler and workers
#   docker build --target server -t viewcast/server .   the tracking server of a team
# deploy/compose/compose.yaml starts all of it. Nothing in them is a secret.

FROM python:3.11-slim-bookworm AS base
ENV PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    PIP_NO_CACHE_DIR=1 \
    PIP_DISABLE_PIP_VERSION_CHECK=1 \
    PATH=/srv/viewcast/.venv/bin:$PATH
RUN useradd --uid 1000 --user-group --home-dir /tmp --no-create-home viewcast
WORKDIR /srv/viewcast

FROM base AS empty-environment
RUN python -m venv .venv
COPY requirements.lock ./

# What the server runs, and nothing of the project.
FROM empty-environment AS server-environment
RUN pip install --constraint requirements.lock 'mlflow[auth]' 'psycopg[binary]'

# torch of PyPI brings three gigabytes for NVIDIA cards. --no-deps: this index serves torch alone.
FROM empty-environment AS app-environment
ARG TORCH_INDEX=https://download.pytorch.org/whl/cpu
RUN pip install --no-deps --index-url "$TORCH_INDEX" --constraint requirements.lock torch
COPY pyproject.toml README.md LICENSE ./
COPY src src
RUN pip install --constraint requirements.lock --editable \
    '.[project,boosting,dask,forecasting,notify,optuna,server,youtube]'

FROM base AS server
COPY --from=server-environment /srv/viewcast/.venv .venv
COPY deploy/compose/from-files.sh deploy/compose/basic_auth.ini deploy/compose/
RUN install -d -o viewcast -g viewcast /srv/artifacts
USER 1000:1000
ENV HOME=/tmp LOGNAME=viewcast MLFLOW_DISABLE_TELEMETRY=true
EXPOSE 5000
ENTRYPOINT ["deploy/compose/from-files.sh"]
CMD ["mlflow", "server", "--host", "0.0.0.0"]
HEALTHCHECK --interval=15s --timeout=5s --start-period=90s --retries=4 \
  CMD ["python", "-c", "from urllib.request import urlopen; urlopen('http://127.0.0.1:5000/health', timeout=4)"]

FROM base AS app
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends git libgomp1 \
    && rm -rf /var/lib/apt/lists/*
COPY --from=app-environment /srv/viewcast/.venv .venv
COPY . .
# The data of the lectures and of the simulated channel; only the folders named last are written to.
RUN dvc config --local core.no_scm true \
    && dvc pull --quiet data.dvc \
    && rm -rf .dvc/cache .dvc/tmp \
    && python pipelines/prepare.py data=channel \
    && python pipelines/prepare.py data=lectures \
    && install -d -o viewcast -g viewcast \
      nights reports exports build/sweeps build/audit build/audits
USER 1000:1000
# A worker uses one core: several work beside each other.
ENV HOME=/tmp LOGNAME=viewcast MLFLOW_DISABLE_TELEMETRY=true OMP_NUM_THREADS=1 \
    VIEWCAST_CACHE=/tmp/viewcast DVC_SITE_CACHE_DIR=/tmp/dvc
ENTRYPOINT ["deploy/compose/from-files.sh"]
CMD ["python", "pipelines/retrain.py"]
HEALTHCHECK --interval=10m --timeout=1m --start-period=2h CMD ["python", "pipelines/healthcheck.py"]

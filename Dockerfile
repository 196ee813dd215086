# One image, two services: the webserver and the daemon (see compose.yaml, docs/operations.md).
FROM python:3.11-slim-bookworm

ENV PIP_NO_CACHE_DIR=1 \
    PIP_DISABLE_PIP_VERSION_CHECK=1 \
    PYTHONUNBUFFERED=1 \
    DAGSTER_HOME=/srv/drift-assets

WORKDIR /srv/drift-assets

# A number of its own, so that the owner of a mounted folder can be set from outside.
RUN useradd --system --uid 10001 --home-dir /srv/drift-assets drift-assets \
    && mkdir drift_home data \
    && chown drift-assets: drift_home data

COPY pyproject.toml setup.py constraints.txt README.md LICENSE ./
COPY drift_assets/ drift_assets/
# Editable, so that a folder mounted over drift_assets/defs is the one that is loaded.
RUN pip install --constraint constraints.txt --editable .

COPY dagster.yaml workspace.yaml ./

USER drift-assets
VOLUME /srv/drift-assets/drift_home
EXPOSE 3000

CMD ["dagster-webserver", "--host", "0.0.0.0", "--port", "3000"]

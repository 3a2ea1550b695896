# The image of data_pipeline; build it from the root of the repository:
#   docker build -f docker/data-pipeline.Dockerfile -t etl-data-pipeline .
ARG PYTHON_VERSION=3.13

# Only the manifests are copied here, so that a change of sources costs no download.
FROM python:${PYTHON_VERSION}-slim-bookworm AS requirements
RUN pip install --no-cache-dir poetry==2.5.1 poetry-plugin-export==1.10.1
WORKDIR /src/packages/data_pipeline
COPY packages/data_pipeline/pyproject.toml packages/data_pipeline/poetry.lock ./
# A path dependency is exported without a hash; etl_core is installed from its sources.
RUN poetry export --only main --extras db --format requirements.txt --output all.txt \
    && sed -e '/^-e /d' -e '/ @ file:/d' all.txt > /requirements.txt

FROM python:${PYTHON_VERSION}-slim-bookworm AS build
RUN python -m venv --without-pip /opt/venv
COPY --from=requirements /requirements.txt /
RUN pip --python /opt/venv/bin/python install --no-cache-dir --no-deps \
    --require-hashes -r /requirements.txt
COPY packages/etl_core /src/packages/etl_core
COPY packages/data_pipeline /src/packages/data_pipeline
RUN pip --python /opt/venv/bin/python install --no-cache-dir --no-deps \
    /src/packages/etl_core /src/packages/data_pipeline \
    && pip --python /opt/venv/bin/python check

# For developers, docker build --target dev: Poetry, and sources that a mount replaces.
# The environment stands outside the sources, so that a mount does not hide it.
FROM python:${PYTHON_VERSION}-slim-bookworm AS dev
RUN pip install --no-cache-dir poetry==2.5.1 \
    && useradd --uid 10001 --create-home app
ENV PYTHONUNBUFFERED=1 POETRY_NO_INTERACTION=1 POETRY_VIRTUALENVS_IN_PROJECT=false
COPY --chown=app packages/etl_core /app/packages/etl_core
COPY --chown=app packages/data_pipeline /app/packages/data_pipeline
WORKDIR /app/packages/data_pipeline
USER 10001
RUN poetry install --extras db
ENTRYPOINT ["/app/packages/data_pipeline/config_scripts/docker-entrypoint.sh"]
CMD ["poetry", "run", "data-pipeline", "list"]

FROM python:${PYTHON_VERSION}-slim-bookworm
COPY --from=build /opt/venv /opt/venv
ENV PATH=/opt/venv/bin:$PATH PYTHONUNBUFFERED=1
RUN useradd --uid 10001 --create-home app
# Kubernetes checks runAsNonRoot against a number, not a name.
USER 10001
ENTRYPOINT ["data-pipeline"]

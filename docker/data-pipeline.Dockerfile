# The image of data_pipeline; build it from the root of the repository:
#   docker build -f docker/data-pipeline.Dockerfile -t etl-data-pipeline .
ARG PYTHON_VERSION=3.13

# Only the manifests are copied here, so that a change of sources costs no download.
FROM python:${PYTHON_VERSION}-slim-bookworm AS requirements
COPY packages/workbench/tools.txt /
RUN pip install --no-cache-dir --requirement /tools.txt
WORKDIR /src/packages/data_pipeline
COPY packages/data_pipeline/pyproject.toml packages/data_pipeline/poetry.lock ./
# A path dependency is exported without a hash; etl_core is installed from its sources.
RUN poetry export --only main --extras "db silver" --format requirements.txt --output all.txt \
    && sed -e '/^-e /d' -e '/ @ file:/d' all.txt > /requirements.txt

FROM python:${PYTHON_VERSION}-slim-bookworm AS build
RUN python -m venv --without-pip /opt/venv
COPY --from=requirements /requirements.txt /
# botocore describes every service of AWS, most of its size. Kept are S3 and what credentials
# come from; a job that uses another service adds its name, as it stands below botocore/data.
ARG AWS_SERVICES="s3 signin sso sso-oidc sts"
RUN pip --python /opt/venv/bin/python install --no-cache-dir --no-deps \
    --require-hashes -r /requirements.txt \
    && for folder in /opt/venv/lib/python*/site-packages/botocore/data/*/; do \
        case " ${AWS_SERVICES} " in *" $(basename "${folder}") "*) ;; *) rm -r "${folder}" ;; esac; \
    done
COPY packages/etl_core /src/packages/etl_core
COPY packages/data_pipeline /src/packages/data_pipeline
RUN pip --python /opt/venv/bin/python install --no-cache-dir --no-deps \
    /src/packages/etl_core /src/packages/data_pipeline \
    && pip --python /opt/venv/bin/python check

# For developers, docker build --target dev: Poetry, and sources that a mount replaces.
# The environment stands outside the sources, so that a mount does not hide it.
FROM python:${PYTHON_VERSION}-slim-bookworm AS dev
COPY packages/workbench/tools.txt /
RUN pip install --no-cache-dir --requirement /tools.txt \
    && useradd --uid 10001 --create-home app
ENV PYTHONUNBUFFERED=1 POETRY_NO_INTERACTION=1 POETRY_VIRTUALENVS_IN_PROJECT=false
COPY --chown=10001 packages/etl_core /app/packages/etl_core
COPY --chown=10001 packages/data_pipeline /app/packages/data_pipeline
WORKDIR /app/packages/data_pipeline
USER 10001
RUN poetry install --extras "db silver"
ENTRYPOINT ["/app/packages/data_pipeline/config_scripts/docker-entrypoint.sh"]
CMD ["poetry", "run", "data-pipeline", "list"]

FROM python:${PYTHON_VERSION}-slim-bookworm
ARG PYTHON_VERSION
# Nothing is installed into a running image, so it has nothing that could.
RUN useradd --uid 10001 --create-home app \
    && python -m pip uninstall --yes --quiet --root-user-action=ignore setuptools wheel pip \
    && rm -r /usr/local/lib/python*/ensurepip
COPY --from=build /opt/venv /opt/venv
ENV PATH=/opt/venv/bin:$PATH PYTHONUNBUFFERED=1
# The base image has no compiled standard library, and a job cannot write one.
RUN python -m compileall -q /usr/local/lib/python*/
ARG VERSION=0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="etl-data-pipeline" \
    org.opencontainers.image.description="Batch jobs that move and transform application data on S3" \
    org.opencontainers.image.licenses="Apache-2.0" \
    org.opencontainers.image.version="${VERSION}" \
    org.opencontainers.image.revision="${REVISION}" \
    org.opencontainers.image.base.name="python:${PYTHON_VERSION}-slim-bookworm"
# Kubernetes checks runAsNonRoot against a number, not a name.
USER 10001
WORKDIR /home/app
ENTRYPOINT ["data-pipeline"]

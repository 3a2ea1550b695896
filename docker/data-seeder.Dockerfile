# The image of data_seeder; build it from the root of the repository:
#   docker build -f docker/data-seeder.Dockerfile -t etl-data-seeder .
ARG PYTHON_VERSION=3.13

# Only the manifests are copied here, so that a change of sources costs no download.
FROM python:${PYTHON_VERSION}-slim-bookworm AS requirements
COPY packages/workbench/tools.txt /
RUN pip install --no-cache-dir --requirement /tools.txt
WORKDIR /src/packages/data_seeder
COPY packages/data_seeder/pyproject.toml packages/data_seeder/poetry.lock ./
# A path dependency is exported without a hash; ours are installed from their sources.
RUN poetry export --only main --format requirements.txt --output all.txt \
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
COPY packages/etl_database_schema /src/packages/etl_database_schema
COPY packages/data_seeder /src/packages/data_seeder
RUN pip --python /opt/venv/bin/python install --no-cache-dir --no-deps \
    /src/packages/etl_core /src/packages/etl_database_schema /src/packages/data_seeder \
    && pip --python /opt/venv/bin/python check

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
LABEL org.opencontainers.image.title="etl-data-seeder" \
    org.opencontainers.image.description="Fills a database and a bucket with realistic data that a seed decides" \
    org.opencontainers.image.licenses="Apache-2.0" \
    org.opencontainers.image.version="${VERSION}" \
    org.opencontainers.image.revision="${REVISION}" \
    org.opencontainers.image.base.name="python:${PYTHON_VERSION}-slim-bookworm"
# Kubernetes checks runAsNonRoot against a number, not a name.
USER 10001
WORKDIR /home/app
ENTRYPOINT ["data-seeder"]

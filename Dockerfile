# The bot on free-threaded Python. For a build with the GIL: docker build --build-arg PYTHON_VERSION=3.14 .
# Both stages are of one Debian release, so that what the first installs runs in the second.

FROM python:3.14-slim-trixie AS builder
ARG PYTHON_VERSION=3.14t
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 \
    PIP_NO_CACHE_DIR=1 \
    PIP_ROOT_USER_ACTION=ignore \
    UV_COMPILE_BYTECODE=1 \
    UV_LINK_MODE=copy \
    UV_NO_CACHE=1 \
    UV_PYTHON_INSTALL_DIR=/opt/python
WORKDIR /build
SHELL ["/bin/bash", "-euo", "pipefail", "-c"]

# The official images have no free-threaded Python; uv, at the locked version and hash, brings one.
COPY requirements-dev.txt ./
RUN sed -n '/^uv==/,/[^\\]$/p' requirements-dev.txt > uv.txt \
    && pip install --no-deps --require-hashes -r uv.txt \
    && uv python install "${PYTHON_VERSION}" \
    && uv venv --managed-python --python "${PYTHON_VERSION}" /opt/ftbot

# Dependencies before the program: they change less often, and their layer is the large one.
COPY requirements.txt requirements-build.txt ./
RUN uv pip install --python /opt/ftbot --require-hashes -r requirements.txt \
    && pip install --require-hashes -r requirements-build.txt

COPY pyproject.toml README.md LICENSE ./
COPY ftbot ftbot
COPY bot bot
COPY cogs cogs
COPY storage storage
RUN hatchling build -t wheel -d dist \
    && uv pip install --python /opt/ftbot --no-deps dist/*.whl


FROM debian:trixie-slim
LABEL org.opencontainers.image.title="ftbot" \
      org.opencontainers.image.source="https://github.com/ftbot-dev/ftbot" \
      org.opencontainers.image.licenses="MIT"

# Discord's and GitHub's certificates are checked against the system's. Their version is not pinned: the newest is right.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends ca-certificates \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --uid 10001 --create-home --home-dir /home/ftbot ftbot \
    && install --directory --owner ftbot --group ftbot /data

COPY --from=builder /opt/python /opt/python
COPY --from=builder /opt/ftbot /opt/ftbot

# MPLCONFIGDIR: matplotlib's font list, on a file system that is writable where the rest is read-only.
ENV PATH=/opt/ftbot/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    MPLCONFIGDIR=/tmp/matplotlib \
    FTBOT_DATABASE=/data/ftbot.db \
    FTBOT_LOG_FORMAT=json \
    FTBOT_HTTP_HOST=0.0.0.0 \
    FTBOT_METRICS_HOST=0.0.0.0 \
    FTBOT_METRICS_PORT=8081

USER 10001:10001
WORKDIR /data
VOLUME /data
# What the world may see. Health and metrics are on 8081, for a Prometheus in the same network.
EXPOSE 8080

# Where the variables say that health is served: on a port of its own, or without one beside everything else.
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s --retries=3 \
    CMD ["python", "-c", "import os, sys; from http.client import HTTPConnection as C; get = os.environ.get; own = get('FTBOT_METRICS_PORT'); host = get('FTBOT_METRICS_HOST' if own else 'FTBOT_HTTP_HOST') or '127.0.0.1'; c = C({'0.0.0.0': '127.0.0.1', '::': '::1'}.get(host, host), int(own or get('FTBOT_HTTP_PORT') or 8080), timeout=4); c.request('GET', '/healthz'); sys.exit(c.getresponse().status != 200)"]

ENTRYPOINT ["ftbot"]
CMD ["run"]

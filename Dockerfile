# syntax=docker/dockerfile:1
# The server, its workers and its commands in one image: docker build -t thegitleague .
FROM python:3.13-slim-bookworm AS build
WORKDIR /build
COPY pyproject.toml README.md LICENSE CHANGELOG.md .env.example ./
COPY src src
COPY migrations migrations
RUN python -m venv /opt/thegitleague \
    && /opt/thegitleague/bin/pip install --no-cache-dir --disable-pip-version-check '.[server,traces]' \
    && /opt/thegitleague/bin/pip uninstall --yes --quiet pip \
    && find /opt/thegitleague -name __pycache__ -prune -exec rm -r {} +

FROM python:3.13-slim-bookworm
# Workers fetch with git and ssh; the server needs neither.
RUN apt-get update \
    && apt-get install --yes --no-install-recommends git openssh-client \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --home-dir /var/lib/thegitleague --create-home thegitleague \
    && chmod 700 /var/lib/thegitleague
COPY --from=build /opt/thegitleague /opt/thegitleague
ENV PATH=/opt/thegitleague/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    DATA_DIR=/var/lib/thegitleague/data
USER 10001:10001
WORKDIR /var/lib/thegitleague
VOLUME /var/lib/thegitleague
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/health', timeout=4)"]
ENTRYPOINT ["tgl-server"]
CMD ["serve", "--migrate", "--host", "0.0.0.0"]

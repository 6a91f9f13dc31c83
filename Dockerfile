# The product as one image; its roles: web (default), worker, beat, migrate, manage (deploy/entrypoint.py).
#
#   docker build -t ofmemory:1.0.0 .
#   docker build --build-arg EXTRAS="-r requirements-vault.txt" -t ofmemory:1.0.0-vault .
#
# A build that has to be the same tomorrow names the base by digest:
#   --build-arg PYTHON_IMAGE=python@sha256:<digest of python:3.13.9-slim-trixie>
ARG PYTHON_IMAGE=python:3.13.9-slim-trixie

# ---- what is installed. Nothing of this stage but /opt/venv reaches the image that runs.
FROM ${PYTHON_IMAGE} AS packages
ARG EXTRAS=""
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /build
RUN python -m venv --without-pip /opt/venv
COPY requirements-core.txt requirements-aws.txt requirements-vault.txt requirements-otel.txt ./
# Wheels only: what would have to be compiled stops the build instead of asking for a compiler.
RUN python -m pip --python /opt/venv/bin/python install --only-binary :all: -r requirements-core.txt ${EXTRAS}

# ---- what runs
FROM ${PYTHON_IMAGE} AS product
LABEL org.opencontainers.image.title="ofmemory" \
      org.opencontainers.image.description="Memory for AI assistants that talk with a creator's fans."
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    DJANGO_SETTINGS_MODULE=ofmemory.settings.production \
    OFMEMORY_HOME=/var/lib/ofmemory \
    OFMEMORY_BIND=0.0.0.0 \
    OFMEMORY_DEMO=false \
    PORT=8000
# A fixed number, so that volumes and Kubernetes can name it. `secrets` and `run` are there to be mounted over.
RUN groupadd --system --gid 10001 ofmemory \
 && useradd --system --uid 10001 --gid 10001 --home-dir /var/lib/ofmemory --shell /usr/sbin/nologin ofmemory \
 && install -d -o 10001 -g 10001 -m 0700 /var/lib/ofmemory /var/lib/ofmemory/secrets /var/lib/ofmemory/run
COPY --from=packages /opt/venv /opt/venv
WORKDIR /app
# Root owns the code: what runs cannot change itself, and needs no writable file system but its home and /tmp.
COPY manage.py ./
COPY ofmemory ./ofmemory
COPY accounts ./accounts
COPY privacy ./privacy
COPY memory ./memory
COPY calibration ./calibration
COPY templates ./templates
COPY static ./static
COPY deploy/entrypoint.py ./deploy/entrypoint.py
# The settings ask for addresses and secrets; nothing is connected to here, and none of these values stays.
RUN SECRET_KEY=only-for-this-step DATABASE_URL=postgres://build/data KEYS_DATABASE_URL=postgres://build/keys \
    REDIS_URL=redis://build/0 BROKER_URL=redis://build/1 ALLOWED_HOSTS=build OFMEMORY_HOME=/tmp/build \
    python manage.py collectstatic --noinput --verbosity 0 \
 && rm -rf /tmp/build \
 && python -m compileall -q /app
USER 10001:10001
EXPOSE 8000
# Of the web server; compose.yaml says how the other roles are asked. The host has to be one that may be named.
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 CMD ["python", "-c", "import os, urllib.request as u; host = os.environ.get('ALLOWED_HOSTS', '').split(',')[0].lstrip('*.') or 'localhost'; u.urlopen(u.Request('http://127.0.0.1:' + os.environ['PORT'] + '/health/live', headers={'Host': host, 'X-Forwarded-Proto': 'https'}), timeout=3)"]
ENTRYPOINT ["python", "/app/deploy/entrypoint.py"]
CMD ["web"]

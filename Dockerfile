# The same steps as the Makefile, in an image: build with `docker build -t scalp-radar .`
FROM node:22-slim AS dashboard
WORKDIR /dashboard
COPY dashboard/package.json dashboard/package-lock.json dashboard/.npmrc ./
RUN npm ci --no-audit --no-fund
COPY dashboard ./
RUN npm run build

FROM python:3.12-slim

RUN apt-get update \
    && apt-get install --yes --no-install-recommends make tini \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --create-home --uid 10001 radar \
    && install --directory --owner radar --group radar /srv/scalp-radar /srv/scalp-radar/var /srv/scalp-radar/data

USER radar
WORKDIR /srv/scalp-radar
ENV PYTHONUNBUFFERED=1 RAY_USAGE_STATS_ENABLED=0

# What is installed changes seldom: its own layer, from the lock alone.
COPY --chown=radar:radar Makefile requirements.lock ./
RUN make dependencies

COPY --chown=radar:radar . .
COPY --chown=radar:radar --from=dashboard /dashboard/dist dashboard/dist
RUN make install

ENV PATH=/srv/scalp-radar/.venv/bin:$PATH
VOLUME ["/srv/scalp-radar/var", "/srv/scalp-radar/data"]
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s --retries=3 \
    CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8000/health', timeout=4)"]

# tini reaps what Ray leaves behind and passes SIGTERM on.
ENTRYPOINT ["tini", "--", "scalp-radar"]
CMD ["up", "--mode", "demo", "--port", "8000"]

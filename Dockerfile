# The app as a container: `docker build -t text2svg . && docker run -p 7860:7860 text2svg`.
# It runs as uid 1000 on port 7860, which is what Hugging Face Docker Spaces expect. CPU only; vLLM has a container of its
# own, see admin/deploy/compose.yaml.
FROM python:3.11-slim AS build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /build
COPY pyproject.toml README.md LICENSE svgo.config.mjs ./
COPY text2svg ./text2svg
COPY admin ./admin
COPY webapp ./webapp
# Installed, not copied: the image runs what `pip install .` gives everybody.
RUN python -m venv /opt/text2svg && /opt/text2svg/bin/pip install .

FROM python:3.11-slim
# libcairo2 is for PDF export and the cairo rasterizer; everything else comes in wheels.
RUN apt-get update \
    && apt-get install -y --no-install-recommends libcairo2 fonts-dejavu-core \
    && rm -rf /var/lib/apt/lists/*
RUN useradd --create-home --uid 1000 user
COPY --from=build /opt/text2svg /opt/text2svg
USER user
ENV HOME=/home/user \
    PATH=/opt/text2svg/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    GRADIO_ANALYTICS_ENABLED=False \
    HF_HUB_DISABLE_TELEMETRY=1 \
    ORT_DISABLE_TELEMETRY=1
WORKDIR /home/user
# SVGO is fetched now, not at the first visit.
RUN text2svg setup

EXPOSE 7860
# SIGTERM lets running drawings finish for ten seconds.
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s \
    CMD ["python", "-c", "from urllib.request import urlopen; urlopen('http://127.0.0.1:7860/readyz', timeout=4)"]
CMD ["text2svg", "serve", "--host", "0.0.0.0", "--port", "7860"]

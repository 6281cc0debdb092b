# The demo as a container: `docker build -t text2svg . && docker run -p 7860:7860 text2svg`.
# It runs as uid 1000 on port 7860, which is what Hugging Face Docker Spaces expect.
FROM python:3.11-slim

# libcairo2 is for PDF export and the cairo rasterizer; everything else comes in wheels.
RUN apt-get update \
    && apt-get install -y --no-install-recommends libcairo2 fonts-dejavu-core \
    && rm -rf /var/lib/apt/lists/*

RUN useradd --create-home --uid 1000 user
USER user
ENV HOME=/home/user \
    PATH=/home/user/.local/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PIP_NO_CACHE_DIR=1 \
    PIP_DISABLE_PIP_VERSION_CHECK=1 \
    GRADIO_ANALYTICS_ENABLED=False \
    HF_HUB_DISABLE_TELEMETRY=1 \
    ORT_DISABLE_TELEMETRY=1
WORKDIR /home/user/app

COPY --chown=user pyproject.toml README.md LICENSE svgo.config.mjs ./
COPY --chown=user text2svg ./text2svg
COPY --chown=user admin ./admin
COPY --chown=user webapp ./webapp
# The sources go again, so that the installed package is the one that runs; SVGO is fetched now, not at the first visit.
RUN pip install --user . && rm -rf text2svg admin webapp && text2svg setup

EXPOSE 7860
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s \
    CMD ["python", "-c", "from urllib.request import urlopen; urlopen('http://127.0.0.1:7860/healthz', timeout=4)"]
CMD ["text2svg", "serve", "--host", "0.0.0.0", "--port", "7860"]

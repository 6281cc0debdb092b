"""The browser demo: a FastAPI application with a Gradio page."""

"""The assembly: settings, URLs, ASGI, Celery. Knows everyone; known by none."""

from config.celery import app as celery_app

__all__ = ["celery_app"]

"""The chat app."""

from django.apps import AppConfig


class ChatConfig(AppConfig):
    name = "chat"

    def ready(self) -> None:
        from chat import sessions  # noqa: F401  (connects to the sign-out signal of Django)

"""Browsers of members, and files that they send. *Called by*: pytest."""

import uuid
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from chat import feed
from chat.files import intake
from chat.models import File, Message
from workspace.models import Member, Space

JSON = {"Accept": "application/json"}


@pytest.fixture
def browser_of() -> Callable[[Member], Client]:
    def sign_in(member: Member) -> Client:
        browser = Client()
        browser.force_login(member.user)
        return browser

    return sign_in


@pytest.fixture
def send(juniper: SimpleNamespace, browser_of: Any) -> Callable[..., HttpResponse]:
    """Upload bytes through the address that browsers use."""

    def post(name: str, data: bytes, *, member: Member | None = None, space: Space | None = None) -> HttpResponse:
        path = reverse("space_files", args=[(space or juniper.space).pk])
        upload = SimpleUploadedFile(name, data, content_type="image/png")
        return browser_of(member or juniper.ben).post(path, {"file": upload}, headers=JSON)

    return post


@pytest.fixture
def show() -> Callable[..., tuple[File, Message]]:
    """A text file in a message of a member."""

    def post(member: Member, space: Space, *, name: str = "notes.txt", data: bytes = b"hello") -> tuple[File, Message]:
        file = intake.take(member, space, SimpleUploadedFile(name, data))
        message, *_ = feed.post(space, member, text="", client_id=uuid.uuid4(), files=[file.pk])
        return file, message

    return post

"""Settings of notifications to devices: what stops the start, and what does not."""

import base64

import pytest

from config import push
from config.local import data_dir


def key(number: int, length: int = 32) -> str:
    return base64.urlsafe_b64encode(number.to_bytes(length, "big")).decode().rstrip("=")


def test_a_key_is_a_number_of_the_curve_with_or_without_its_padding() -> None:
    assert push.private_key(key(7)) == push.private_key(key(7) + "=") == push.private_key(f" {key(7)}\n") == 7
    assert push.private_key(key(push.P256_ORDER - 1)) == push.P256_ORDER - 1
    assert push.private_key("") == push.private_key("  ") == 0


@pytest.mark.parametrize(
    "text", [key(0), key(push.P256_ORDER), key(7, 31), key(7, 33), "no key", "-----BEGIN PRIVATE KEY-----", "é" * 43]
)
def test_what_is_no_key_stops_the_start_and_is_not_repeated(text: str) -> None:
    with pytest.raises(SystemExit) as stopped:
        push.private_key(text)

    assert "VAPID_PRIVATE_KEY" in str(stopped.value) and text not in str(stopped.value)


def test_bin_up_makes_a_key_once_and_keeps_it(tmp_path: object) -> None:
    data = data_dir.DataDir(tmp_path)  # type: ignore[arg-type]

    first, second = data.read_secrets(), data.read_secrets()

    assert first == second
    assert push.private_key(first["VAPID_PRIVATE_KEY"])


def test_who_answers_for_the_server_is_the_sender_of_its_mail_unless_it_says_otherwise() -> None:
    assert push.subject("", mail_from="Parley <chat@example.com>") == "chat@example.com"
    assert push.subject("mailto:ops@example.com", mail_from="Parley <chat@example.com>") == "ops@example.com"


def test_places_are_added_to_those_that_are_known() -> None:
    found = push.places(" Push.example.com, *.push.example.org,https://push.example.net:8443/ ,")

    assert found == {*push.SERVICES, "push.example.com", "*.push.example.org", "https://push.example.net:8443"}


@pytest.mark.parametrize(
    "text",
    ["*", "*.*.com", "push*.example.com", "https://a.test/path", "ftp://a.test", "a.test:99", "u@a.test", "local"],
)
def test_a_place_that_is_none_stops_the_start(text: str) -> None:
    with pytest.raises(SystemExit, match="PUSH_PLACES"):
        push.places(text)

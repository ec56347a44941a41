"""What a model is given to read."""

import uuid
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from chat import feed, transcript
from chat.models import Message, Reply
from chat.transcript import Line, Transcript
from workspace.models import Member, Space


def post(space: Space, author: Member, text: str) -> list[Message]:
    return feed.post(space, author, text=text, client_id=uuid.uuid4())


def answer(reply: Reply, text: str) -> None:
    """End an answer by hand, as a worker would."""
    Reply.objects.filter(pk=reply.pk).update(state="finished", ended_at=timezone.now())
    Message.objects.filter(pk=reply.message_id).update(text=text)


def read(space: Space, question: Message) -> list[tuple[str, str]]:
    found = transcript.lines(space, reads_to=question.position, asked_at=question.created_at)
    return [(line.name, line.text) for line in reversed(found)]


def build(found: list[Line], *, max_bytes: int = 48_000, ai_model_id: int = 7, handle: str = "parrot") -> Transcript:
    return transcript.build(found, Space(name="Ops"), ai_model_id=ai_model_id, handle=handle, max_bytes=max_bytes)


@pytest.fixture
def models(make_model: Callable[..., Any], db: None) -> SimpleNamespace:
    return SimpleNamespace(parrot=make_model("parrot"), owl=make_model("owl"))


def test_a_model_reads_who_said_what_with_names_instead_of_ids(
    juniper: SimpleNamespace, models: SimpleNamespace
) -> None:
    post(juniper.space, juniper.ana, "Offsite is in @mei's town, @here")
    _, reply = post(juniper.space, juniper.ben, "@parrot where?")
    answer(reply.reply, "In Lisbon.")
    question, *_ = post(juniper.space, juniper.mei, "@owl is that right?")

    assert read(juniper.space, question) == [
        ("Ana", "Offsite is in @mei's town, @here"),
        ("Ben", "@parrot where?"),
        ("parrot", "In Lisbon."),
        ("Mei", "@owl is that right?"),
    ]


def test_nothing_of_another_space_nor_after_the_question_is_read(
    juniper: SimpleNamespace, models: SimpleNamespace
) -> None:
    post(juniper.private, juniper.ana, "a secret of the board")
    question, *_ = post(juniper.space, juniper.ana, "@parrot hello")
    post(juniper.space, juniper.ben, "written later")

    assert read(juniper.space, question) == [("Ana", "@parrot hello")]


def test_answers_in_the_making_and_those_that_ended_later_are_not_read(
    juniper: SimpleNamespace, models: SimpleNamespace
) -> None:
    _, early = post(juniper.space, juniper.ana, "@owl one")
    question, *_ = post(juniper.space, juniper.ana, "@parrot two")

    before = read(juniper.space, question)
    answer(early.reply, "an answer that came after the question")

    assert before == read(juniper.space, question) == [("Ana", "@owl one"), ("Ana", "@parrot two")]
    later, *_ = post(juniper.space, juniper.ana, "@parrot three")
    assert ("owl", "an answer that came after the question") in read(juniper.space, later)


def test_the_history_is_read_in_two_queries(
    juniper: SimpleNamespace, models: SimpleNamespace, django_assert_max_num_queries: Callable[..., Any]
) -> None:
    for number in range(30):
        post(juniper.space, juniper.ana, f"@mei number {number}")
    question, *_ = post(juniper.space, juniper.ana, "@parrot hello")

    with django_assert_max_num_queries(2):
        found = transcript.lines(juniper.space, reads_to=question.position, asked_at=question.created_at)

    assert len(found) == 31


def test_at_most_two_hundred_messages_are_read(juniper: SimpleNamespace, models: SimpleNamespace) -> None:
    for number in range(transcript.MESSAGES_MAX + 5):
        post(juniper.space, juniper.ana, f"number {number}")
    question, *_ = post(juniper.space, juniper.ana, "@parrot hello")

    found = read(juniper.space, question)

    assert len(found) == transcript.MESSAGES_MAX
    assert (found[0][1], found[-1][1]) == ("number 6", "@parrot hello")


def test_its_own_words_are_the_assistants_and_all_others_the_users() -> None:
    made = build(
        [
            Line("Mei", None, "@parrot right?"),
            Line("owl", 8, "Yes."),
            Line("parrot", 7, "In Lisbon."),
            Line("Ana", None, "Where?"),
        ]
    )

    assert [turn.role for turn in made.turns] == ["system", "user", "assistant", "user", "user"]
    assert made.turns[1].text == "What was said before:\n\nAna: Where?"
    assert [turn.text for turn in made.turns[2:]] == ["In Lisbon.", "owl: Yes.", "right?"]
    assert "Mei" in made.turns[0].text and "Ops" in made.turns[0].text and "parrot" in made.turns[0].text


def test_older_messages_fall_off_first() -> None:
    found = [Line("Ana", None, f"@parrot number {number} " + "x" * 200) for number in range(50)]

    made = build(found, max_bytes=2000)

    text = "".join(turn.text for turn in made.turns)
    assert "number 0" in text and "number 1" in text
    assert "number 49" not in text


def test_a_question_that_is_too_long_alone_keeps_its_beginning_and_its_end() -> None:
    made = build([Line("Ana", None, "BEGIN " + "wörd " * 5000 + " END"), Line("Ben", None, "before")], max_bytes=3000)

    (_, question) = made.turns
    assert "BEGIN" in question.text and "[…]" in question.text and question.text.endswith("END")
    assert "before" not in question.text


_LINES = st.builds(
    Line, st.sampled_from(["Ana", "Ольга", "owl"]), st.sampled_from([None, 7, 8]), st.text(min_size=1, max_size=400)
)


@given(st.lists(_LINES, min_size=1, max_size=30), st.integers(1500, 9000))
def test_whatever_was_said_fits_the_budget_and_ends_in_the_question(found: list[Line], max_bytes: int) -> None:
    made = build(found, max_bytes=max_bytes)

    assert sum(len(turn.text.encode()) for turn in made.turns) <= max_bytes
    assert made.turns[-1].text.endswith(found[0].text)
    assert made.turns[0].role == "system"
    earlier = made.turns[:-1]  # the question stands by itself, whoever spoke before
    assert all(one.role != two.role for one, two in zip(earlier, earlier[1:], strict=False))
    assert made.token_ceiling >= sum(len(turn.text) for turn in made.turns)


@given(st.lists(_LINES, min_size=1, max_size=30), st.integers(1500, 9000))
def test_the_bytes_it_needs_are_enough_to_make_it_again(found: list[Line], max_bytes: int) -> None:
    made = build(found, max_bytes=max_bytes)

    assert made.bytes_needed <= max_bytes
    assert build(found, max_bytes=made.bytes_needed).turns == made.turns

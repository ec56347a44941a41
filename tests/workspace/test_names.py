"""Names that people give, and the words made of them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workspace import names
from workspace.errors import Invalid


def test_a_name_comes_back_trimmed_and_composed() -> None:
    assert names.clean("  Zoe\u0308 Ruiz ") == "Zoë Ruiz"


def test_emoji_that_are_joined_are_part_of_a_name() -> None:
    assert names.clean("Team 👩\u200d🚀") == "Team 👩\u200d🚀"


@pytest.mark.parametrize(
    "hidden", ["a\u200bb", "a\u202eb", "a\x00b", "a\nb", "a\ufeffb", "a\u2028b", "a\ue000b", "a\u00adb"]
)
def test_a_name_with_characters_that_cannot_be_seen_says_so(hidden: str) -> None:
    with pytest.raises(Invalid, match="cannot be seen"):
        names.clean(hidden, what="Space name")


@pytest.mark.parametrize("empty", ["", "   ", "\u00a0", "\u200d", "\u200d \u200c"])
def test_a_name_of_nothing_says_so(empty: str) -> None:
    with pytest.raises(Invalid, match="empty"):
        names.clean(empty)


def test_a_name_that_is_too_long_says_how_long_it_is() -> None:
    with pytest.raises(Invalid, match="81 characters long; at most 80"):
        names.clean("a" * 81)


@pytest.mark.parametrize("mixed", ["аdmin", "OpenАI team", "GРT", "ᏟᎡᎡGᏔᎬ"])
def test_a_word_that_mixes_alphabets_that_look_alike_is_refused(mixed: str) -> None:
    with pytest.raises(Invalid, match="different alphabets"):
        names.clean(mixed)


@pytest.mark.parametrize("whole", ["Админ", "東京 Tokyo", "Müller & Søn", "Ελλάδα", "Ana-María", "GPT-5", "Σ squad"])
def test_each_word_may_have_an_alphabet_of_its_own(whole: str) -> None:
    assert names.clean(whole) == whole


@given(st.text(max_size=120))
def test_whatever_is_typed_is_cleaned_or_refused_and_cleaning_again_changes_nothing(text: str) -> None:
    try:
        cleaned = names.clean(text)
    except Invalid as refusal:
        assert refusal.message.endswith(".")
    else:
        assert names.clean(cleaned) == cleaned
        assert 0 < len(cleaned) <= names.NAME_MAX


@given(st.text(max_size=120))
def test_a_slug_is_always_a_word_for_an_address(text: str) -> None:
    word = names.slug(text, fallback="org", longest=20)

    assert word
    assert len(word) <= 20
    assert set(word) <= set("abcdefghijklmnopqrstuvwxyz0123456789-")
    assert not word.startswith("-") and not word.endswith("-")


def test_a_word_that_is_taken_gets_the_next_number() -> None:
    assert names.free("ana", {"ben"}) == "ana"
    assert names.free("ana", {"ana", "ana-2"}) == "ana-3"

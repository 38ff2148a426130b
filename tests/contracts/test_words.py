"""Whoever issues a key reads what its scopes let it do."""

from app.core.scopes import Scope
from app.domains.partners.scope_words import WORDS, words_of


def test_every_scope_is_explained_in_both_languages() -> None:
    """A new scope gets a line in app/domains/partners/scope_words.py."""
    assert set(WORDS) == set(Scope)
    for french, english in WORDS.values():
        assert french != english
        assert french.endswith(".")
        assert english.endswith(".")


def test_a_scope_that_is_gone_is_told_by_its_name() -> None:
    assert words_of("old:read", "fr") == "old:read"

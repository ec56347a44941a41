"""Words in a message, which is rendered once for readers of every language.

*Called by*: templates/chat/_message.html and what it includes. *Keeps true*: beside each sentence stands what it was
made of (data-t), so that a browser can say it again in its own language; static/js/lib/words.js does.
"""

from typing import Any

import orjson
from django import template
from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.translation import gettext, ngettext

from workspace.languages import fill

register = template.Library()


@register.simple_tag
def say(sentence: str | tuple[str, dict[str, Any]], plural: str = "", **params: Any) -> str:
    """`{% say "{count} reply" plural="{count} replies" count=n %}`, or `{% say words %}` with (sentence, params)."""
    if isinstance(sentence, tuple):
        sentence, params = sentence
    if not sentence:
        return ""
    made_of, text = _say("data-t", sentence, plural, params)
    return format_html("<span{}>{}</span>", made_of, text)


@register.simple_tag
def say_on(attribute: str, sentence: str, plural: str = "", **params: Any) -> str:
    """An attribute of the tag it stands in: `<button {% say_on "title" "Edit" %}>`. Title, aria-label, placeholder."""
    made_of, text = _say(f"data-t-{attribute}", sentence, plural, params)
    return format_html('{}="{}"{}', attribute, text, made_of)


def _say(key: str, sentence: str, plural: str, params: dict[str, Any]) -> tuple[str, str]:
    params = {name: str(value) if isinstance(value, Promise) else value for name, value in params.items()}
    form = ngettext(sentence, plural, params["count"]) if plural else gettext(sentence)
    made_of = format_html(' {}="{}"', key, sentence)
    if plural:
        made_of = format_html('{} {}-plural="{}"', made_of, key, plural)
    if params:
        made_of = format_html('{} {}-with="{}"', made_of, key, orjson.dumps(params).decode())
    return made_of, fill(form, params)

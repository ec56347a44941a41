"""Sentences of Django that we say in our own words in other languages.

*Called by*: nobody; `bin/manage words` reads it, and a catalog of ours comes before Django's own.
"""

from django.utils.translation import gettext_noop, ngettext_lazy

gettext_noop("Your password can’t be too similar to your other personal information.")
gettext_noop("Your password can’t be a commonly used password.")
gettext_noop("Your old password was entered incorrectly. Please enter it again.")
gettext_noop("Upload a valid image. The file you uploaded was either not an image or a corrupted image.")
ngettext_lazy(
    "Your password must contain at least %(min_length)d character.",
    "Your password must contain at least %(min_length)d characters.",
    8,
)

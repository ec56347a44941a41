"""How dates are written in each language, where Django's way is not ours. *Called by*: Django (FORMAT_MODULE_PATH)."""

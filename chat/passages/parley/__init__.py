"""Parley's own archive, version 1: docs/export.md says what is in it."""

FORMAT = "parley"
VERSION = 1
ORG = "organization"
MEMBER = "member"

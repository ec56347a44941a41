"""An export of a Slack workspace, read and brought in."""

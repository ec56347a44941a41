"""Which AI models exist, who hosts them, and at what price."""

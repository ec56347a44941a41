"""Messages, mentions, replies, feed: the conversation of people and models."""

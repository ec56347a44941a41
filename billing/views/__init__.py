"""Pages of billing that need nothing of the chat: the provider's webhook, and the operator's pages."""

"""What a source leaves out about providers: the OpenAI-compatible address of those with an SDK of their own.

*Called by*: catalog.sync. *Keeps true*: an address in here is public documentation of its provider;
a provider with no known address is listed and never called.
"""

KNOWN_BASES = {
    "openai": "https://api.openai.com/v1",
    "anthropic": "https://api.anthropic.com/v1",
    "google": "https://generativelanguage.googleapis.com/v1beta/openai",
    "groq": "https://api.groq.com/openai/v1",
    "mistral": "https://api.mistral.ai/v1",
    "xai": "https://api.x.ai/v1",
    "cerebras": "https://api.cerebras.ai/v1",
    "deepinfra": "https://api.deepinfra.com/v1/openai",
    "togetherai": "https://api.together.xyz/v1",
    "perplexity": "https://api.perplexity.ai",
    "cohere": "https://api.cohere.ai/compatibility/v1",
    "vercel": "https://ai-gateway.vercel.sh/v1",
    "venice": "https://api.venice.ai/api/v1",
    "v0": "https://api.v0.dev/v1",
}
LOCAL = "local"

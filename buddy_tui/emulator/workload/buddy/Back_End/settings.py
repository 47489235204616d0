"""The backend's settings: one value, read once at the start."""

from dataclasses import dataclass

from Back_End.environment import number, text, words


@dataclass(frozen=True)
class Settings:
    service: str
    revision: str
    daily_budget_cents: int
    cents_per_thousand_tokens: int
    requests_per_minute: int
    context_messages: int
    allowed_origin: str
    session_store: str
    project: str
    flags: tuple[str, ...]


def load() -> Settings:
    """Read the settings. Cloud Run itself sets `K_SERVICE` and `K_REVISION`.

    `SESSION_STORE` is `memory`, `none`, `firestore`, or `firestore:PROJECT` for another project's Firestore.
    """
    return Settings(
        service=text("K_SERVICE", "buddy-app"),
        revision=text("K_REVISION", "local"),
        daily_budget_cents=number("BUDDY_DAILY_BUDGET_CENTS", 500),
        cents_per_thousand_tokens=number("BUDDY_CENTS_PER_THOUSAND_TOKENS", 2),
        requests_per_minute=number("BUDDY_REQUESTS_PER_MINUTE", 600),
        context_messages=number("BUDDY_CONTEXT_MESSAGES", 6),
        allowed_origin=text("BUDDY_ALLOWED_ORIGIN", "*"),
        session_store=text("SESSION_STORE", "memory"),
        project=text("GOOGLE_CLOUD_PROJECT", ""),
        flags=words("BUDDY_FLAGS"),
    )

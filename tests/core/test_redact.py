"""Names are told, values never."""

import pytest

from buddy_tui.finding import Cause, Confidence, Finding, Quote
from buddy_tui.redact import redact, redacted

SECRET = "hunter2"  # noqa: S105 - what must never be seen again


@pytest.mark.parametrize(
    "text",
    [
        f"could not connect to postgresql://app:{SECRET}@10.1.2.3:5432/db",
        f"redis://:{SECRET}@cache:6379/0 refused",
        f"mongodb+srv://app:p@ss/{SECRET}@cluster0.example.net/db",
        f"https://{SECRET}@example.net/repo.git",
        f"  Input should be a valid boolean [type=bool_parsing, input_value='{SECRET}', input_type=str]",
        f"  Field required [type=missing, input_value={{'a': '{SECRET}', 'b': 1}}, input_type=dict]",
        f"  Field required [type=missing, input_value={{'a': '{SECRET}'",
        f"Authorization: Bearer {SECRET}.{SECRET}",
        f"connection string: host=db password={SECRET} user=app",
        f"DB_PASSWORD={SECRET}",
        f"export DATABASE_URL='{SECRET} and more'",
        f'{{"api_key": "{SECRET}", "port": 1}}',
        f"ValueError: invalid literal for int() with base 10: '{SECRET}'",
        f"ValueError: could not convert string to float: '{SECRET}'",
        f"Could not parse SQLAlchemy URL from given URL string '{SECRET}'",
        f"-----BEGIN PRIVATE KEY-----{SECRET}",
    ],
)
def test_a_value_is_masked(text: str) -> None:
    assert SECRET not in redact(text)
    assert "***" in redact(text)


@pytest.mark.parametrize(
    "text",
    [
        "KeyError: 'DATABASE_URL'",
        'SECRET_KEY = os.environ["SECRET_KEY"]',
        "token=config('TOKEN')",
        "Missing required environment variable: SECRET_KEY",
        "Permission denied on secret: projects/1/secrets/db/versions/latest for Revision service account a@b.com",
        "Uvicorn running on http://127.0.0.1:8000 (Press CTRL+C to quit)",
        "listen on the port defined provided by the PORT=8080 environment variable",
        "http://localhost:8080/users/@me",
        "ModuleNotFoundError: No module named 'Back_End'",
        "password authentication failed for user",
        "def show(authorization: str = Header()):",
        "max_tokens: 4096",
        "GET /orders?page=2&status_code=500&zipcode=8001",
        f"api@sha256:{'0123456789abcdef' * 4}",
        "x-cloud-trace-context: 0123456789abcdef0123456789abcdef/1",
        "python3.11/site-packages/starlette/routing.py",
        "task_runner_for_queue",
        "gcloud run deploy api --no-traffic --tag candidate",
    ],
)
def test_names_addresses_and_code_stay_as_they_are(text: str) -> None:
    assert redact(text) == text


def test_a_line_that_nobody_would_read_to_its_end_is_cut() -> None:
    assert len(redact("a" * 300_000)) < 5000


def test_no_part_of_a_finding_keeps_a_value() -> None:
    leak = f"DB_PASSWORD={SECRET}"
    finding = Finding(
        Cause.UNKNOWN, Confidence.UNSURE, None, leak, leak, leak, evidence=(Quote(leak),), uncertain=(leak,)
    )

    assert SECRET not in repr(redacted(finding))

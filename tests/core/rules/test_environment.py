"""Settings that are missing or wrong, in the words of every library that reads them."""

from dataclasses import replace

import pytest

from buddy_tui.finding import Cause, Confidence, Finding
from buddy_tui.model import Container, Revision
from buddy_tui.rules.environment import env_invalid, env_missing
from tests.core.rules.evidence_of import SERVICE, crash, ended, evidence_of

CERTAIN, LIKELY, UNSURE = Confidence
SITE = "/usr/local/lib/python3.11/site-packages"
PYDANTIC = """\
pydantic_core._pydantic_core.ValidationError: 2 validation errors for Settings
database_url
  Field required [type=missing, input_value={'port': 'hunter2'}, input_type=dict]
    For further information visit https://errors.pydantic.dev/2.11/v/missing
secret_key
  Field required [type=missing, input_value={'port': 'hunter2'}, input_type=dict]
    For further information visit https://errors.pydantic.dev/2.11/v/missing"""
PARSING = """\
pydantic_core._pydantic_core.ValidationError: 1 validation error for Settings
debug
  Input should be a valid boolean, unable to interpret input [type=bool_parsing, input_value='hunter2', input_type=str]
    For further information visit https://errors.pydantic.dev/2.11/v/bool_parsing"""
RESPAWNED = """\
[2026-11-23 08:44:49 +0000] [1] [INFO] Starting gunicorn 27.0.1
[2026-11-23 08:44:49 +0000] [1] [INFO] Listening at: http://0.0.0.0:8080 (1)
[2026-11-23 08:44:49 +0000] [2] [INFO] Booting worker with pid: 2
FATAL: DATABASE_URL is not set
[2026-11-23 08:44:50 +0000] [2] [INFO] Worker exiting (pid: 2)
[2026-11-23 08:44:50 +0000] [1] [ERROR] Worker (pid:2) exited with code 1.
[2026-11-23 08:44:50 +0000] [3] [INFO] Booting worker with pid: 3
FATAL: DATABASE_URL is not set
[2026-11-23 08:44:50 +0000] [3] [INFO] Worker exiting (pid: 3)
[2026-11-23 08:44:50 +0000] [1] [ERROR] Worker (pid:3) exited with code 1.
[2026-11-23 08:44:50 +0000] [4] [INFO] Booting worker with pid: 4
FATAL: DATABASE_URL is not set
[2026-11-23 08:44:51 +0000] [4] [INFO] Worker exiting (pid: 4)
[2026-11-23 08:44:51 +0000] [1] [ERROR] Worker (pid:4) exited with code 1.
[2026-11-23 08:44:51 +0000] [5] [INFO] Booting worker with pid: 5"""

MISSING = [
    (
        crash('URL = os.environ["DATABASE_URL"]', "KeyError: 'DATABASE_URL'", "<frozen os>"),
        "DATABASE_URL",
        CERTAIN,
    ),
    (
        crash("connect()", "KeyError: 'DATABASE_URL'", "/usr/local/lib/python3.11/os.py"),
        "DATABASE_URL",
        CERTAIN,
    ),
    (crash("start(settings)", "KeyError: 'STRIPE_KEY'"), "STRIPE_KEY", LIKELY),
    (crash("settings = Settings()", PYDANTIC, f"{SITE}/pydantic_settings/main.py"), "database_url", CERTAIN),
    (crash("settings = Settings()", PYDANTIC), "database_url", LIKELY),
    (
        crash(
            "settings = Settings()",
            "pydantic.error_wrappers.ValidationError: 1 validation error for Settings\n"
            "api_token\n  field required (type=value_error.missing)",
            "pydantic/env_settings.py",
        ),
        "api_token",
        CERTAIN,
    ),
    (
        crash(
            "SECRET = config('SECRET_KEY')",
            "decouple.UndefinedValueError: SECRET_KEY not found. Declare it as envvar or define a default value.",
            f"{SITE}/decouple.py",
        ),
        "SECRET_KEY",
        CERTAIN,
    ),
    (
        crash(
            'env("SECRET_KEY")',
            "django.core.exceptions.ImproperlyConfigured: Set the SECRET_KEY environment variable",
            f"{SITE}/environ/environ.py",
        ),
        "SECRET_KEY",
        CERTAIN,
    ),
    (
        crash(
            "load()", "django.core.exceptions.ImproperlyConfigured: The SECRET_KEY setting must not be empty."
        ),
        "SECRET_KEY",
        CERTAIN,
    ),
    (
        crash('env.str("API_URL")', 'environs.exceptions.EnvError: Environment variable "API_URL" not set'),
        "API_URL",
        CERTAIN,
    ),
    (
        crash("TOKEN = config('TOKEN')", "KeyError: \"Config 'TOKEN' is missing, and has no default.\""),
        "TOKEN",
        CERTAIN,
    ),
    (
        crash("check()", "RuntimeError: Missing required environment variable: JWT_SECRET"),
        "JWT_SECRET",
        LIKELY,
    ),
    (crash("check()", "ValueError: JWT_SECRET environment variable is not set"), "JWT_SECRET", LIKELY),
    (crash("check()", "AssertionError: REDIS_URL must be set"), "REDIS_URL", LIKELY),
    (crash("check()", "Exception: Required settings missing: API_KEY, API_URL"), "API_KEY", LIKELY),
    (
        crash(
            "client = OpenAI()",
            "openai.OpenAIError: The api_key client option must be set either by passing api_key to the client or by "
            "setting the OPENAI_API_KEY environment variable",
            f"{SITE}/openai/_client.py",
        ),
        "OPENAI_API_KEY",
        LIKELY,
    ),
    (
        crash(
            'workers = int(os.getenv("WORKERS"))',
            "TypeError: int() argument must be a string, a bytes-like object or a real number, not 'NoneType'",
        ),
        "WORKERS",
        LIKELY,
    ),
    (
        crash(
            'hosts = os.environ.get("HOSTS").split(",")',
            "AttributeError: 'NoneType' object has no attribute 'split'",
        ),
        "HOSTS",
        LIKELY,
    ),
    (
        crash(
            "engine = create_engine(DATABASE_URL)",
            "sqlalchemy.exc.ArgumentError: Expected string or URL object, got None",
            f"{SITE}/sqlalchemy/engine/url.py",
        ),
        "DATABASE_URL",
        LIKELY,
    ),
    (crash('assert os.getenv("API_KEY")', "AssertionError"), "API_KEY", LIKELY),
    (ended("FATAL: DATABASE_URL is not set"), "DATABASE_URL", LIKELY),
    (ended("ERROR: missing environment variables:", "  - STRIPE_KEY"), "STRIPE_KEY", LIKELY),
    (RESPAWNED, "DATABASE_URL", LIKELY),
]

INVALID = [
    (crash("settings = Settings()", PARSING, f"{SITE}/pydantic_settings/main.py"), "debug", CERTAIN),
    (
        crash(
            'workers = int(os.environ["WORKERS"])',
            "ValueError: invalid literal for int() with base 10: 'hunter2'",
        ),
        "WORKERS",
        LIKELY,
    ),
    (
        crash(
            'rules = json.loads(os.environ["RULES"])',
            "json.decoder.JSONDecodeError: Expecting value: line 1 column 1 (char 0)",
            "/usr/local/lib/python3.11/json/decoder.py",
        ),
        "RULES",
        LIKELY,
    ),
    (
        crash(
            "settings = Settings()",
            'pydantic_settings.exceptions.SettingsError: error parsing value for field "hosts" from source "EnvSettingsSource"',
        ),
        "hosts",
        CERTAIN,
    ),
    (
        crash(
            "engine = create_engine(DATABASE_URL)",
            "sqlalchemy.exc.NoSuchModuleError: Can't load plugin: sqlalchemy.dialects:postgres",
            f"{SITE}/sqlalchemy/engine/url.py",
        ),
        "DATABASE_URL",
        LIKELY,
    ),
    (
        crash(
            "engine = create_engine(DATABASE_URL)",
            "sqlalchemy.exc.ArgumentError: Could not parse SQLAlchemy URL from string 'hunter2'",
            f"{SITE}/sqlalchemy/engine/url.py",
        ),
        "DATABASE_URL",
        LIKELY,
    ),
    (crash("check()", "ValueError: LOG_LEVEL must be one of DEBUG, INFO"), "LOG_LEVEL", LIKELY),
    (ended("Error: '$PORT' is not a valid port number."), "PORT", CERTAIN),
    (ended("Error: Invalid value for '--port': '$PORT' is not a valid integer.", code=2), "PORT", CERTAIN),
    (ended("Error: '' is not a valid port number."), "PORT", LIKELY),
    (ended("CRITICAL invalid value for RATE_LIMIT"), "RATE_LIMIT", UNSURE),
]

OF_ANOTHER_KIND = [
    crash("import yaml", "ModuleNotFoundError: No module named 'yaml'"),
    crash('row["name"]', "KeyError: 'name'"),
    crash("Model(**row)", "pydantic_core._pydantic_core.ValidationError: 1 validation error for Invoice\n"
          "total\n  Field required [type=missing, input_value={}, input_type=dict]"),
    crash("call()", "google.api_core.exceptions.NotFound: 404 NOT_FOUND: the thing does not exist"),
    crash("total.rows", "AttributeError: 'NoneType' object has no attribute 'rows'"),
    ended("WARNING: SENTRY_DSN is not set, errors are not reported", "bye"),
]  # fmt: skip


def missing(log: str, revision: Revision | None = None) -> Finding:
    finding = env_missing(evidence_of(log, revision=revision))
    assert finding
    return finding


@pytest.mark.parametrize(
    ("log", "name", "confidence"), MISSING, ids=[f"{one[1]}-{i}" for i, one in enumerate(MISSING)]
)
def test_a_missing_setting_is_named(log: str, name: str, confidence: Confidence) -> None:
    finding = missing(log)

    assert (finding.cause, finding.missing, finding.confidence) == (Cause.ENV_MISSING, name, confidence)
    assert finding.boots is False
    assert finding.fix[0].startswith(f"{SERVICE} --update-env-vars={name.upper()}=VALUE")
    assert finding.evidence
    assert len(finding.short) <= 40
    assert "hunter2" not in repr(finding)


@pytest.mark.parametrize(
    ("log", "name", "confidence"), INVALID, ids=[f"{one[1]}-{i}" for i, one in enumerate(INVALID)]
)
def test_a_wrong_value_is_told_by_its_name_alone(log: str, name: str, confidence: Confidence) -> None:
    evidence = evidence_of(log)
    finding = env_invalid(evidence)

    assert finding
    assert env_missing(evidence) is None
    assert (finding.cause, finding.missing, finding.confidence) == (Cause.ENV_INVALID, name, confidence)
    assert "hunter2" not in repr(finding)


@pytest.mark.parametrize("log", OF_ANOTHER_KIND)
def test_other_failures_are_left_to_other_rules(log: str) -> None:
    evidence = evidence_of(log)

    assert env_missing(evidence) is None
    assert env_invalid(evidence) is None


def test_all_missing_fields_are_in_the_command_and_the_first_is_the_one_that_is_named() -> None:
    finding = missing(crash("settings = Settings()", PYDANTIC, f"{SITE}/pydantic_settings/main.py"))

    assert finding.missing == "database_url"
    assert "DATABASE_URL=VALUE,SECRET_KEY=VALUE" in finding.fix[0]
    assert any("DATABASE_URL" in doubt for doubt in finding.uncertain)


def test_the_exception_and_the_deepest_project_frame_are_told() -> None:
    finding = missing(crash('URL = os.environ["DATABASE_URL"]', "KeyError: 'DATABASE_URL'", "<frozen os>"))

    assert (finding.exception, finding.frame) == ("KeyError", "/app/main.py:7")
    assert [quote.text for quote in finding.evidence] == [
        'File "/app/main.py", line 7, in <module>',
        "KeyError: 'DATABASE_URL'",
    ]


def test_an_exit_without_traceback_is_inferred_and_says_so() -> None:
    finding = missing(RESPAWNED)

    assert finding.exception == "SystemExit"
    assert any("inferred" in doubt for doubt in finding.uncertain)


@pytest.mark.parametrize(
    ("names", "confidence", "doubt"),
    [
        (("DATABASE_URL",), UNSURE, "does set DATABASE_URL"),
        (("DATABSE_URL",), CERTAIN, "DATABSE_URL, which reads almost the same"),
        (("PORT",), CERTAIN, ""),
    ],
)
def test_what_the_revision_sets_is_compared_by_name(
    names: tuple[str, ...], confidence: Confidence, doubt: str
) -> None:
    revision = Revision("api-00007-abc", service="api", containers=(Container(env_names=names),))
    log = crash('URL = os.environ["DATABASE_URL"]', "KeyError: 'DATABASE_URL'", "<frozen os>")

    finding = missing(log, revision)

    assert finding.confidence is confidence
    assert doubt in " ".join(finding.uncertain)


def test_the_last_line_of_a_bare_log_may_be_the_last_word_of_the_program() -> None:
    finding = missing("starting the shop\nSTRIPE_API_KEY is not set")

    assert (finding.missing, finding.confidence, finding.exception) == ("STRIPE_API_KEY", UNSURE, "")


@pytest.mark.parametrize(
    "lines",
    [
        ("STRIPE_API_KEY is not set", *(f"step {number}" for number in range(20))),
        ("STRIPE_API_KEY is not set, falling back to test mode", "crashed"),
        ("STRIPE_API_KEY is not set", "sys Memory limit of 512 MiB exceeded with 526 MiB used."),
    ],
)
def test_what_was_said_long_before_or_beside_another_end_is_no_cause(lines: tuple[str, ...]) -> None:
    assert env_missing(evidence_of(ended(*lines))) is None


def test_a_lookup_in_another_mapping_is_no_setting_unless_it_reads_like_one() -> None:
    assert env_missing(evidence_of(crash('DATA["COUNTRY"]', "KeyError: 'COUNTRY'"))) is None
    assert missing(crash('DATA["API_KEY"]', "KeyError: 'API_KEY'")).confidence is UNSURE


def test_the_fields_of_a_settings_model_may_follow_in_entries_of_their_own() -> None:
    log = crash("Settings()", PYDANTIC.partition("\n")[0], f"{SITE}/pydantic_settings/main.py")
    rest = PYDANTIC.partition("\n")[2]

    finding = missing(log.replace("\nsys Container", f"\n{rest}\nsys Container"))

    assert finding.missing == "database_url"


@pytest.mark.parametrize(
    ("message", "name"),
    [
        ("invalid configuration: SECRET_KEY too short; DATABASE_URL: missing", "DATABASE_URL"),
        (
            "Missing credentials. Set the `OPENAI_API_KEY` or `OPENAI_ADMIN_KEY` environment variable.",
            "OPENAI_API_KEY",
        ),
        ("supabase_url is required", "supabase_url"),
        ("the environment variable dbHost_1 is not set", "dbHost_1"),
    ],
)
def test_of_several_names_the_one_beside_the_complaint_is_meant(message: str, name: str) -> None:
    assert missing(crash("check()", f"RuntimeError: {message}")).missing == name


def test_a_healthy_boot_with_the_same_words_is_none_of_ours() -> None:
    evidence = evidence_of(
        "sys Starting new instance. Reason: DEPLOYMENT_ROLLOUT - x",
        "ERROR: STRIPE_KEY is not set, payments are off",
        "INFO:     Application startup complete.",
        "INFO:     Uvicorn running on http://0.0.0.0:8080 (Press CTRL+C to quit)",
    )

    assert env_missing(evidence) is None
    assert env_missing(replace(evidence, revision=Revision("api-00007-abc"))) is None

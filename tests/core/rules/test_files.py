"""Files that are not in the container, and what the program may not use."""

import pytest

from buddy_tui.finding import Cause, Confidence
from buddy_tui.model import Revision
from buddy_tui.rules.files import config_file_missing
from buddy_tui.rules.permissions import permission_denied
from tests.core.rules.evidence_of import SERVICE, START, crash, ended, evidence_of

SITE = "/usr/local/lib/python3.11/site-packages"
NO_FILE = "FileNotFoundError: [Errno 2] No such file or directory: "
CERTAIN, LIKELY, UNSURE = Confidence

MISSING = [
    (crash('open("/secrets/app.json")', f"{NO_FILE}'/secrets/app.json'"), "/secrets/app.json", CERTAIN),
    (crash('open("config.yaml")', f"{NO_FILE}'config.yaml'"), "config.yaml", CERTAIN),
    (crash("load(path)", f"{NO_FILE}PosixPath('models/small.bin')"), "models/small.bin", CERTAIN),
    (crash("load()", "IsADirectoryError: [Errno 21] Is a directory: '/app/config'"), "/app/config", CERTAIN),
    (crash("load()", "RuntimeError: Directory 'static' does not exist"), "static", CERTAIN),
    (crash("render()", "jinja2.exceptions.TemplateNotFound: mail/base.html"), "mail/base.html", CERTAIN),
    (crash("load()", "FileNotFoundError: logging.ini doesn't exist"), "logging.ini", CERTAIN),
    (crash("serve()", "FileNotFoundError: [Errno 2] No such file or directory"), "", LIKELY),
    (
        crash(
            "load()", "OSError: [E050] Can't find model 'en_core_web_sm'. It doesn't seem to be a package."
        ),
        "en_core_web_sm",
        CERTAIN,
    ),
    (ended("Error: 'gunicorn.conf.py' doesn't exist"), "gunicorn.conf.py", UNSURE),
    (
        crash('run(["ffmpeg"])', f"{NO_FILE}'ffmpeg'", "/usr/local/lib/python3.11/subprocess.py"),
        "ffmpeg",
        LIKELY,
    ),
    (
        ended("Error: Invalid value for '--log-config': Path 'log.yaml' does not exist.", code=2),
        "log.yaml",
        UNSURE,
    ),
    (ended("config file not found: /etc/app/app.toml"), "/etc/app/app.toml", UNSURE),
]

REFUSED = [
    (crash('open("/var/log/app.log", "a")', "PermissionError: [Errno 13] Permission denied: '/var/log/app.log'"),
     "/var/log/app.log", CERTAIN),
    (crash("mkdir()", "OSError: [Errno 30] Read-only file system: '/data'"), "/data", CERTAIN),
    (crash("client.get()", "google.api_core.exceptions.PermissionDenied: 403 Permission "
           "'secretmanager.versions.access' denied for resource 'projects/1/secrets/db/versions/latest'"),
     "secretmanager.versions.access", CERTAIN),
    (crash("bucket.get()", "google.api_core.exceptions.Forbidden: 403 GET https://storage.googleapis.com/b/x: "
           "run@acme.iam.gserviceaccount.com does not have storage.objects.get access to the object."),
     "storage.objects.get", CERTAIN),
    (crash("read()", "google.api_core.exceptions.PermissionDenied: 403 Missing or insufficient permissions."),
     "", LIKELY),
    (ended("terminated: Application failed to start: failed to load /app/start.sh: permission denied"),
     "/app/start.sh", LIKELY),
    (ended("/bin/sh: 1: ./start.sh: Permission denied", code=126), "./start.sh", LIKELY),
]  # fmt: skip


@pytest.mark.parametrize(("log", "path", "confidence"), MISSING, ids=[one[1] for one in MISSING])
def test_a_missing_file_is_named_as_it_was_printed(log: str, path: str, confidence: Confidence) -> None:
    finding = config_file_missing(evidence_of(log))

    assert finding
    assert (finding.cause, finding.missing, finding.confidence) == (
        Cause.CONFIG_FILE_MISSING,
        path,
        confidence,
    )
    assert finding.boots is False
    assert finding.fix
    assert finding.evidence


def test_a_key_that_was_given_in_place_of_a_path_is_not_repeated() -> None:
    key = '{"type": "service_account", "private_key": "hunter2"}'

    finding = config_file_missing(evidence_of(crash("open(path)", f"{NO_FILE}'{key}'")))

    assert finding
    assert finding.missing == ""
    assert "hunter2" not in repr(finding)


def test_a_file_that_is_mounted_as_a_secret_is_mounted_by_the_fix() -> None:
    finding = config_file_missing(evidence_of(MISSING[0][0]))

    assert finding
    assert finding.fix == (f"{SERVICE} --update-secrets=/secrets/app.json=SECRET:latest",)
    assert (finding.exception, finding.frame) == ("FileNotFoundError", "/app/main.py:7")


def test_a_relative_path_may_be_there_and_the_working_directory_another() -> None:
    finding = config_file_missing(evidence_of(MISSING[1][0]))

    assert finding
    assert any("working directory" in doubt for doubt in finding.uncertain)


@pytest.mark.parametrize(
    "log",
    [
        ended("python: can't open file '/app/main.py': [Errno 2] No such file or directory", code=2),
        crash("connect()", f"{NO_FILE}'/cloudsql/p:r:i/.s.PGSQL.5432'", f"{SITE}/asyncpg/connection.py"),
        crash("import yaml", "ModuleNotFoundError: No module named 'yaml'"),
    ],
)
def test_programs_sockets_and_modules_are_no_configuration_files(log: str) -> None:
    assert config_file_missing(evidence_of(log)) is None


@pytest.mark.parametrize(("log", "what", "confidence"), REFUSED, ids=[one[1] for one in REFUSED])
def test_what_may_not_be_used_is_named(log: str, what: str, confidence: Confidence) -> None:
    finding = permission_denied(evidence_of(log))

    assert finding
    assert (finding.cause, finding.missing, finding.confidence) == (Cause.PERMISSION_DENIED, what, confidence)


def test_the_role_that_holds_a_permission_is_granted_to_the_revisions_own_account() -> None:
    revision = Revision(
        "api-00007-abc", service="api", service_account="run@acme-prod.iam.gserviceaccount.com"
    )

    finding = permission_denied(evidence_of(REFUSED[2][0], revision=revision))

    assert finding
    assert finding.fix == (
        (
            "gcloud projects add-iam-policy-binding PROJECT "
            "--member=serviceAccount:run@acme-prod.iam.gserviceaccount.com --role=roles/secretmanager.secretAccessor"
        ),
    )


@pytest.mark.parametrize(
    ("log", "port"),
    [
        (ended("Error: listen EACCES: permission denied 0.0.0.0:80"), "80"),
        (crash("sock.bind(binding)", "PermissionError: [Errno 13] Permission denied"), ""),
    ],
)
def test_a_port_that_only_root_may_open_is_told_as_such(log: str, port: str) -> None:
    finding = permission_denied(evidence_of(log))

    assert finding
    assert (finding.cause, finding.missing, finding.short) == (
        Cause.PERMISSION_DENIED,
        port,
        "may not listen on its port",
    )


def test_a_refused_file_on_a_mounted_bucket_is_a_matter_of_rights() -> None:
    finding = permission_denied(evidence_of(START, "sys Application exec likely failed"))

    assert finding
    assert any("bucket" in doubt for doubt in finding.uncertain)

"""`buddy-tui context`: every value and its origin, and two identities that differ."""

import json
from pathlib import Path

import pytest

from buddy_tui.cli.context import context, warn
from buddy_tui.cli.options import Context
from buddy_tui.config import Known, Settings
from buddy_tui.gcloud_files import AdcFile


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("BUDDY_PROJECT", "GOOGLE_CLOUD_PROJECT", "GOOGLE_APPLICATION_CREDENTIALS", "BUDDY_CONFIG"):
        monkeypatch.delenv(name, raising=False)
    folder = tmp_path / "gcloud"
    (folder / "configurations").mkdir(parents=True)
    (folder / "configurations" / "config_default").write_text(
        "[core]\nproject = acme-dev\naccount = alice@example.com\n", encoding="utf-8"
    )
    (folder / "application_default_credentials.json").write_text(
        '{"type": "service_account", "client_email": "bot@acme-prod.example", "private_key": "TOP-SECRET", '
        '"project_id": "acme-prod"}',
        encoding="utf-8",
    )
    monkeypatch.setenv("CLOUDSDK_CONFIG", str(folder))
    monkeypatch.chdir(tmp_path)
    return folder


def test_the_document_has_each_value_with_its_origin_and_no_secret(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    context(json=True, context=Context(region=("us-east1", "europe-west1"), read_only=True))

    text = capsys.readouterr().out
    document = json.loads(text)
    assert document["schema"] == "buddy.context/1"
    assert document["settings"]["project"] == {
        "value": "acme-dev",
        "origin": "core/project of gcloud's configuration default",
    }
    assert document["settings"]["regions"] == [
        {"value": "us-east1", "origin": "--region"},
        {"value": "europe-west1", "origin": "--region"},
    ]
    assert document["settings"]["read_only"] == {"value": "yes", "origin": "--read-only"}
    assert document["settings"]["service"] == {"value": None, "origin": None}
    assert document["files"]["adc"]["type"] == "service_account"
    assert document["files"]["buddy_toml"] is None
    assert "SECRET" not in text


def test_the_page_has_each_value_with_its_origin_and_the_warnings(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    context(context=Context(profile=None))

    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split(maxsplit=2) == [
        "project",
        "acme-dev",
        "core/project of gcloud's configuration default",
    ]
    assert lines[1].split() == ["regions", "all"]
    assert "warning: The credentials belong to project acme-prod; you look at acme-dev." in lines


@pytest.mark.parametrize(
    ("adc", "warnings"),
    [
        (None, ["There are no Application Default Credentials: gcloud auth application-default login"]),
        (AdcFile(Path("x"), "gcloud", "authorized_user"), []),
        (AdcFile(Path("x"), "gcloud", account="alice@example.com", project="acme-dev"), []),
        (
            AdcFile(Path("x"), "gcloud", account="bot@acme.example"),
            ["gcloud works as alice@example.com; buddy-tui and Google's libraries work as bot@acme.example."],
        ),
        (
            AdcFile(Path("x"), "gcloud", quota_project="acme-prod"),
            ["The credentials belong to project acme-prod; you look at acme-dev."],
        ),
        (AdcFile(Path("x"), "gcloud", problem="broken"), ["The credentials in x cannot be used: broken."]),
    ],
)
def test_two_identities_that_differ_are_told(adc: AdcFile | None, warnings: list[str]) -> None:
    settings = Settings(project=Known("acme-dev", "--project"), account=Known("alice@example.com", "gcloud"))

    assert list(warn(settings, adc)) == warnings

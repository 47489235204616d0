"""A module that is not there: four answers, each with its proof and the corrected command."""

from dataclasses import replace

import pytest

from buddy_tui.boot.values import Boot, Reading
from buddy_tui.finding import Cause, Confidence, Finding
from buddy_tui.model import Revision, Sources, SourceTree
from buddy_tui.rules import trees
from buddy_tui.rules.evidence import Evidence
from buddy_tui.rules.source_root import deepened, deploy_command

ARCHIVE = "gs://run-sources-acme-prod-europe-west1/services/api/1.zip#7"
REVISION = Revision("api-00002-bad", service="api", source=ARCHIVE)
WHOLE = ("Back_End/__init__.py", "Back_End/main.py", "Back_End/metrics.py", "Dockerfile", "requirements.txt")
GUESS = Finding(Cause.LOCAL_MODULE_MISSING, Confidence.LIKELY, boots=False, summary="?", missing="Back_End",
                uncertain=("no archive was read",))  # fmt: skip
DOCKERFILE = "FROM python:3.11\nWORKDIR /app\nCOPY . .\nCMD exec uvicorn Back_End.main:app\n"


def tree(*paths: str, where: str = ARCHIVE, **texts: str) -> SourceTree:
    told = tuple(
        (name.replace("_", ".", 1) if name != "Dockerfile" else name, text) for name, text in texts.items()
    )
    return SourceTree(where, tuple(sorted(paths)), tuple(sorted(told)))


def asked(
    uploaded: SourceTree | None,
    good: SourceTree | None = None,
    *,
    finding: Finding = GUESS,
    disk: SourceTree | None = None,
) -> Finding:
    sources = Sources(uploaded, good, "api-00001-good" if good else "", disk)
    return deepened(finding, Evidence(Reading(), Boot(), REVISION, sources))


def test_a_module_above_the_uploaded_folder_is_proved_by_the_last_good_archive() -> None:
    found = asked(tree("__init__.py", "main.py", "metrics.py", "Dockerfile"), tree(*WHOLE))

    assert (found.cause, found.confidence) == (Cause.LOCAL_MODULE_MISSING, Confidence.CERTAIN)
    assert "Back_End/" in found.summary
    assert (
        found.fix[1]
        == "run it in the project's root, the folder that holds Back_End/ (from Back_End/: cd ..)"
    )
    assert found.fix[0] == (
        "gcloud run deploy api --source . --region=europe-west1 --project=acme-prod --no-traffic --tag=candidate"
    )
    assert any("api-00001-good" in quote.text for quote in found.evidence)
    assert found.uncertain == ()


def test_the_project_on_disk_proves_it_as_well() -> None:
    found = asked(tree("__init__.py", "main.py", "metrics.py"), disk=tree(*WHOLE, where="/home/me/buddy"))

    assert found.confidence is Confidence.CERTAIN
    assert any("this disk" in quote.text for quote in found.evidence)


def test_two_folders_down_the_way_up_has_two_steps() -> None:
    deep = tuple(
        f"services/{path}" for path in ("api/core/__init__.py", "api/core/main.py", "api/core/db.py")
    )
    found = asked(
        tree("__init__.py", "main.py", "db.py"),
        tree(*deep, "README.md"),
        finding=replace(GUESS, missing="services"),
    )

    assert found.fix[1].endswith("(from services/api/core/: cd ../../..)")


def test_edited_files_do_not_hide_which_folder_was_uploaded() -> None:
    found = asked(tree("__init__.py", "main.py", "metrics.py", "Procfile", "fix.sh"), tree(*WHOLE))

    assert found.confidence is Confidence.CERTAIN


def test_the_whole_project_is_not_taken_for_one_of_its_folders() -> None:
    found = asked(tree(*WHOLE), tree(*WHOLE))

    assert found is GUESS


def test_an_ignore_file_that_leaves_the_package_out_is_named_with_its_line() -> None:
    found = asked(
        tree("main.py", _gcloudignore="*.pyc\nBack_End/\n"), tree("main.py", "Back_End/__init__.py")
    )

    assert found.confidence is Confidence.CERTAIN
    assert found.short == "left out by .gcloudignore"
    assert "line 2" in found.fix[0]
    assert found.evidence[-1].text == ".gcloudignore:2: Back_End/"


def test_another_project_on_this_disk_proves_nothing_of_what_was_left_out() -> None:
    other = tree("Back_End/__init__.py", "notes.md", where="/home/me/other", _gitignore="Back_End/\n")

    found = asked(tree("main.py", "Dockerfile"), disk=other)

    assert (found.confidence, found.short) == (GUESS.confidence, GUESS.short)


@pytest.mark.parametrize("whole", [tree(*WHOLE), None])
def test_a_listing_that_was_cut_short_proves_nothing_of_what_it_lacks(whole: SourceTree | None) -> None:
    uploaded = replace(tree("__init__.py", "main.py", "metrics.py", requirements_txt="flask\n"), cut=True)

    assert asked(uploaded, whole) == GUESS


def test_a_good_archive_that_was_cut_short_may_hold_what_nobody_declared() -> None:
    good = replace(tree("main.py"), cut=True)

    assert asked(tree("main.py", requirements_txt="flask\n"), good) == GUESS


def test_a_dockerignore_leaves_out_what_was_uploaded() -> None:
    found = asked(tree("main.py", "Back_End/__init__.py", _dockerignore="Back_End\n"))

    assert found.short == "left out by .dockerignore"
    assert "from the image" in found.summary


@pytest.mark.parametrize(
    ("dockerfile", "place"),
    [
        (
            DOCKERFILE.replace("WORKDIR /app", "WORKDIR /app/Back_End").replace("COPY . .", "COPY . /app"),
            "/app",
        ),
        (DOCKERFILE.replace("COPY . .", "COPY . /srv/code"), "/srv/code"),
        (DOCKERFILE.replace("COPY . .", "COPY . ./src/"), "/app/src"),
    ],
)
def test_a_dockerfile_that_puts_it_elsewhere_is_read_against_where_the_process_starts(
    dockerfile: str, place: str
) -> None:
    found = asked(tree(*WHOLE, Dockerfile=dockerfile))

    assert found.confidence is Confidence.LIKELY
    assert place in found.summary
    assert found.fix[0] == f"Dockerfile: WORKDIR {place}"


@pytest.mark.parametrize(
    "change",
    [
        ("CMD", "ENV PYTHONPATH=/srv/code\nCMD"),
        ("uvicorn Back_End", "uvicorn --app-dir /srv/code Back_End"),
        ("uvicorn Back_End.main:app", "gunicorn --chdir=/srv/code Back_End.main:app"),
    ],
)
def test_a_path_that_the_process_is_told_of_is_where_it_looks(change: tuple[str, str]) -> None:
    dockerfile = DOCKERFILE.replace("COPY . .", "COPY . /srv/code").replace(*change)

    assert asked(tree(*WHOLE, Dockerfile=dockerfile)) is GUESS


def test_a_dependency_that_nobody_declared_is_told_by_its_distribution() -> None:
    third = replace(GUESS, cause=Cause.THIRD_PARTY_MISSING, missing="yaml")
    found = asked(
        tree("main.py", "requirements.txt", requirements_txt="uvicorn==0.34\nhttpx\n"), finding=third
    )

    assert (found.cause, found.confidence) == (Cause.THIRD_PARTY_MISSING, Confidence.CERTAIN)
    assert "PyYAML" in found.fix[0]
    assert "requirements.txt" in found.fix[0]


def test_what_looked_local_and_is_in_no_tree_is_a_dependency() -> None:
    found = asked(tree("main.py", requirements_txt="uvicorn\n"), tree("main.py"))

    assert found.cause is Cause.THIRD_PARTY_MISSING


def test_a_declared_dependency_that_is_not_there_is_a_question_of_the_build() -> None:
    third = replace(GUESS, cause=Cause.THIRD_PARTY_MISSING, missing="yaml")
    found = asked(tree("main.py", requirements_txt="pyyaml>=6\n"), finding=third)

    assert found.confidence is Confidence.LIKELY
    assert "declared" in found.summary


def test_without_trees_the_finding_stays_as_it_is() -> None:
    assert asked(None) is GUESS


def test_other_causes_are_not_looked_into() -> None:
    other = replace(GUESS, cause=Cause.ENV_MISSING)

    assert asked(tree("main.py"), tree(*WHOLE), finding=other) is other


def test_what_is_not_known_of_a_deployment_is_in_capitals() -> None:
    assert deploy_command(None) == (
        "gcloud run deploy SERVICE --source . --region=REGION --project=PROJECT --no-traffic --tag=candidate"
    )


@pytest.mark.parametrize(
    ("paths", "module", "roots"),
    [
        (("a/b/__init__.py",), "a.b", ("",)),
        (("src/a/b.py",), "a.b", ("src",)),
        (("a.py", "x/a.py"), "a", ("", "x")),
        (("data/a.txt",), "data", ()),
        (("ba/x.py",), "a", ()),
    ],
)
def test_a_module_resolves_from_the_folders_that_hold_it(
    paths: tuple[str, ...], module: str, roots: tuple[str, ...]
) -> None:
    assert trees.roots_of(tree(*paths), module) == roots


def test_only_the_last_stage_of_a_dockerfile_counts() -> None:
    text = 'FROM a AS build\nWORKDIR /build\nCOPY . .\nFROM b\n# COPY x y\nWORKDIR /app\nCOPY \\\n  src/ ./src/\nCMD ["x"]\n'
    plan = trees.layout(tree(Dockerfile=text))

    assert plan == trees.Layout((("src", "/app/src"),), "/app", (), '["x"]')


def test_one_file_copied_into_a_folder_keeps_its_name() -> None:
    plan = trees.layout(tree(Dockerfile="FROM b\nWORKDIR /app\nCOPY main.py requirements.txt ./\n"))

    assert plan is not None
    assert plan.copies == (("main.py", "/app/main.py"), ("requirements.txt", "/app/requirements.txt"))

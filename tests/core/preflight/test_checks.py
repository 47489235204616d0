"""Each check over facts made by hand: what it says, with which evidence, and what it must not say."""

from dataclasses import replace
from pathlib import Path

import pytest

from buddy_tui.model import Container
from buddy_tui.preflight.apis import apis
from buddy_tui.preflight.architecture import architecture
from buddy_tui.preflight.boot import boot
from buddy_tui.preflight.checks import CHECKS
from buddy_tui.preflight.cycles import cycles
from buddy_tui.preflight.dependencies import dependencies
from buddy_tui.preflight.git import git
from buddy_tui.preflight.image_layout import image_layout
from buddy_tui.preflight.imports import imports
from buddy_tui.preflight.judge import preflight
from buddy_tui.preflight.large_files import large_files
from buddy_tui.preflight.left_out import left_out
from buddy_tui.preflight.listening import listening
from buddy_tui.preflight.look_alikes import look_alikes
from buddy_tui.preflight.names import names
from buddy_tui.preflight.permissions import permissions
from buddy_tui.preflight.root import right_root, root
from buddy_tui.preflight.secrets import secrets
from buddy_tui.preflight.settings import settings
from buddy_tui.preflight.syntax import syntax
from buddy_tui.preflight.values import Facts, Git, Target, Verdict
from buddy_tui.source.values import (
    At,
    Boot,
    Booted,
    Entry,
    Found,
    Graph,
    LeftOut,
    Maker,
    NotTaken,
    SourceFile,
    Unknown,
    When,
)
from tests import make
from tests.core.preflight.made import (
    ROOT,
    entry,
    facts,
    found,
    graph,
    image,
    module,
    upload,
)

INSIDE = facts(
    source="shop",
    upload=upload("Dockerfile", "main.py", root=ROOT / "shop"),
    graph=Graph("shop.main", roots=("..",)),
    boot=Boot(Booted.NOT_TRIED),
)


def test_facts_without_fault_pass_every_check() -> None:
    judged = preflight(facts())

    assert judged.verdict is Verdict.PASS
    assert {check.verdict for check in judged.checks} <= {Verdict.PASS, Verdict.SKIPPED}
    assert judged.suggested_root is None


def test_checks_come_in_the_order_in_which_they_are_documented() -> None:
    assert [check.name for check in preflight(facts()).checks] == [
        "root",
        "look-alikes",
        "left-out",
        "image-layout",
        "imports",
        "dependencies",
        "shadowing",
        "cycles",
        "syntax",
        "listening",
        "secrets",
        "large-files",
        "git",
        "names",
        "architecture",
        "permissions",
        "apis",
        "settings",
        "boot",
    ]


def test_every_check_answers_for_a_folder_about_which_nothing_is_known() -> None:
    nothing = facts(
        upload=upload(),
        image=image(maker=Maker.BUILDPACK, files={}, command=()),
        entry=Entry(unknown="Nothing says what is started."),
        graph=Graph(""),
        boot=Boot(Booted.NOT_TRIED),
        texts={},
        git=Git(),
        target=Target(),
        tag="",
    )

    assert all(check(nothing).message for check in CHECKS)


@pytest.mark.parametrize(
    ("source", "command"),
    [
        ("shop", "buddy-tui deploy --source . "),
        ("./shop/", "buddy-tui deploy --source . "),
        (".", "buddy-tui deploy --source .. "),
        ("..", "buddy-tui deploy --source ../.. "),
        ("/work/shop/shop", "buddy-tui deploy --source /work/shop "),
        ("my shop/shop", "buddy-tui deploy --source 'my shop' "),
    ],
)
def test_the_right_root_is_named_as_the_operator_would_say_it(source: str, command: str) -> None:
    check = root(replace(INSIDE, source=source, target=Target()))

    assert check.verdict is Verdict.FAIL
    assert check.fix.startswith(command)
    assert "gcloud run deploy --source " in check.fix
    assert right_root(INSIDE) == ROOT


def test_the_command_names_the_service_that_is_meant() -> None:
    check = root(INSIDE)

    assert "--service api --project acme-prod --region europe-west1" in check.fix
    assert (
        "gcloud run deploy api --source . --project acme-prod --region europe-west1 --no-traffic --tag candidate"
        in check.fix
    )


def test_a_missing_dependency_is_never_a_wrong_root() -> None:
    missing = facts(graph=graph(found("requests", Found.UNDECLARED, target="requests")))

    assert root(missing).verdict is Verdict.PASS
    assert right_root(missing) is None
    assert dependencies(missing).verdict is Verdict.FAIL


def test_a_library_that_lies_above_is_no_wrong_root() -> None:
    lost = found("common", Found.ELSEWHERE, elsewhere=("..",))
    above = facts(graph=graph(lost), boot=Boot(Booted.NOT_TRIED))

    assert root(above).verdict is Verdict.PASS
    assert imports(above).verdict is Verdict.FAIL


def test_an_import_of_the_folder_itself_is_a_wrong_root() -> None:
    inside = replace(INSIDE, graph=graph(found("shop.state", Found.ELSEWHERE, elsewhere=("..",))))

    assert root(inside).verdict is Verdict.FAIL
    assert root(inside).evidence[0].at == At("shop/main.py", 3)
    assert imports(inside).verdict is Verdict.SKIPPED


@pytest.mark.parametrize(
    "over",
    [
        {"image": image(unknown=(Unknown("`RUN make` may put files there.", At("Dockerfile", 4)),))},
        {"boot": Boot(Booted.PASSED)},
    ],
)
def test_a_root_that_may_be_right_all_the_same_is_a_warning(over: dict[str, object]) -> None:
    assert root(replace(INSIDE, **over)).verdict is Verdict.WARN  # type: ignore[arg-type]


def test_what_boots_fails_neither_by_its_imports_nor_by_its_layout() -> None:
    odd = facts(
        graph=graph(found("made.at.runtime", Found.NOWHERE)),
        boot=Boot(Booted.PASSED, "It was imported."),
    )

    assert imports(odd).verdict is Verdict.WARN
    assert preflight(odd).verdict is Verdict.WARN


@pytest.mark.parametrize(
    ("when", "verdict"),
    [
        (When.START, Verdict.FAIL),
        (When.LATER, Verdict.WARN),
        (When.GUARDED, Verdict.PASS),
        (When.TYPES, Verdict.PASS),
    ],
)
def test_how_bad_a_lost_import_is_depends_on_when_it_happens(when: When, verdict: Verdict) -> None:
    lost = facts(graph=graph(found("nowhere", Found.NOWHERE, when=when)), boot=Boot(Booted.NOT_TRIED))

    assert imports(lost).verdict is verdict


@pytest.mark.parametrize(
    ("how", "when", "verdict"),
    [
        (Found.UNDECLARED, When.START, Verdict.FAIL),
        (Found.UNSURE, When.START, Verdict.WARN),
        (Found.UNDECLARED, When.LATER, Verdict.WARN),
        (Found.UNDECLARED, When.GUARDED, Verdict.PASS),
        (Found.DECLARED, When.START, Verdict.PASS),
    ],
)
def test_how_bad_a_missing_dependency_is(how: Found, when: When, verdict: Verdict) -> None:
    check = dependencies(facts(graph=graph(found("yaml", how, when=when, target="PyYAML"))))

    assert check.verdict is verdict
    assert verdict is Verdict.PASS or check.fix == "Add to requirements.txt: PyYAML"


@pytest.mark.parametrize(
    ("name", "target", "verdict"),
    [
        ("graphql", "graphql", Verdict.WARN),  # graphql-core has it
        ("phonenumbers", "phonenumbers", Verdict.WARN),  # phonenumberslite has it
        ("opentelemetry.trace", "opentelemetry-api", Verdict.PASS),
        ("redis", "redis", Verdict.FAIL),
    ],
)
def test_a_distribution_of_a_similar_name_may_bring_a_module(
    name: str, target: str, verdict: Verdict
) -> None:
    declared = frozenset({"graphql-core", "phonenumberslite", "opentelemetry-api"})
    imported = graph(found(name, Found.UNDECLARED, target=target))

    assert dependencies(facts(graph=imported, declared=declared)).verdict is verdict


@pytest.mark.parametrize(
    ("step", "verdict"), [("RUN make install", Verdict.WARN), ("COPY --from=build /venv /venv", Verdict.FAIL)]
)
def test_a_step_that_cannot_be_followed_may_install_what_is_missing(step: str, verdict: Verdict) -> None:
    unknown = Unknown("It may put files there.", At("Dockerfile", 2))
    missing = graph(found("redis", Found.UNDECLARED, target="redis"))

    check = dependencies(
        facts(graph=missing, image=image(unknown=(unknown,)), texts={"Dockerfile": f"FROM x\n{step}\n"})
    )

    assert check.verdict is verdict


def test_a_step_that_cannot_be_followed_may_make_a_module() -> None:
    unknown = Unknown("`RUN protoc` may put files there.", At("Dockerfile", 4))
    lost = facts(
        graph=graph(found("shop.shop_pb2", Found.NOWHERE)),
        image=image(unknown=(unknown,)),
        boot=Boot(Booted.NOT_TRIED),
    )

    assert imports(lost).verdict is Verdict.WARN
    assert imports(lost).evidence[-1].at == At("Dockerfile", 4)


def test_a_local_package_beside_a_dependency_of_its_name_is_a_doubt() -> None:
    lost = found("graphql.error", Found.ELSEWHERE, elsewhere=("shop",))
    doubted = facts(graph=graph(lost), declared=frozenset({"graphql-core"}), boot=Boot(Booted.NOT_TRIED))

    assert imports(doubted).verdict is Verdict.WARN


def test_look_alikes_say_which_is_started_how_large_they_are_and_what_breaks() -> None:
    files = (
        SourceFile("Back-End/main.py", 2000, 1_700_000_000.0),
        SourceFile("Back_End/main.py", 3000, 1_800_000_000.0),
        SourceFile("back_end/main.py", 1000),
    )
    started = replace(graph(), modules=(module("Back_End.main"),))

    check = look_alikes(facts(upload=replace(upload(), files=files), graph=started))

    assert check.verdict is Verdict.WARN
    assert "Back_End/ is started, Back-End/, back_end/ are not" in check.message
    assert "on Windows and macOS Back_End/, back_end/ are one folder" in check.message
    assert check.fix == "Look, then: buddy-tui set-aside --source ."
    assert [one.said for one in check.evidence] == [
        "not started: 1 file, 2.0 kB, newest change 2023-11-14",
        "started: 1 file, 3.0 kB, newest change 2027-01-15",
        "not started: 1 file, 1.0 kB",
    ]


@pytest.mark.parametrize(
    "folders",
    [
        ("v1.1", "v11"),
        ("test", "tests"),
        (".venv", "venv"),
        ("a/lib", "b/lib"),
        ("node_modules/x-y", "node_modules/xy"),
    ],
)
def test_folders_that_only_seem_alike_are_left_alone(folders: tuple[str, str]) -> None:
    files = upload(*(f"{folder}/x.py" for folder in folders))

    assert look_alikes(facts(upload=files)).verdict is Verdict.PASS


def test_what_a_server_loads_by_itself_is_not_excused_by_a_boot_without_it() -> None:
    also = entry(server="python", script="/app/main.py", module="", also=("api.main",))
    lost = facts(entry=also, graph=graph(found("api.main", Found.NOWHERE)), boot=Boot(Booted.PASSED))

    assert imports(lost).verdict is Verdict.FAIL


def test_a_rule_that_leaves_out_what_the_start_imports_is_named_with_its_line() -> None:
    left = LeftOut("shop/state.py", "state.py", At(".gcloudignore", 4))
    lost = found("shop.state", Found.ELSEWHERE, elsewhere=("shop/state.py",))

    check = left_out(facts(upload=upload("shop/main.py", left_out=(left,)), graph=graph(lost)))

    assert check.verdict is Verdict.FAIL
    assert check.evidence[0].at == At(".gcloudignore", 4)
    assert check.fix == "Delete line 4 of .gcloudignore (state.py), or add below it: !/shop/state.py"


def test_what_is_no_file_is_told_with_the_reason() -> None:
    odd = upload(
        "shop/main.py", not_taken=(NotTaken("out", "It is a link out of the folder that is uploaded."),)
    )

    check = left_out(facts(upload=odd))

    assert (check.verdict, check.evidence[0].at.path) == (Verdict.WARN, "out")


def test_a_copy_of_what_is_not_there_ends_the_build() -> None:
    missing = Unknown("COPY of settings.toml: it is not in the build context.", At("Dockerfile", 3))

    check = image_layout(facts(image=image(missing=(missing,))))

    assert check.verdict is Verdict.FAIL
    assert check.evidence[0].at == At("Dockerfile", 3)


@pytest.mark.parametrize(
    ("over", "verdict"),
    [
        ({"host": "0.0.0.0", "port": "$PORT"}, Verdict.PASS),
        ({"host": "", "port": "$PORT"}, Verdict.FAIL),
        ({"host": "127.0.0.1", "port": "$PORT"}, Verdict.FAIL),
        ({"host": "::", "port": "${PORT:-8080}"}, Verdict.PASS),
        ({"host": "0.0.0.0", "port": "8080"}, Verdict.WARN),
        ({"host": "0.0.0.0", "port": "8000"}, Verdict.FAIL),
        ({"host": "0.0.0.0", "port": ""}, Verdict.FAIL),
        ({"server": "gunicorn", "host": "", "port": ""}, Verdict.PASS),
        ({"server": "gunicorn", "host": "", "port": "$PORT"}, Verdict.PASS),
        ({"server": "hypercorn", "host": "", "port": ""}, Verdict.FAIL),
        ({"server": "functions-framework", "host": "", "port": ""}, Verdict.PASS),
        ({"server": "flask", "host": "0.0.0.0", "port": ""}, Verdict.FAIL),
        ({"server": "", "unknown": "It is a shell script."}, Verdict.SKIPPED),
        ({"server": "streamlit", "host": "", "port": ""}, Verdict.SKIPPED),
        ({"server": "granian", "host": "127.0.0.1", "port": "$PORT"}, Verdict.FAIL),
        ({"server": "python", "host": "0.0.0.0", "port": "9000"}, Verdict.WARN),
    ],
    ids=str,
)
def test_where_a_server_listens(over: dict[str, str], verdict: Verdict) -> None:
    assert listening(facts(entry=entry(**over))).verdict is verdict


def test_a_server_may_be_told_by_the_environment_of_the_image() -> None:
    told = facts(
        image=image(env={"UVICORN_HOST": "0.0.0.0", "UVICORN_PORT": "8080"}), entry=entry(host="", port="")
    )

    assert listening(told).verdict is Verdict.WARN


def test_the_port_of_the_service_counts_where_it_is_known() -> None:
    revision = make.revision(containers=(Container("api-1", port=9000),))

    check = listening(facts(entry=entry(port="9000"), target=Target(make.NAME, make.service(), (revision,))))

    assert check.verdict is Verdict.WARN


@pytest.mark.parametrize(
    ("call", "verdict"),
    [
        ("uvicorn.run(app, host='0.0.0.0', port=int(os.environ['PORT']))", Verdict.PASS),
        ("uvicorn.run(app, port=int(os.environ['PORT']))", Verdict.FAIL),
        ("uvicorn.run(app, host='0.0.0.0')", Verdict.FAIL),
        ("uvicorn.run(app, **options)", Verdict.PASS),
        ("app.run(debug=True)", Verdict.FAIL),
        ("app.run('0.0.0.0', os.getenv('PORT', 8080))", Verdict.PASS),
        ("app.run(host=HOST, port=PORT)", Verdict.PASS),
        ("HTTPServer(('127.0.0.1', 8080), Handler)", Verdict.WARN),
        ("start()", Verdict.SKIPPED),
        ("app.run(port=1) if debug else app.run(port=2)", Verdict.SKIPPED),
    ],
)
def test_what_a_script_says_about_its_port(call: str, verdict: Verdict) -> None:
    text = f"""\
import os, uvicorn
from flask import Flask
HOST = "0.0.0.0"
PORT = int(os.environ.get("PORT", 8080))
app = Flask(__name__)
{call}
"""
    script = entry(server="python", module="", attribute="", script="/app/main.py", host="", port="")

    check = listening(facts(image=image("main.py"), entry=script, texts={"main.py": text}))

    assert check.verdict is verdict


def test_a_call_that_only_a_script_would_make_does_not_count_for_a_server() -> None:
    text = "import uvicorn\n\nif __name__ == '__main__':\n    uvicorn.run('shop.main:app', port=8000)\n"
    served = entry(server="fastapi", host="", port="")

    check = listening(facts(entry=served, texts={"shop/main.py": text}))

    assert check.verdict is Verdict.SKIPPED


def test_the_json_form_gives_the_variable_itself_to_the_server() -> None:
    told = {"Dockerfile": 'FROM python\n\n\n\nCMD ["uvicorn", "shop.main:app", "--port", "$PORT"]\n'}

    check = listening(facts(texts=told))

    assert check.verdict is Verdict.FAIL
    assert check.fix == "CMD exec uvicorn shop.main:app --host 0.0.0.0 --port $PORT"


@pytest.mark.parametrize(
    "path",
    [
        ".env",
        "config/.env.production",
        "keys/server.pem",
        "deploy.key",
        "acme-prod-service-account.json",
        "acme-firebase-adminsdk-x1.json",
        "credentials.json",
        "client_secret.json",
        "id_rsa",
        ".npmrc",
        ".pypirc",
        ".netrc",
        "kubeconfig",
        ".kube/config",
        "home/.aws/credentials",
        "terraform.tfstate",
    ],
)
def test_files_that_may_hold_secrets_are_named_and_never_shown(path: str) -> None:
    check = secrets(facts(upload=upload(path), texts={path: "hunter2"}))

    assert check.verdict is Verdict.WARN
    assert check.evidence[0].at == At(path)
    assert "hunter2" not in repr(check)


@pytest.mark.parametrize(
    "path",
    [
        ".env.example",
        ".env.sample",
        "env.py",
        "certifi/cacert.pem",
        "id_rsa.pub",
        "keys.py",
        "credentials.py",
        "node_modules/x/test.key",
        "public.pem",
        "package.json",
    ],
)
def test_files_that_hold_no_secret_are_left_alone(path: str) -> None:
    assert secrets(facts(upload=upload(path))).verdict is Verdict.PASS


def test_a_secret_that_goes_into_the_image_is_said_to() -> None:
    check = secrets(facts(upload=upload(".env", ignore_file=".gitignore"), image=image(".env")))

    assert "copied into the image too" in check.evidence[0].said
    assert check.fix == "Add to .gitignore: .env"


def test_large_files_and_folders_that_tools_made_are_named() -> None:
    files = (
        SourceFile("dump.sql", 40_000_000),
        *(SourceFile(f".venv/lib/{number}.py") for number in range(300)),
    )

    check = large_files(facts(upload=replace(upload(), files=files)))

    assert check.verdict is Verdict.WARN
    assert {(one.at.path, one.said) for one in check.evidence} == {
        ("dump.sql", "40.0 MB"),
        (".venv/", "300 files"),
    }


@pytest.mark.parametrize(
    ("state", "verdict", "said"),
    [
        (Git(there=True, branch="main"), Verdict.PASS, "main"),
        (Git(there=True, branch="main", dirty=("a.py",)), Verdict.WARN, "1 file changed"),
        (Git(there=True, unpushed=2), Verdict.WARN, "2 commits not pushed"),
        (Git(), Verdict.SKIPPED, "no git repository"),
        (Git(trouble="git is not installed."), Verdict.SKIPPED, "not installed"),
    ],
)
def test_the_state_of_git(state: Git, verdict: Verdict, said: str) -> None:
    check = git(facts(git=state))

    assert check.verdict is verdict
    assert said in check.message


@pytest.mark.parametrize(
    ("service", "tag", "verdict"),
    [
        ("api", "candidate", Verdict.PASS),
        ("a" * 49, "", Verdict.PASS),
        ("a" * 50, "", Verdict.FAIL),
        ("a" * 37, "candidate", Verdict.PASS),
        ("a" * 38, "candidate", Verdict.FAIL),
        ("api", "ab", Verdict.FAIL),
        ("api", "Candidate", Verdict.FAIL),
        ("api", "v1.2", Verdict.FAIL),
        ("1api", "", Verdict.FAIL),
        ("api-", "", Verdict.FAIL),
        ("Api", "", Verdict.FAIL),
    ],
)
def test_names_that_cloud_run_accepts(service: str, tag: str, verdict: Verdict) -> None:
    assert names(facts(target=Target(make.name(service)), tag=tag)).verdict is verdict


def test_without_a_service_the_names_are_not_judged() -> None:
    assert names(facts(target=Target(), tag="")).verdict is Verdict.SKIPPED


@pytest.mark.parametrize(
    ("platform", "verdict"),
    [
        ("", Verdict.PASS),
        ("linux/amd64", Verdict.PASS),
        ("$BUILDPLATFORM", Verdict.PASS),
        ("linux/arm64", Verdict.FAIL),
        ("arm64", Verdict.FAIL),
        ("linux/arm/v7", Verdict.FAIL),
        ("windows/amd64", Verdict.FAIL),
    ],
)
def test_the_platform_of_the_image(platform: str, verdict: Verdict) -> None:
    told = {"Dockerfile": f"FROM x AS a\nFROM --platform={platform} python:3.12\n"}

    check = architecture(facts(image=image(platform=platform), texts=told))

    assert check.verdict is verdict
    assert verdict is Verdict.PASS or check.evidence[0].at == At("Dockerfile", 2)


def test_a_missing_permission_fails_and_one_that_nobody_can_tell_is_no_pass() -> None:
    asked = Target(make.NAME, wanted=("run.services.update", "iam.serviceAccounts.actAs"))

    missing = permissions(facts(target=replace(asked, granted=frozenset({"run.services.update"}))))
    untold = permissions(
        facts(
            target=replace(
                asked,
                granted=frozenset({"run.services.update"}),
                untold=frozenset({"iam.serviceAccounts.actAs"}),
            )
        )
    )

    assert (missing.verdict, untold.verdict) == (Verdict.FAIL, Verdict.SKIPPED)
    assert "iam.serviceAccounts.actAs" in missing.message
    assert "iam.serviceAccounts.actAs" in untold.message


def test_a_permission_that_a_bucket_may_grant_is_a_warning() -> None:
    wanted = ("run.services.update", "storage.objects.create")
    asked = Target(make.NAME, wanted=wanted, granted=frozenset({"run.services.update"}))

    assert permissions(facts(target=asked)).verdict is Verdict.WARN


@pytest.mark.parametrize(
    ("state", "verdict"), [(True, Verdict.PASS), (None, Verdict.SKIPPED), (False, Verdict.FAIL)]
)
def test_an_api_that_is_off_is_named_with_the_command_that_enables_it(
    *, state: bool | None, verdict: Verdict
) -> None:
    check = apis(facts(target=Target(make.NAME, apis={"run.googleapis.com": state})))

    assert check.verdict is verdict
    assert verdict is not Verdict.FAIL or check.fix == (
        "gcloud services enable run.googleapis.com --project acme-prod"
    )


def test_settings_worth_a_warning_come_with_the_command_that_mends_them() -> None:
    old = make.revision("api-00001-aaa", containers=(Container(port=8080, memory="1Gi"),))
    new = make.revision(
        "api-00002-bbb",
        min_instances=2,
        containers=(
            Container(port=8080, memory="512Mi", startup_probe="TCP connect on port 8080, 1 attempt"),
        ),
    )

    check = settings(facts(target=Target(make.NAME, make.service(), (new, old))))

    assert check.verdict is Verdict.WARN
    assert len(check.evidence) == 3
    assert "--memory=1Gi" in check.fix
    assert "--min-instances=0" in check.fix
    assert check.fix.startswith("gcloud run services update api ")


def test_cycles_and_broken_modules_that_come_later_are_warnings() -> None:
    later = module(
        "shop.report", when=When.LATER, trouble="SyntaxError: invalid syntax", at=At("shop/report.py", 9)
    )
    both = replace(graph(), modules=(module(), later), cycles=(("shop.a", "shop.b"),))

    assert cycles(facts(graph=both)).message == "1 import cycle at start, e.g. shop.a, shop.b, shop.a."
    assert syntax(facts(graph=both)).verdict is Verdict.WARN


def test_what_was_not_booted_is_skipped_and_never_passed() -> None:
    assert (
        boot(facts(boot=Boot(Booted.NOT_TRIED, "fastapi is not installed here."))).verdict is Verdict.SKIPPED
    )
    failed = Boot(
        Booted.FAILED, "NameError: name 'x' is not defined", traceback="  x\nNameError: x\x1b]0;hi\x07"
    )

    check = boot(facts(boot=failed))

    assert check.verdict is Verdict.FAIL
    assert "\x1b" not in repr([one.said for one in check.evidence])


def test_what_comes_from_the_tree_is_cleaned_before_it_is_told() -> None:
    hostile = "x\x1b]52;c;aGk=\x07\n\u202e"
    told = facts(
        upload=upload(f"{hostile}.env", f"{hostile}/a.py", f"{hostile.upper()}/a.py"),
        image=image(platform=f"arm{hostile}", missing=(Unknown(hostile, At(hostile, 1)),)),
        entry=entry(module=hostile, port=hostile, at=At(hostile, 1)),
        graph=graph(found(hostile, Found.NOWHERE), found(hostile, Found.UNDECLARED, target=hostile)),
        git=Git(there=True, branch=hostile, dirty=(hostile,)),
        boot=Boot(Booted.FAILED, hostile, traceback=hostile),
    )

    judged = preflight(told)

    for check in judged.checks:
        said = [check.message, check.fix, *(f"{one.said}{one.at.path}" for one in check.evidence)]
        assert all(line.isprintable() for line in said), check.name


def test_the_verdict_is_the_worst_and_what_was_skipped_is_no_failure() -> None:
    def only(**over: object) -> Facts:
        return replace(facts(), **over)  # type: ignore[arg-type]

    assert preflight(only(target=Target(), tag="")).verdict is Verdict.PASS
    assert preflight(only(git=Git(there=True, dirty=("x",)))).verdict is Verdict.WARN
    assert (
        preflight(only(git=Git(there=True, dirty=("x",)), image=image(platform="arm64"))).verdict
        is Verdict.FAIL
    )


def test_a_suggested_root_is_absolute() -> None:
    judged = preflight(INSIDE)

    assert judged.suggested_root == Path("/work/shop")
    assert judged.root == Path("/work/shop/shop")

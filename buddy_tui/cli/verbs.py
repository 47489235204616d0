"""cli: the table of verbs, and the root's help made from it. Loads no library, so that `--help` is instant."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Verb:
    """One verb: `target` is `module:function`, imported when the verb is called; `examples` are its arguments.

    `exits` tells its exit codes where they say more than that it was done.
    """

    name: str
    target: str
    summary: str
    examples: tuple[str, ...]
    exits: str = ""


_CHANGE = (
    "Exits 0 when it is done and was proved, 4 when it is not allowed, 5 when a guard\n"
    "refused it, 6 when it began and did not finish as asked."
)

VERBS = (
    Verb(
        "status",
        "buddy_tui.cli.status:status",
        "Print a service: traffic, revisions, what is broken.",
        ("api", "api --project acme-prod --region europe-west1", "api --json"),
    ),
    Verb(
        "logs",
        "buddy_tui.cli.logs:logs",
        "Print a revision's log: its boot, with what Cloud Run itself says.",
        ("api-00042-xez", "--follow --service api", "api-00042-xez --since 10m --json"),
    ),
    Verb(
        "diagnose",
        "buddy_tui.cli.diagnose:diagnose",
        "Name why a revision, or a saved log, does not boot.",
        ("api-00042-xez", "--service api --json", "--file boot.log"),
        exits="Exits 0 when it boots, 1 when it does not.",
    ),
    Verb(
        "probe",
        "buddy_tui.cli.probe:probe",
        "Ask revisions at their own address if they are healthy; try a session.",
        ("", "api-00042-xez --session --json", "--service api --watch --every 5"),
        exits="Exits 0 when all is well, 1 on a critical failure, 3 when it could not be\ntried, 4 when it is not allowed.",
    ),
    Verb(
        "sessions",
        "buddy_tui.cli.sessions:sessions",
        "Count the sessions in Firestore by revision and hour.",
        ("api", "--service api --most 500 --json"),
    ),
    Verb(
        "verify",
        "buddy_tui.cli.verify:verify",
        "Answer the verification plan of a release, line by line.",
        (
            "api-00042-xez",
            "--service api --read-only --json",
            '--service api --tick monitor-fed --by alice --note "Seen."',
        ),
        exits="Exits 0 when every line is a yes, 1 when one is a no (before promotion that is\nthe traffic), 3 when one cannot be told, 4 when it is not allowed.",
    ),
    Verb(
        "checklist",
        "buddy_tui.cli.checklist:checklist",
        "Print the verification plan of a release as a task list.",
        ("api-00042-xez", "--service api --read-only --json"),
        exits="Exits 0 when every line holds, else 1: too little evidence is no pass.",
    ),
    Verb(
        "report",
        "buddy_tui.cli.report:report",
        "Print an incident report: timeline, cause, what is open.",
        ("--service api", "--service api --since 2h --output incident.md", "--service api --json"),
    ),
    Verb(
        "preflight",
        "buddy_tui.cli.preflight:preflight",
        "Say whether a folder would deploy, before anything is uploaded.",
        ("", "--source .. --service api", "--no-boot --json"),
        exits="Exits 0 when it would deploy, with or without warnings, 1 when it would not.",
    ),
    Verb(
        "modules",
        "buddy_tui.cli.modules:modules",
        "Map what the start imports: needed, deferred, and what each costs.",
        ("", "--source .. --json"),
    ),
    Verb(
        "set-aside",
        "buddy_tui.cli.set_aside:set_aside",
        "Move folders that look like the started one out of the way.",
        ("--dry-run", "Back-End --source . --yes", "--undo"),
        exits="Exits 0 when it is done and all else resolves as before, 1 when it was put back,\n"
        "5 when a guard refused it, 6 when it began and did not finish as asked.",
    ),
    Verb(
        "deploy",
        "buddy_tui.cli.deploy:deploy",
        "Deploy a revision without traffic, and prove that it is good.",
        ("--source . --service api --dry-run", "--image IMAGE --service api --yes --confirm api"),
        exits="Exits 0 when it is deployed and was proved, 1 when it failed and all is as it was,\n"
        "4 when it is not allowed, 5 when a guard refused it, 6 when it was left: the next one\n"
        "goes on with it.",
    ),
    Verb(
        "rollback",
        "buddy_tui.cli.rollback:rollback",
        "Give all traffic back to a revision that served well.",
        ("--service api --dry-run", 'api-00041-kub --yes --confirm api --reason "errors"'),
        exits=_CHANGE,
    ),
    Verb(
        "promote",
        "buddy_tui.cli.promote:promote",
        "Give a revision more and more traffic, behind gates.",
        ("api-00042-xez --dry-run", "api-00042-xez --steps 10,50,100 --bake 300 --yes --confirm api"),
        exits="Exits 0 when it is done and was proved, 1 when a gate failed and it was put back, 4 when\nit is not allowed, 5 when a guard refused it, 6 when it began and did not finish as asked.",
    ),
    Verb(
        "split",
        "buddy_tui.cli.split:split",
        "Share the traffic between revisions, by percent.",
        ("api-00042-xez=10 --dry-run", "api-00042-xez=50 LATEST=50 --yes"),
        exits=_CHANGE,
    ),
    Verb(
        "tag",
        "buddy_tui.cli.tag:tag",
        "Give a revision an address of its own.",
        ("candidate api-00042-xez --yes",),
        exits=_CHANGE,
    ),
    Verb(
        "untag",
        "buddy_tui.cli.tag:untag",
        "Take a tag away, and its address with it.",
        ("candidate --service api --yes",),
        exits=_CHANGE,
    ),
    Verb(
        "restore-latest",
        "buddy_tui.cli.restore_latest:restore_latest",
        "Let traffic follow the latest ready revision again.",
        ("--service api --dry-run",),
        exits=_CHANGE,
    ),
    Verb(
        "stay-pinned",
        "buddy_tui.cli.stay_pinned:stay_pinned",
        "Decide that a roll-back stays as it is.",
        ('--service api --yes --confirm api --reason "waits for a fix"',),
        exits=_CHANGE,
    ),
    Verb(
        "undo",
        "buddy_tui.cli.undo:undo",
        "Bring back the traffic list from before the last change.",
        ("--service api --dry-run", "--service api --yes --confirm api"),
        exits=_CHANGE,
    ),
    Verb(
        "history",
        "buddy_tui.cli.history:history",
        "Print what was changed from here, by whom and why.",
        ("", "api --json"),
    ),
    Verb(
        "open",
        "buddy_tui.cli.open:open_file",
        "Show a log file of any size, and follow it; needs no account.",
        ("boot.log", "/var/log/syslog --ascii"),
    ),
    Verb(
        "context",
        "buddy_tui.cli.context:context",
        "Print project, region and identity, and where each came from.",
        ("", "--profile prod --json"),
    ),
    Verb(
        "doctor",
        "buddy_tui.cli.doctor:doctor",
        "Say whether this machine can do each job on a service.",
        ("", "api", "--service api --json"),
        exits="Exits 0 when nothing stands in the way, with or without warnings, 1 when something does.",
    ),
    Verb(
        "demo",
        "buddy_tui.cli.demo:demo",
        "Run the dashboard on an emulated Cloud Run; needs no account.",
        ("", "--story split"),
    ),
    Verb(
        "emulator",
        "buddy_tui.cli.emulator:emulator",
        "Serve a small Cloud Run on this machine.",
        ("--story buddy -- buddy-tui status buddy-app", "--port 8080"),
    ),
    Verb(
        "help",
        "buddy_tui.cli.topics:topic",
        "Explain a verb, or a topic: exit-codes, env.",
        ("status", "exit-codes"),
    ),
)

# The options of the dashboard and of every verb that looks at Cloud Run: name, value, words.
CONTEXT_OPTIONS = (
    ("--project", "ID", "Google Cloud project."),
    ("--region", "NAME", "Region; commas for several, `all` for every one."),
    ("--service", "NAME", "Service to begin with."),
    ("--profile", "NAME", "Profile of buddy.toml."),
    ("--impersonate-service-account", "EMAIL", "Act as this service account."),
    ("--read-only", "", "Look, and never change anything."),
    ("--ascii", "", "Draw with ASCII only."),
)


def examples_of(verb: Verb) -> str:
    """Return what the help of a verb begins with."""
    return "\n".join(("Examples:", *(f"  buddy-tui {verb.name} {one}".rstrip() for one in verb.examples)))


def root_help() -> str:
    """Return what `buddy-tui --help` prints."""
    verbs = "\n".join(f"  {verb.name:<14} {verb.summary}" for verb in VERBS)
    options = "\n".join(
        f"  {f'{name} {value}'.rstrip():<36} {words}" for name, value, words in CONTEXT_OPTIONS
    )
    return f"""\
Usage: buddy-tui [OPTIONS]            open the dashboard
       buddy-tui VERB [OPTIONS] [ARGS]

The release and incident cockpit for Google Cloud Run, in a terminal.

Examples:
  buddy-tui demo
  buddy-tui --project acme-prod --region europe-west1 --service api
  buddy-tui status api --json

Verbs:
{verbs}

Options:
{options}
  {"--version":<36} Print the version.
  {"-h, --help":<36} Print this. `buddy-tui VERB --help` explains a verb.
"""

"""cli: the table of verbs, and the root's help made from it. Loads no library, so that `--help` is instant."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Verb:
    """One verb: `target` is `module:function`, imported when the verb is called; `examples` are its arguments."""

    name: str
    target: str
    summary: str
    examples: tuple[str, ...]


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
    ),
    Verb(
        "probe",
        "buddy_tui.cli.probe:probe",
        "Ask revisions at their own address if they are healthy; try a session.",
        ("", "api-00042-xez --session --json", "--service api --watch --every 5"),
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
            'api-00042-xez --tick monitor-fed --by alice --note "Seen in the browser."',
        ),
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
    verbs = "\n".join(f"  {verb.name:<10} {verb.summary}" for verb in VERBS)
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

"""boot: what servers say of themselves: uvicorn, gunicorn, hypercorn, Flask, Django and others.

The words are those of the servers' own sources (uvicorn 0.23 to 0.54, gunicorn 20 to 27, Werkzeug 2 and 3, Django 4
and 5, hypercorn 0.17); a logger may have put something before them. Of servers in other languages it is only told
that something is up.
"""

import re

from buddy_tui.boot.said import Said, phrase, understand
from buddy_tui.boot.values import Mark

_GUNICORN = (
    phrase(Mark.PROCESS, "Starting gunicorn", who="gunicorn"),
    phrase(Mark.LISTENING, "Listening at: unix:", r"Listening at: (?P<detail>unix:\S+)", who="gunicorn"),
    phrase(Mark.LISTENING, "Listening at: http", r"https?://\S+ \(\d+\)", who="gunicorn"),
    phrase(Mark.WORKER, "Booting worker with pid", r"with pid:? (?P<number>\d+)", who="gunicorn"),
    phrase(
        Mark.WORKER_DIED,
        "exited with code",
        r"Worker \(pid:\s*\d+\) exited with code (?P<number>\d+)",
        who="gunicorn",
    ),
    phrase(
        Mark.WORKER_DIED,
        "was sent code ",
        r"Worker \(pid:\s*\d+\) was sent code (?P<number>\d+)!",
        who="gunicorn",
    ),
    phrase(Mark.WORKER_DIED, "WORKER TIMEOUT", who="gunicorn", detail="timeout"),
    phrase(Mark.WORKER_DIED, "Worker exiting (pid", who="gunicorn", detail="exiting"),
    phrase(Mark.SHUTDOWN, "was sent SIGTERM", who="gunicorn"),
    phrase(
        Mark.SIGNAL, "was sent SIG", r"Worker \(pid:\s*\d+\) was sent (?P<detail>SIG[A-Z]+)!", who="gunicorn"
    ),
    phrase(Mark.SIGNAL, "was terminated due to signal", r"due to signal (?P<number>\d+)", who="gunicorn"),
    phrase(Mark.SHUTDOWN, "Handling signal: ", r"Handling signal: (?:term|int|quit)\b", who="gunicorn"),
    phrase(Mark.SHUTDOWN, "Shutting down: Master", who="gunicorn"),
    phrase(Mark.GAVE_UP, "Reason: ", r"Reason: (?P<detail>(?:Worker|App) failed to \w+)", who="gunicorn"),
    phrase(Mark.GAVE_UP, "HaltServer", r"HaltServer '(?P<detail>[^']+)'", who="gunicorn"),
    phrase(Mark.GAVE_UP, "Can't connect to ", r"(?P<detail>Can't connect to (?:\(|unix:).*)", who="gunicorn"),
    phrase(
        Mark.GAVE_UP,
        "Failed to find attribute",
        r"(?P<detail>Failed to find attribute '.*' in '[\w.]+'\.?)",
        who="gunicorn",
    ),
    phrase(
        Mark.GAVE_UP,
        " as an attribute name",
        r"(?P<detail>Failed to parse '.*' as an attribute name.*)",
        who="gunicorn",
    ),
    phrase(Mark.GAVE_UP, "Application object must be callable", who="gunicorn"),
    phrase(Mark.SERVED, "Error handling request", who="gunicorn"),
    phrase(Mark.SERVED, "Autorestarting worker after current request", who="gunicorn"),
)

_SIGNALS = {"SIGABRT": 6, "SIGBUS": 7, "SIGFPE": 8, "SIGKILL": 9, "SIGSEGV": 11}

_UVICORN = (
    phrase(Mark.PROCESS, "Started server process", who="uvicorn"),
    phrase(Mark.PROCESS, " process [", r"Started (?P<detail>parent|reloader) process \[\d+\]", who="uvicorn"),
    phrase(Mark.PROCESS, "Will watch for changes in these directories", who="uvicorn", detail="reloader"),
    phrase(Mark.READY, "Application startup complete.", who="uvicorn"),
    phrase(
        Mark.LISTENING,
        "Uvicorn running on unix socket",
        r"on unix socket (?P<detail>\S+)",
        who="uvicorn",
    ),
    phrase(
        Mark.LISTENING,
        "Uvicorn running on socket",
        r"\('(?P<detail>[^']+)', (?P<number>\d+)",
        who="uvicorn",
    ),
    phrase(Mark.LISTENING, "Uvicorn running on", who="uvicorn"),
    phrase(Mark.GAVE_UP, "Application startup failed. Exiting", who="uvicorn"),
    phrase(
        Mark.GAVE_UP,
        "Error loading ASGI app",
        r"(?P<detail>Error loading ASGI app(?:.*?module \"(?P<target>[\w.]+)\")?.*)",
        who="uvicorn",
    ),
    phrase(
        Mark.GAVE_UP,
        "error while attempting to bind on address",
        r"(?P<detail>\[Errno \d+\] error while attempting to bind .*)",
    ),
    phrase(
        Mark.GAVE_UP,
        "You must pass the application as an import string",
        who="uvicorn",
        detail="no import string",
    ),
    phrase(
        Mark.GAVE_UP,
        "failed to start, stopping the parent",
        r"(?P<detail>Child process \[\d+\] .*)",
        who="uvicorn",
    ),
    phrase(Mark.WORKER_DIED, "Child process [", r"Child process \[\d+\] died", who="uvicorn", detail="died"),
    phrase(Mark.SHUTDOWN, "Finished server process", who="uvicorn"),
    phrase(Mark.SHUTDOWN, "Application shutdown complete."),
    phrase(Mark.SHUTDOWN, "Waiting for application shutdown."),
    phrase(Mark.SHUTDOWN, "Shutting down", r"\bShutting down\W*$"),
    phrase(Mark.SHUTDOWN, "Received SIGTERM"),
    phrase(Mark.SHUTDOWN, "Stopping ", r"Stopping (?:parent|reloader) process", who="uvicorn"),
    phrase(Mark.SERVED, "Exception in ASGI application"),
)

_OTHERS = (
    phrase(Mark.PROCESS, "Serving Flask app", r"Serving Flask app ['\"]?(?P<target>[\w.:/-]+)", who="flask"),
    phrase(
        Mark.LISTENING,
        "Running on all addresses",
        r"all addresses(?: \((?P<detail>[^)]+)\))?",
        who="flask",
        detail="0.0.0.0",  # noqa: S104 - what was bound, not what we bind
    ),
    phrase(Mark.LISTENING, " * Running on http", who="flask"),
    phrase(Mark.LISTENING, "CTRL + C to quit", r"Running on https?://", who="hypercorn"),
    phrase(Mark.LISTENING, "Running on http"),
    phrase(Mark.LISTENING, "Running on local URL:"),  # Gradio
    phrase(
        Mark.GAVE_UP,
        "is in use by another program",
        r"(?P<detail>Port (?P<number>\d+) is in use by another program.*)",
        who="flask",
    ),
    phrase(Mark.SERVED, "Exception on /", r"Exception on /\S* \[[A-Z]+\]"),
    phrase(Mark.SERVED, "Internal Server Error: /"),
    phrase(Mark.PROCESS, "Performing system checks", who="django"),
    phrase(Mark.PROCESS, "Watching for file changes with", who="django"),
    phrase(
        Mark.LISTENING, "development server at http", r"Starting .*development server at http", who="django"
    ),
    phrase(Mark.GAVE_UP, "CommandError: ", r"^(?P<detail>CommandError: .*)", who="django"),
    phrase(Mark.GAVE_UP, "That port is already in use", who="django", detail="That port is already in use."),
    phrase(
        Mark.LISTENING,
        "Listening on TCP address",
        r"address (?P<detail>\S+):(?P<number>\d+)",
        who="daphne",
    ),
    phrase(Mark.PROCESS, "Starting server at tcp:port=", who="daphne"),
    phrase(Mark.LISTENING, "Serving on http", who="waitress"),
    phrase(
        Mark.LISTENING,
        "Serving HTTP on ",
        r"Serving HTTP on (?P<detail>\S+) port (?P<number>\d+)",
        who="python",
    ),
    phrase(Mark.PROCESS, "Starting granian", who="granian"),
    phrase(Mark.LISTENING, "Listening at: http", who="granian"),
    phrase(Mark.READY, "Started worker-", who="granian"),
    phrase(Mark.GAVE_UP, "Unexpected exit from worker", who="granian"),
    phrase(Mark.SHUTDOWN, "Shutting down granian", who="granian"),
    phrase(
        Mark.GAVE_UP,
        "importing your module",
        r"(?P<detail>There was an exception \(\w+\) importing your module)",
        who="waitress",
    ),
    phrase(Mark.GAVE_UP, "Could not find a default file to run", who="uvicorn"),
    phrase(Mark.GAVE_UP, "Path does not exist ", r"^\s*(?P<detail>Path does not exist \S+)", who="uvicorn"),
    phrase(
        Mark.GAVE_UP,
        "python",
        r"^\S*python[\d.]*: (?P<detail>can't open file .*|No module named .*|Error while finding .*|can't find .*)",
        who="python",
    ),
    phrase(
        Mark.GAVE_UP,
        "sh: ",
        r"^(?:\S*/)?(?:ba|da|a)?sh: (?:(?:line )?\d+: )?(?P<detail>(?:exec: )?\S+: (?:command )?not found)$",
    ),
    phrase(
        Mark.GAVE_UP,
        "exec: ",
        r": (?P<detail>exec: (?:line \d+: )?[^:]+: (?:not found|cannot execute.*|[Pp]ermission denied|[Ee]xec format error))$",
    ),
    phrase(Mark.GAVE_UP, "/usr/bin/env: ", r"/usr/bin/env: (?P<detail>.*: No such file or directory)"),
    phrase(Mark.GAVE_UP, "Fatal Python error: ", r"(?P<detail>Fatal Python error: .*)", who="python"),
    phrase(Mark.PROCESS, "*** Starting uWSGI", who="uwsgi"),
    phrase(
        Mark.GAVE_UP,
        "no python application found",
        r"(?P<detail>no python application found, check your startup logs.*)",
        who="uwsgi",
    ),
    phrase(
        Mark.GAVE_UP,
        "Error: ",
        r"^Error: (?P<detail>(?:Could not (?:import|locate|find)|While importing|Failed to (?:find|parse|import)"
        r"|Detected (?:a|multiple)|The app factory|Invalid value|No such (?:option|command)|Missing (?:arg|opt|par)"
        r"|Got unexpected|Option|Command|class uri|No application module|'[^']*' doesn't exist).*)",
    ),
    phrase(Mark.GAVE_UP, ": error: ", r"^[\w.-]+: error: (?P<detail>.*)"),
)

# Not after a digit and a blank: there, urllib3 logs what the program asked of somebody else.
_ACCESS = phrase(
    Mark.SERVED,
    '" ',
    r'(?<!\d )"(?:GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS) \S+ (?:HTTP/)?\d(?:\.\d)?" (?P<number>[1-5]\d\d)\b',
)
_READ = phrase(
    Mark.SERVED, " http", r"^(?:GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS) (?P<number>[1-5]\d\d) https?://"
)

# Free text of programs: it tells that they are up, but is no proof of an address.
_BANNERS = (
    phrase(Mark.READY, "eady in ", r"\bReady in [\d.]+ ?m?s\b"),
    phrase(Mark.READY, "Started ", r"\bStarted \w+ in [\d.]+ seconds"),
    phrase(Mark.READY, "started on port", r"started on port\(?s?\)?:? (?P<number>\d+)"),
    phrase(
        Mark.READY,
        "on",
        r"(?i)\b(?:listening|running|serving|up) (?:at|on) (?:port:? ?|https?://(?P<detail>\S+?):|[\d.]*:)"
        r"(?P<number>\d{2,5})\b",
    ),
    phrase(Mark.READY, "You can now view your Streamlit app"),
)

_SERVERS = (*_GUNICORN, *_UVICORN, *_OTHERS, _ACCESS, _READ, *_BANNERS)

# What servers and deployers say that tells nothing about how the boot goes.
_PROMPT = re.compile(r"(?:\([\w.-]+\) ?)*(?:PS )?(?:[A-Za-z]:\\[^<>|]*>|\[?[\w.-]+@[\w.-]+[: ][^<>|]*[$#%])$")
_CHATTER = (
    "Waiting for application startup",
    "For further information visit https://errors.pydantic.dev",
    "Using worker: ",
    "Control socket listening",
    "Exception in worker process",
    "Process SpawnProcess-",
    "Waiting for child process",
    "Debug mode: ",
    "Environment: production",
    "This is a development server",
    "Press CTRL+C to quit",
    "Quit the server with CONTROL-C",
    "ASGI 'lifespan' protocol appears unsupported",
    "Error while closing socket",
    "Retrying in 1 second",
    "Loading environment from",
    "Logs URL: https://console.cloud.google.com",
    "For more troubleshooting guidance, see https://cloud.google.com",
    "Deployment failed",
    "sys:1: ",
    "was never awaited",
    "Exception ignored in",
)

_LONGEST_COMMAND = 1000
_STARTERS = "uvicorn|gunicorn|hypercorn|daphne|granian|functions-framework|flask"
_COMMAND = phrase(
    Mark.PROCESS,
    ":",
    rf"\b(?P<detail>{_STARTERS})['\"]?,? (?:[^|]*?[\s'\"])?(?P<target>[A-Za-z_][\w.]*:[A-Za-z_][\w.]*(?:\(\))?)"
    r"(?=$|[\s'\"`,])",
)
_IMPORT_STRING = phrase(Mark.PROCESS, "Using import string", r"import string:? (?P<target>[\w.]+:\w+)")


def said_by_server(text: str) -> Said | None:
    """Return what a server says in this line, else None."""
    said = understand(text, _SERVERS)
    if said and said.mark is Mark.SIGNAL:
        return said._replace(detail="worker", number=said.number or _SIGNALS.get(said.detail, 0))
    return said


def is_chatter(text: str) -> bool:
    """Whether the line is a server's, or Render's (`==> `), but without meaning for the boot."""
    return text.startswith("==> ") or any(words in text for words in _CHATTER) or _is_prompt(text)


def _is_prompt(text: str) -> bool:
    """Whether it is a shell that waits for the next command, copied along with the log."""
    return text[-1:] in "$#>%" and _PROMPT.match(text) is not None


def named_target(text: str) -> tuple[str, str]:
    """Return starter and target of a command line that was logged, e.g. `uvicorn` and `main:app`; else two blanks."""
    for known in (_IMPORT_STRING, _COMMAND):
        if said := understand(text[:_LONGEST_COMMAND], (known,)):
            return said.detail, said.target
    return "", ""

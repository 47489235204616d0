"""A boot log in few words, read as the product reads it: what the rules of one boot are asked about.

Each line is an entry of stderr, a tenth of a second after the one before. `sys ` begins a line of Cloud Run about the
instance, `event ` one about the revision that it names, `req ` a request's; `sys@240 ` says how many seconds it came
after the first line.
"""

import re

from buddy_tui.boot import read
from buddy_tui.boot.timeline import decisive
from buddy_tui.boot.values import Boot
from buddy_tui.model import LogEntry, Revision
from buddy_tui.rules.evidence import Evidence

REVISION = "api-00007-abc"
SERVICE = "gcloud run services update api --region=REGION"
START = "sys Starting new instance. Reason: DEPLOYMENT_ROLLOUT - Instance started due to traffic shifting."
EXIT_1 = "sys Container called exit(1)."
PROBE = 'STARTUP TCP probe failed 1 time consecutively for container "api-1" on port 8080. The instance was not started.'
DIED = f"sys Default {PROBE} Connection failed with status CANCELLED."
UNREACHED = f"sys@240 Default {PROBE} Connection failed with status DEADLINE_EXCEEDED."
PASSED = 'sys Default STARTUP TCP probe succeeded after 1 attempt for container "api-1" on port 8080.'
_LINE = re.compile(r"(?:(sys|event|req)(?:@([\d.]+))? )?(.*)")
_LOGS = {"sys": "system", "event": "event", "req": "requests", None: "stderr"}


def evidence_of(*lines: str, revision: Revision | None = None) -> Evidence:
    """Read a log, and choose the boot that a diagnosis would be about."""
    entries, begin = [], 1_700_000_000 * 10**9
    now = begin - 10**8
    for number, line in enumerate("\n".join(lines).splitlines()):
        found = _LINE.fullmatch(line)
        assert found
        kind, at, text = found.groups()
        now = begin + int(float(at) * 10**9) if at else now + 10**8
        whose = ("", "") if kind == "event" else (REVISION, "00a1")
        entries.append(LogEntry(now, _LOGS[kind], f"id{number:04}", text, "DEFAULT", *whose))
    reading = read(entries)
    return Evidence(reading, decisive(reading, REVISION) or Boot(REVISION), revision)


def crash(source: str, last: str, *library: str) -> str:
    """Return uvicorn's end by an exception of /app/main.py line 7, raised in the last of the library's files."""
    below = "".join(f'\n  File "{file}", line 12, in inner\n    inside()' for file in library)
    return f"""\
{START}
Traceback (most recent call last):
  File "/usr/local/bin/uvicorn", line 8, in <module>
    sys.exit(main())
  File "/usr/local/lib/python3.11/site-packages/uvicorn/config.py", line 433, in load
    self.loaded_app = import_from_string(self.app)
  File "/app/main.py", line 7, in <module>
    {source}{below}
{last}
{EXIT_1}
{DIED}"""


def ended(*lines: str, code: int = 1) -> str:
    """Return a boot that wrote these lines and ended."""
    return "\n".join((START, *lines, f"sys Container called exit({code}).", DIED))

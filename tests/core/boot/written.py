"""Logs as they come in: lines of a saved log, and entries of Cloud Run."""

from buddy_tui.model import LogEntry

SECOND = 10**9
ROLLOUT = (
    "Starting new instance. Reason: DEPLOYMENT_ROLLOUT - Instance started due to traffic shifting between revisions"
    " due to deployment, traffic split adjustment, or deployment health check."
)
PROBE_OK = 'Default STARTUP TCP probe succeeded after 1 attempt for container "shop-1" on port 8080.'
PROBE_LOST = (
    'Default STARTUP TCP probe failed 1 time consecutively for container "shop-1" on port 8080. The instance was not'
    " started.\nConnection failed with status {}."
)
UNHEALTHY = (
    "Ready condition status changed to False for Revision {} with message: The user-provided container failed to"
    " start and listen on the port defined provided by the PORT=8080 environment variable within the allocated"
    " timeout. Logs for this revision might contain more information.\n\nLogs URL: https://console.cloud.google.com/"
)
READY = "Ready condition status changed to True for Revision {} with message: Deploying revision succeeded in 5.73s."

UNCAUGHT = """\
Traceback (most recent call last):
  File "/usr/local/bin/uvicorn", line 8, in <module>
    sys.exit(main())
  File "/usr/local/lib/python3.11/site-packages/uvicorn/importer.py", line 19, in import_from_string
    module = importlib.import_module(module_str)
  File "/app/main.py", line 2, in <module>
    import nowhere
ModuleNotFoundError: No module named 'nowhere'"""

PRINTED = """\
Traceback (most recent call last):
  File "/app/main.py", line 4, in <module>
    import orjson
ModuleNotFoundError: No module named 'orjson'"""

WORKER_ERROR = """\
[2026-01-14 10:00:01 +0000] [{pid}] [ERROR] Exception in worker process
Traceback (most recent call last):
  File "/usr/local/lib/python3.11/site-packages/gunicorn/arbiter.py", line 609, in spawn_worker
    worker.init_process()
  File "/app/main.py", line 2, in <module>
    import nowhere
ModuleNotFoundError: No module named 'nowhere'
[2026-01-14 10:00:01 +0000] [{pid}] [INFO] Worker exiting (pid: {pid})
[2026-01-14 10:00:01 +0000] [1] [ERROR] Worker (pid:{pid}) exited with code 3"""

GUNICORN = """\
[2026-01-14 10:00:00 +0000] [1] [INFO] Starting gunicorn 23.0.0
[2026-01-14 10:00:00 +0000] [1] [INFO] Listening at: http://0.0.0.0:8080 (1)
[2026-01-14 10:00:00 +0000] [1] [INFO] Using worker: sync
[2026-01-14 10:00:00 +0000] [2] [INFO] Booting worker with pid: 2"""

GUNICORN_FAILED = f"""\
{GUNICORN}
{WORKER_ERROR.format(pid=2)}
[2026-01-14 10:00:02 +0000] [1] [ERROR] Shutting down: Master
[2026-01-14 10:00:02 +0000] [1] [ERROR] Reason: Worker failed to boot."""

UVICORN = """\
INFO:     Started server process [1]
INFO:     Waiting for application startup.
INFO:     Application startup complete.
INFO:     Uvicorn running on http://0.0.0.0:8080 (Press CTRL+C to quit)"""


def saved(*texts: str) -> tuple[LogEntry, ...]:
    """Return the lines of a saved log, as an export is read."""
    lines = "\n".join(texts).split("\n")
    return tuple(LogEntry(0, "stdout", "", line, number=number) for number, line in enumerate(lines, 1))


class Cloud:
    """Writes entries of Cloud Run, a second apart unless told otherwise."""

    def __init__(self) -> None:
        self.entries: list[LogEntry] = []
        self.now = 1_700_000_000 * SECOND

    def say(
        self,
        log: str,
        text: str,
        *,
        revision: str = "shop-00007-abc",
        instance: str = "i1",
        container: str = "",
    ) -> "Cloud":
        """Write one entry."""
        self.now += SECOND
        number = len(self.entries)
        self.entries.append(
            LogEntry(self.now, log, f"id{number}", text, "DEFAULT", revision, instance, container)
        )
        return self

    def out(self, text: str, *, revision: str = "shop-00007-abc", instance: str = "i1") -> "Cloud":
        """Write the lines of a container, an entry each."""
        for line in text.split("\n"):
            self.say("stderr", line, revision=revision, instance=instance)
        return self

    def system(self, text: str, *, revision: str = "shop-00007-abc", instance: str = "i1") -> "Cloud":
        """Write what the platform says."""
        return self.say("system", text, revision=revision, instance=instance)

    def event(self, text: str, *, revision: str = "") -> "Cloud":
        """Write an audit event, with its revision's name filled in."""
        return self.say("event", text.format(revision), revision=revision, instance="")

    def wait(self, seconds: int) -> "Cloud":
        """Let time pass."""
        self.now += seconds * SECOND
        return self

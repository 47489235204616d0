"""A program of its own, for the interpreter of the Cloud SDK: gcloud stays loaded and runs one command after the other.

Called with the `lib` folder of the SDK; with `parse` after it, commands are understood and checked, and not run.
Standard input has one JSON list of arguments a line; each is answered with one line of JSON,
`{"status": 0, "out": "…", "err": "…"}`. Starting gcloud anew would take more than a second each time.
"""

import json
import os
import sys
import tempfile
from pathlib import Path
from typing import IO


def main(lib: str, *mode: str) -> None:
    sys.path[:0] = [lib, str(Path(lib, "third_party"))]
    answers = os.fdopen(os.dup(1), "w")
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        # gcloud keeps the streams that it finds when it is loaded.
        os.dup2(out.fileno(), 1)
        os.dup2(err.fileno(), 2)
        from googlecloudsdk import gcloud_main  # type: ignore[import-not-found]
        from googlecloudsdk.core.credentials import creds_context_managers  # type: ignore[import-not-found]

        if mode == ("parse",):
            from googlecloudsdk.calliope import backend  # type: ignore[import-not-found]

            # What runs a command once all of its arguments are understood.
            backend.Command.Run = lambda *_, **__: None
        cli = gcloud_main.CreateCLI([])
        with creds_context_managers.CredentialProvidersManager():
            for line in sys.stdin:
                status = _status(cli, json.loads(line))
                sys.stdout.flush()
                sys.stderr.flush()
                answer = {"status": status, "out": _taken(out), "err": _taken(err)}
                print(json.dumps(answer), file=answers, flush=True)


def _status(cli: object, arguments: list[str]) -> int:
    try:
        cli.Execute(arguments)  # type: ignore[attr-defined]
    except SystemExit as end:
        return int(end.code or 0)
    except Exception as crash:  # noqa: BLE001 - gcloud ends so, too, with whatever it did not expect
        sys.stderr.write(f"ERROR: gcloud crashed ({type(crash).__name__}): {crash}\n")
        return 1
    return 0


def _taken(said: IO[bytes]) -> str:
    said.seek(0)
    text = said.read().decode(errors="replace")
    said.seek(0)
    said.truncate()
    return text


if __name__ == "__main__":
    main(*sys.argv[1:])

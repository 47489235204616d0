"""A program of its own: gcloud's traffic module answers cases from standard input, so that nothing of it leaks into us.

Called with the `lib` folder of the Cloud SDK. A case is `{"targets": [[key, percent, tag], …], "percents": {…},
"tags": {…}, "remove": […], "latest_ready": ""}`, its answer the new list, or the text of the error.
"""

import json
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any


class Target(SimpleNamespace):
    """A traffic target with the fields of gcloud's message."""

    def __init__(self, **fields: object) -> None:
        super().__init__(
            **{"revisionName": "", "percent": None, "tag": None, "latestRevision": False, **fields}
        )


MESSAGES = SimpleNamespace(TrafficTarget=Target)


def main(lib: str) -> None:
    sys.path[:0] = [lib, str(Path(lib, "third_party"))]
    from googlecloudsdk.api_lib.run import traffic  # type: ignore[import-not-found]

    json.dump([_answer(traffic, case) for case in json.load(sys.stdin)], sys.stdout)


def _answer(traffic: Any, case: dict[str, Any]) -> list[list[object]] | str:  # noqa: ANN401 - a foreign module
    wire = [traffic.NewTrafficTarget(MESSAGES, key, percent, tag) for key, percent, tag in case["targets"]]
    targets = traffic.TrafficTargets(MESSAGES, wire)
    try:
        if case["tags"] or case["remove"]:
            targets.UpdateTags(case["tags"], case["remove"], clear_others=False)
        if case["percents"]:
            targets.UpdateTraffic(case["percents"])
        if case["latest_ready"]:
            targets.ZeroLatestTraffic(case["latest_ready"])
    except (ValueError, traffic.InvalidTrafficSpecificationError) as error:
        return str(error)
    return [[traffic.GetKey(one), one.percent or 0, one.tag or ""] for one in targets.MakeSerializable()]


if __name__ == "__main__":
    main(sys.argv[1])

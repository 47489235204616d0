"""What is switched on for trial."""

KNOWN = ("planning", "request_log")


class FeatureFlags:
    """Planning is on unless `no_planning` is set; the request log is off unless `request_log` is."""

    def __init__(self, flags: tuple[str, ...]) -> None:
        self.planning = "no_planning" not in flags
        self.request_log = "request_log" in flags

    def as_json(self) -> dict[str, bool]:
        return {name: getattr(self, name) for name in KNOWN}

"""Where and as whom we work: one frozen value in which every setting knows where it came from."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Known:
    """A setting's value and its origin in the operator's words, e.g. `--region` or `BUDDY_REGION`.

    An empty `value` means that nobody said it; `origin` is then empty too, or says where we looked.
    """

    value: str = ""
    origin: str = ""

    def __bool__(self) -> bool:
        return bool(self.value)


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that is settled before the first call.

    - `project`, `service`: short names; an empty service means "all services"
    - `regions`: one entry for each region, in the order given; empty means "all regions"
    - `account`: who gcloud says we are; `impersonate`: the service account that we act as, or empty
    - `quota_project`: who pays for the calls, or empty
    - `environment`: a word for the header, e.g. `PROD` or `DEMO`, or empty
    - `read_only`, `ascii`: `yes` or empty
    - `emulated`: the endpoint (host:port) of an emulated Cloud Run, or empty
    """

    project: Known = Known()
    regions: tuple[Known, ...] = ()
    service: Known = Known()
    account: Known = Known()
    impersonate: Known = Known()
    quota_project: Known = Known()
    environment: Known = Known()
    read_only: Known = Known()
    ascii: Known = Known()
    emulated: Known = Known()

"""World: who may call a service, as its ingress, its IAM policy and its audiences say."""

from dataclasses import dataclass

import grpc
from google.iam.v1 import policy_pb2

from buddy_tui.emulator.names import Problem
from buddy_tui.emulator.rpc import Message
from buddy_tui.emulator.run.messages import INGRESS_ALL

Policy: Message = policy_pb2.Policy
# What IAM answers where no policy was ever set; in JSON its etag reads "ACAB".
NO_POLICY = Policy(etag=b"\x00 \x01")

_EVERYBODY = "allUsers"
_ANY_ACCOUNT = "allAuthenticatedUsers"
_KINDS = frozenset({"user", "serviceAccount", "group", "domain"})
# What Cloud Run's documentation names as holders of the permission run.routes.invoke.
_INVOKER_ROLES = frozenset({"roles/run.invoker", "roles/run.admin"})


@dataclass(frozen=True, slots=True)
class Access:
    """Who may call a service.

    `reachable`: from outside Google, at the addresses that Cloud Run gave it. `public`: without a token. Otherwise a
    token must be made for one of `audiences`, and its account be one of `invokers` (IAM members).
    """

    reachable: bool
    public: bool
    audiences: tuple[str, ...] = ()
    invokers: frozenset[str] = frozenset()

    def invites(self, email: str) -> bool:
        """Tell whether the account of that e-mail may call. Nobody's groups are known here."""
        return not self.invokers.isdisjoint((_ANY_ACCOUNT, f"user:{email}", f"serviceAccount:{email}"))


def access(service: Message, policy: Message | None) -> Access:
    """Tell who may call `service`.

    Google's services are private until a policy says otherwise. This emulator trusts its machine: one whose policy
    nobody ever set is public.
    """
    reachable = service.ingress == INGRESS_ALL and not service.default_uri_disabled
    if policy is None or service.invoker_iam_disabled:
        return Access(reachable, public=True)
    invokers = _invokers(policy)
    return Access(
        reachable, _EVERYBODY in invokers, (*service.urls, *service.custom_audiences), frozenset(invokers)
    )


def succeeding(current: Message | None, wanted: Message, micros: int) -> Message:
    """Return the policy that `wanted` becomes at `micros` (microseconds since 1970) after the `current` one.

    Raises a Problem: ABORTED for a stale etag, INVALID_ARGUMENT for a member that IAM would not know.
    """
    before = NO_POLICY if current is None else current
    if wanted.etag and wanted.etag != before.etag:
        raise Problem(
            grpc.StatusCode.ABORTED,
            "There were concurrent policy changes."
            " Please retry the whole read-modify-write with exponential backoff.",
        )
    for binding in wanted.bindings:
        for member in binding.members:
            _check_member(member)
    # Real etags are a 7 and seven bytes of microseconds; they never stand still.
    last = 0 if current is None else int.from_bytes(current.etag[1:], "big")
    etag = b"\x07" + max(micros, last + 1).to_bytes(7, "big")
    return Policy(version=1, bindings=wanted.bindings, etag=etag)


def _check_member(member: str) -> None:
    kind, _, name = member.partition(":")
    if member not in (_EVERYBODY, _ANY_ACCOUNT) and not (kind in _KINDS and name):
        raise Problem(
            grpc.StatusCode.INVALID_ARGUMENT,
            f"The member {member} is of an unknown type. Please set a valid type prefix for the member.",
        )


def _invokers(policy: Message) -> set[str]:
    """Return who may invoke without a condition; conditions are kept and never met here."""
    return {
        member
        for binding in policy.bindings
        if binding.role in _INVOKER_ROLES and not binding.HasField("condition")
        for member in binding.members
    }

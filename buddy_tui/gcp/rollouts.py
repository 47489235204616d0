"""gcp: what a new revision asks of Cloud Run, in its own form. Pure."""

from typing import Any

from google.cloud.run_v2.types import Service as GoogleService

from buddy_tui import __version__
from buddy_tui.gateway import Rollout
from buddy_tui.gcp import convert

# The generated classes carry no types.
Message = Any

CLIENT = "buddy-tui"
BUILD_CONFIG = "build_config"
# gcloud's own marks of one revision.
_OF_ONE_REVISION = "client.knative.dev/"


def changed(there: Message, rollout: Rollout) -> tuple[Message, tuple[str, ...]]:
    """Return what to write over the service `there` for a new revision, and the mask of it.

    As gcloud does it: another image in the container that is built, the name of the revision, the traffic list; what
    belonged to the former revision alone is left out, and all else of the template stays.
    """
    wanted = _signed(GoogleService.pb()(name=there.name, etag=there.etag), rollout)
    template = wanted.template
    template.CopyFrom(there.template)
    template.revision = rollout.revision
    for told in (template.labels, template.annotations):
        kept = convert.without_system_keys(told)
        told.clear()
        told.update({key: value for key, value in kept.items() if not key.startswith(_OF_ONE_REVISION)})
    container = _ingress(template)
    container.image = rollout.image
    # Where the former image came from, and what Cloud Run would lay under it by itself.
    for field in ("build_info", "source_code", "base_image_uri"):
        container.ClearField(field)
    mask = ("template", "traffic", "client", "client_version")
    if not (rollout.source or there.build_config.source_location):
        return wanted, mask
    wanted.build_config.CopyFrom(there.build_config)
    _tell_source(wanted.build_config, rollout)
    return wanted, (*mask, BUILD_CONFIG)


def first(rollout: Rollout) -> Message:
    """Return a new service, of which all else is as Cloud Run has it by default."""
    wanted = _signed(GoogleService.pb()(), rollout)
    wanted.template.revision = rollout.revision
    wanted.template.containers.add(image=rollout.image)
    if rollout.source:
        _tell_source(wanted.build_config, rollout)
    return wanted


def _signed(wanted: Message, rollout: Rollout) -> Message:
    wanted.client = CLIENT
    wanted.client_version = __version__
    for target in rollout.traffic:
        convert.asked(target, wanted.traffic.add())
    return wanted


def _ingress(template: Message) -> Message:
    """Return the container that requests go to: the one with a port, else the first."""
    with_port = [one for one in template.containers if one.ports]
    return (with_port or template.containers)[0] if template.containers else template.containers.add()


def _tell_source(config: Message, rollout: Rollout) -> None:
    """Write down where an image came from.

    gcloud does so in annotations of v1, for which v2 has these fields; their documentation speaks of functions alone,
    and that Cloud Run shows them as a revision's source is unverified.
    """
    config.source_location = rollout.source
    config.name = rollout.build
    config.image_uri = rollout.image.partition("@")[0] if rollout.source else ""
    for field in ("base_image", "enable_automatic_updates"):
        config.ClearField(field)

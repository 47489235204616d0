"""Run v1: the annotations of Knative's JSON in which v2 has typed fields.

Google's documentation of v2 says so: every system annotation of v1 has a field there. The pairs are those that gcloud
writes and reads.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from google.cloud import run_v2

from buddy_tui.emulator.rpc import Message
from buddy_tui.emulator.run.messages import Service

# Nobody but Cloud Run and its clients may use what begins so. `client.knative.dev/` is the clients' own.
_SYSTEM = ("run.googleapis.com/", "cloud.googleapis.com/", "serving.knative.dev/", "autoscaling.knative.dev/")
_RUN = "run.googleapis.com"
_INGRESS = {
    run_v2.IngressTraffic.INGRESS_TRAFFIC_ALL: "all",
    run_v2.IngressTraffic.INGRESS_TRAFFIC_INTERNAL_ONLY: "internal",
    run_v2.IngressTraffic.INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER: "internal-and-cloud-load-balancing",
}
_STAGES = Service.DESCRIPTOR.fields_by_name["launch_stage"].enum_type
_ENVIRONMENTS = {
    run_v2.ExecutionEnvironment.EXECUTION_ENVIRONMENT_GEN1: "gen1",
    run_v2.ExecutionEnvironment.EXECUTION_ENVIRONMENT_GEN2: "gen2",
}


@dataclass(frozen=True, slots=True)
class Setting:
    """One annotation and the field that it stands for: a path of the proto, and how its value is told and read.

    A value that `tell` makes empty is left out; an annotation that is not there is read as an empty text.
    """

    key: str
    path: str
    tell: Callable[[Message], str]
    read: Callable[[str], Message]

    def told(self, message: Message) -> dict[str, str]:
        """Return the annotation of a service, template or revision; nothing where its value is the empty one."""
        *outer, name = self.path.split(".")
        for step in outer:
            message = getattr(message, step)
        text = self.tell(getattr(message, name))
        return {self.key: text} if text else {}

    def write(self, annotations: Mapping[str, str], message: Message) -> None:
        """Set the field as the annotations say, and leave it alone where it says so already."""
        *outer, name = self.path.split(".")
        for step in outer:
            message = getattr(message, step)
        wanted, current = self.read(annotations.get(self.key, "")), getattr(message, name)
        if isinstance(wanted, list | dict):
            if wanted != type(wanted)(current):
                current.clear()
                (current.extend if isinstance(wanted, list) else current.update)(wanted)
        elif wanted != current:
            setattr(message, name, wanted)


def _text(key: str, path: str) -> Setting:
    return Setting(key, path, str, str)


def _number(key: str, path: str) -> Setting:
    return Setting(key, path, lambda value: str(value or ""), lambda text: int(text or "0"))


def _flag(key: str, path: str) -> Setting:
    return Setting(key, path, lambda value: "true" if value else "", lambda text: text.lower() == "true")


def _json(key: str, path: str, kind: type[list[str]] | type[dict[str, str]]) -> Setting:
    return Setting(
        key,
        path,
        lambda value: json.dumps(kind(value)) if value else "",
        lambda text: json.loads(text) if text else kind(),
    )


def _word(key: str, path: str, words: Mapping[int, str]) -> Setting:
    values = {word: value for value, word in words.items()}
    return Setting(
        key, path, lambda value: words.get(value, ""), lambda text: int(values[text]) if text in values else 0
    )


_OF_SERVICES = (
    _text(f"{_RUN}/client-name", "client"),
    _text(f"{_RUN}/client-version", "client_version"),
    _text(f"{_RUN}/description", "description"),
    _word(f"{_RUN}/ingress", "ingress", _INGRESS),
    _word(
        f"{_RUN}/launch-stage", "launch_stage", {one.number: one.name for one in _STAGES.values if one.number}
    ),
    _flag(f"{_RUN}/invoker-iam-disabled", "invoker_iam_disabled"),
    _flag(f"{_RUN}/default-url-disabled", "default_uri_disabled"),
    _json(f"{_RUN}/custom-audiences", "custom_audiences", list),
    _number(f"{_RUN}/minScale", "scaling.min_instance_count"),
    _number(f"{_RUN}/maxScale", "scaling.max_instance_count"),
    _text(f"{_RUN}/build-name", "build_config.name"),
    _text(f"{_RUN}/build-source-location", "build_config.source_location"),
    _text(f"{_RUN}/build-function-target", "build_config.function_target"),
    _text(f"{_RUN}/build-image-uri", "build_config.image_uri"),
    _text(f"{_RUN}/build-base-image", "build_config.base_image"),
    _flag(f"{_RUN}/build-enable-automatic-updates", "build_config.enable_automatic_updates"),
    _text(f"{_RUN}/build-worker-pool", "build_config.worker_pool"),
    _text(f"{_RUN}/build-service-account", "build_config.service_account"),
    _json(f"{_RUN}/build-environment-variables", "build_config.environment_variables", dict),
)
_OF_TEMPLATES = (
    _number("autoscaling.knative.dev/minScale", "scaling.min_instance_count"),
    _number("autoscaling.knative.dev/maxScale", "scaling.max_instance_count"),
    _word(f"{_RUN}/execution-environment", "execution_environment", _ENVIRONMENTS),
    _flag(f"{_RUN}/sessionAffinity", "session_affinity"),
)
CPU_THROTTLING, STARTUP_BOOST = f"{_RUN}/cpu-throttling", f"{_RUN}/startup-cpu-boost"


def own(keys: Mapping[str, str]) -> dict[str, str]:
    """Return the labels or annotations that are the user's own."""
    return {key: value for key, value in keys.items() if not key.startswith(_SYSTEM)}


def of_service(service: Message) -> dict[str, str]:
    """Return the annotations of a service: its own, and those in which v2 has fields."""
    return dict(service.annotations) | _told(_OF_SERVICES, service)


def of_template(template: Message) -> dict[str, str]:
    """Return the annotations of a template or of a revision."""
    resources = [container.resources for container in template.containers]
    told = _told(_OF_TEMPLATES, template)
    if any(not one.cpu_idle for one in resources):
        told[CPU_THROTTLING] = "false"
    if any(one.startup_cpu_boost for one in resources):
        told[STARTUP_BOOST] = "true"
    return dict(template.annotations) | told


def write_service(annotations: Mapping[str, str], service: Message) -> None:
    """Let a service say what its annotations say."""
    _write(_OF_SERVICES, annotations, service)


def write_template(annotations: Mapping[str, str], template: Message) -> None:
    """Let a template say what its annotations say; its containers must be there already."""
    _write(_OF_TEMPLATES, annotations, template)
    for container in template.containers:
        container.resources.cpu_idle = annotations.get(CPU_THROTTLING, "").lower() != "false"
        container.resources.startup_cpu_boost = annotations.get(STARTUP_BOOST, "").lower() == "true"


def _told(settings: tuple[Setting, ...], message: Message) -> dict[str, str]:
    return {key: text for one in settings for key, text in one.told(message).items()}


def _write(settings: tuple[Setting, ...], annotations: Mapping[str, str], message: Message) -> None:
    for one in settings:
        one.write(annotations, message)
    message.annotations.clear()
    message.annotations.update(own(annotations))

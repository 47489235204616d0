"""World: what Cloud Run stores where the writer of a service says nothing."""

from buddy_tui.emulator.names import Where
from buddy_tui.emulator.rpc import Message
from buddy_tui.emulator.run.messages import GENERALLY_AVAILABLE, INGRESS_ALL


def complete(service: Message, where: Where, number: str) -> None:
    """Fill in the defaults of a service and of its template."""
    service.ingress = service.ingress or INGRESS_ALL
    service.launch_stage = service.launch_stage or GENERALLY_AVAILABLE
    complete_template(service.template, where, number)
    _tell_source(service)


def complete_template(template: Message, where: Where, number: str) -> None:
    """Fill in a template's (or revision's) defaults: service account, timeout, concurrency, names, port, probe."""
    template.service_account = template.service_account or f"{number}-compute@developer.gserviceaccount.com"
    template.max_instance_request_concurrency = template.max_instance_request_concurrency or 80
    if not template.HasField("timeout"):
        template.timeout.FromSeconds(300)
    for index, container in enumerate(template.containers, 1):
        container.name = container.name or f"{where.service}-{index}"
        _complete_resources(container)
    if len(template.containers) == 1 and not template.containers[0].ports:
        template.containers[0].ports.add(name="http1", container_port=8080)
    for container in template.containers:
        if container.ports and not container.HasField("startup_probe"):
            _add_default_probe(container)


def _tell_source(service: Message) -> None:
    """Let a container tell where its image came from, as long as that is what the service was built into last.

    That Cloud Run takes it from there is unverified.
    """
    config = service.build_config
    for container in service.template.containers:
        if config.source_location and container.image.partition("@")[0] == config.image_uri:
            container.build_info.source_location = config.source_location


def _complete_resources(container: Message) -> None:
    if not container.HasField("resources"):
        container.resources.cpu_idle = True
    for name, limit in (("cpu", "1"), ("memory", "512Mi")):
        if name not in container.resources.limits:
            container.resources.limits[name] = limit


def _add_default_probe(container: Message) -> None:
    probe = container.startup_probe
    probe.tcp_socket.port = container.ports[0].container_port
    probe.timeout_seconds = probe.period_seconds = 240
    probe.failure_threshold = 1

"""What a new revision asks of Cloud Run: one other image, and nothing of the revision before."""

from google.cloud.run_v2.types import Service

from buddy_tui import __version__
from buddy_tui.gateway import Rollout
from buddy_tui.gcp.rollouts import changed, first
from tests import make

IMAGE = f"europe-west1-docker.pkg.dev/acme-prod/cloud-run-source-deploy/api@sha256:{'0a' * 32}"
TRAFFIC = (make.target("api-00001-aaa", 100), make.target("api-00002-tam", tag="candidate"))
ROLLOUT = Rollout("api-00002-tam", IMAGE, TRAFFIC, "gs://b/o#7", "projects/p/locations/r/builds/1")


def there() -> Service:
    return Service(
        name=make.NAME.path,
        etag='"old"',
        labels={"env": "prod"},
        template={
            "revision": "api-00001-aaa",
            "labels": {
                "client.knative.dev/nonce": "x",
                "run.googleapis.com/startupProbeType": "Default",
                "a": "b",
            },
            "annotations": {"client.knative.dev/user-image": "old", "acme.example/team": "payments"},
            "containers": [
                {"name": "proxy", "image": "proxy:1"},
                {
                    "name": "api",
                    "image": "old",
                    "ports": [{"container_port": 8080}],
                    "base_image_uri": "base",
                    "build_info": {"source_location": "gs://b/old#1"},
                    "env": [{"name": "KEY", "value": "secret"}],
                },
            ],
            "service_account": "run@acme-prod.iam.gserviceaccount.com",
        },
        build_config={"source_location": "gs://b/old#1", "base_image": "base", "worker_pool": "pool"},
    )


def test_the_container_with_a_port_gets_the_image_and_keeps_all_else() -> None:
    before = there()
    wanted = Service.wrap(changed(Service.pb(before), ROLLOUT)[0])

    proxy, api = wanted.template.containers
    assert proxy == before.template.containers[0]
    assert (api.image, api.base_image_uri, api.build_info.source_location) == (IMAGE, "", "")
    assert (api.name, api.ports, api.env) == (
        "api",
        before.template.containers[1].ports,
        before.template.containers[1].env,
    )
    assert wanted.template.service_account == before.template.service_account


def test_without_a_port_the_first_container_gets_the_image() -> None:
    before = Service(template={"containers": [{"image": "one"}, {"image": "two"}]})

    wanted = Service.wrap(changed(Service.pb(before), ROLLOUT)[0])

    assert [one.image for one in wanted.template.containers] == [IMAGE, "two"]


def test_marks_of_the_former_revision_are_left_out() -> None:
    template = Service.wrap(changed(Service.pb(there()), ROLLOUT)[0]).template

    assert template.revision == "api-00002-tam"
    assert (dict(template.labels), dict(template.annotations)) == (
        {"a": "b"},
        {"acme.example/team": "payments"},
    )


def test_the_update_is_bound_and_names_its_fields_and_its_source() -> None:
    message, mask = changed(Service.pb(there()), ROLLOUT)
    wanted = Service.wrap(message)

    assert mask == ("template", "traffic", "client", "client_version", "build_config")
    assert (wanted.etag, wanted.client, wanted.client_version) == ('"old"', "buddy-tui", __version__)
    assert [(one.revision, one.percent, one.tag) for one in wanted.traffic] == [
        ("api-00001-aaa", 100, ""),
        ("api-00002-tam", 0, "candidate"),
    ]
    config = wanted.build_config
    assert (config.source_location, config.name) == ("gs://b/o#7", "projects/p/locations/r/builds/1")
    assert (config.image_uri, config.base_image, config.worker_pool) == (IMAGE.partition("@")[0], "", "pool")


def test_an_image_without_a_source_takes_away_that_of_the_former_one() -> None:
    image = Rollout("api-00002-tam", IMAGE, TRAFFIC)

    message, mask = changed(Service.pb(there()), image)
    _, plain = changed(Service.pb(Service(template={"containers": [{"image": "old"}]})), image)

    assert (message.build_config.source_location, message.build_config.name) == ("", "")
    assert "build_config" in mask
    assert "build_config" not in plain


def test_a_first_service_has_its_revision_and_its_source() -> None:
    wanted = Service.wrap(first(ROLLOUT))

    assert (wanted.name, wanted.template.revision) == ("", "api-00002-tam")
    assert [one.image for one in wanted.template.containers] == [IMAGE]
    assert wanted.build_config.source_location == "gs://b/o#7"

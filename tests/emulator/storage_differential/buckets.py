"""Buckets: how ours is found, made, and told from somebody else's."""

from typing import Any

from tests.emulator.storage_differential.bench import PROJECT, REGION, Answer, Bench, refusal, tried
from tests.emulator.storage_differential.checks import Checks

BUCKETS = Checks("bucket")

_LISTING = "https://cloud.google.com/storage/docs/json_api/v1/buckets/list"
_NAMES = "https://cloud.google.com/storage/docs/buckets#naming"


def _shown(bucket: Any) -> Answer:  # noqa: ANN401 - the client carries no types
    return (bucket.location, bucket.storage_class, bucket.metageneration, bucket.time_created is not None)


def _listed(bench: Bench, **which: str) -> Answer:
    found = bench.client.list_buckets(retry=None, **which)
    return sorted(one.name.removeprefix(bench.name) for one in found if one.name.startswith(bench.name))


@BUCKETS.add
def made_where_it_shall_be(bench: Bench) -> Answer:
    return _shown(bench.made())


@BUCKETS.add
def made_as_gcloud_does(bench: Bench) -> Answer:
    asked = {
        "name": bench.name,
        "location": REGION,
        "iamConfiguration": {"uniformBucketLevelAccess": {"enabled": True}},
        "cors": [{"method": ["GET"], "origin": ["https://*.cloud.google.com"]}],
    }
    told = bench.asked("POST", f"/storage/v1/b?alt=json&project={PROJECT}", json=asked)
    return told.status_code, told.json()["id"] == bench.name, told.json()["location"]


@BUCKETS.add
def found_when_it_is_there(bench: Bench) -> Answer:
    bench.made()
    return _shown(bench.client.get_bucket(bench.name, retry=None))


@BUCKETS.add
def not_found_when_it_is_not_there(bench: Bench) -> Answer:
    return tried(bench.client.get_bucket, bench.name, retry=None)


@BUCKETS.add
def made_twice(bench: Bench) -> Answer:
    bench.made()
    return tried(bench.made)


@BUCKETS.add
def of_a_name_with_letters_that_no_bucket_has(bench: Bench) -> Answer:
    return [
        _made_by_hand(bench, name)
        for name in ("", "Upper", "a b", "-begins", "ends-", "a/b", "a" * 63, "a.b_c-1")
    ]


@BUCKETS.but(
    google=["refused 400 invalid"] * 4,
    fake=[200] * 4,
    says='Bucket names must contain 3-63 characters … cannot begin with the "goog" prefix … cannot contain "google".',
    where=_NAMES,
)
def of_a_name_that_is_too_long_or_googles_own(bench: Bench) -> Answer:
    return [_made_by_hand(bench, name) for name in ("ab", "a" * 64, "goog-1", "my-google-1")]


def _made_by_hand(bench: Bench, name: str) -> Answer:
    """Ask past the official client, which has rules of its own."""
    told = bench.asked("POST", f"/storage/v1/b?project={PROJECT}", json={"name": name, "location": REGION})
    return told.status_code if told.is_success else refusal(told.status_code, told.json()["error"]["errors"])


@BUCKETS.add
def listed_among_others(bench: Bench) -> Answer:
    before = _listed(bench)
    bench.made()
    bench.client.create_bucket(f"{bench.name}-2", location=REGION)
    return before, _listed(bench), _listed(bench, prefix=bench.name)


@BUCKETS.but(
    google=["-2"],
    fake=["", "-2"],
    says="prefix: Filter results to buckets whose names begin with this prefix.",
    where=_LISTING,
)
def listed_by_a_prefix(bench: Bench) -> Answer:
    bench.made()
    bench.client.create_bucket(f"{bench.name}-2", location=REGION)
    return _listed(bench, prefix=f"{bench.name}-")


@BUCKETS.but(google=[], fake=[""], says="Retrieves a list of buckets for a given project.", where=_LISTING)
def listed_by_a_project_that_has_it_not(bench: Bench) -> Answer:
    bench.made()
    return _listed(bench, project="another-project")


@BUCKETS.add
def deleted_when_it_is_empty(bench: Bench) -> Answer:
    bench.made().delete(retry=None)
    return tried(bench.client.get_bucket, bench.name, retry=None), tried(bench.bucket.delete, retry=None)


@BUCKETS.but(
    google="refused 409 conflict",
    fake="refused 412 conditionNotMet",
    says="If there are objects in the bucket when you attempt to delete it you will get a 409 Conflict status code.",
    where="https://cloud.google.com/storage/docs/xml-api/delete-bucket",
)
def deleted_when_something_is_in_it(bench: Bench) -> Answer:
    bench.made()
    bench.put("a", b"")
    return tried(bench.bucket.delete, retry=None)


@BUCKETS.but(
    google=[204, 204],
    fake=[200, 200],
    says="If successful, this method returns an empty response body.",
    where="https://cloud.google.com/storage/docs/json_api/v1/objects/delete",
)
def deleted_without_a_word(bench: Bench) -> Answer:
    bench.made()
    bench.put("a", b"")
    place = f"/storage/v1/b/{bench.name}"
    return [bench.asked("DELETE", one).status_code for one in (f"{place}/o/a", place)]

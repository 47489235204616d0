"""The few messages of Google's Cloud Build API that a source deployment shows, by their published field numbers.

The API of Cloud Run answers with them, but its client library does not carry them. They are registered under their
real names, so that an operation which holds one can also be told as JSON.
"""

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory, timestamp_pb2
from google.protobuf.descriptor_pb2 import FieldDescriptorProto as Field

from buddy_tui.emulator.rpc import Message

_PACKAGE = "google.devtools.cloudbuild.v1"
_REPEATED = "repeated "
_SCALARS = {"string": Field.TYPE_STRING, "int64": Field.TYPE_INT64}
_STATUSES = (
    "STATUS_UNKNOWN",
    "QUEUED",
    "WORKING",
    "SUCCESS",
    "FAILURE",
    "INTERNAL_ERROR",
    "TIMEOUT",
    "CANCELLED",
)
_TIME = "google.protobuf.Timestamp"
# Message: field number -> type and name, as in google/devtools/cloudbuild/v1/cloudbuild.proto.
_MESSAGES = {
    "StorageSource": {1: "string bucket", 2: "string object", 3: "int64 generation"},
    "Source": {2: "StorageSource storage_source"},
    "BuiltImage": {1: "string name", 3: "string digest"},
    "Results": {2: "repeated BuiltImage images"},
    "Build": {
        1: "string id",
        2: "Status status",
        3: "Source source",
        6: f"{_TIME} create_time",
        7: f"{_TIME} start_time",
        8: f"{_TIME} finish_time",
        10: "Results results",
        13: "repeated string images",
        16: "string project_id",
        24: "string status_detail",
        25: "string log_url",
        31: "repeated string tags",
        45: "string name",
    },
    "ListBuildsResponse": {1: "repeated Build builds", 2: "string next_page_token"},
    "BuildOperationMetadata": {1: "Build build"},
}


def _file() -> descriptor_pb2.FileDescriptorProto:
    file = descriptor_pb2.FileDescriptorProto(
        name="buddy_tui/emulator/cloudbuild.proto",
        package=_PACKAGE,
        syntax="proto3",
        dependency=[timestamp_pb2.DESCRIPTOR.name],
    )
    for name, fields in _MESSAGES.items():
        message = file.message_type.add(name=name)
        message.field.extend(_field(number, words) for number, words in fields.items())
        if name == "Build":
            statuses = message.enum_type.add(name="Status")
            for number, status in enumerate(_STATUSES):
                statuses.value.add(name=status, number=number)
    return file


def _field(number: int, words: str) -> Field:
    kind, name = words.removeprefix(_REPEATED).split()
    label = Field.LABEL_REPEATED if words.startswith(_REPEATED) else Field.LABEL_OPTIONAL
    field = Field(name=name, number=number, label=label)
    if kind in _SCALARS:
        field.type = _SCALARS[kind]
    elif kind == "Status":
        field.type, field.type_name = Field.TYPE_ENUM, f".{_PACKAGE}.Build.Status"
    else:
        field.type, field.type_name = Field.TYPE_MESSAGE, f".{kind if '.' in kind else f'{_PACKAGE}.{kind}'}"
    return field


def _made(name: str) -> Message:
    descriptor = descriptor_pool.Default().FindMessageTypeByName(f"{_PACKAGE}.{name}")
    return message_factory.GetMessageClass(descriptor)


descriptor_pool.Default().Add(_file())
Build = _made("Build")
BuildOperationMetadata = _made("BuildOperationMetadata")
ListBuildsResponse = _made("ListBuildsResponse")
QUEUED, WORKING, SUCCESS, FAILURE = range(1, 5)
CANCELLED = 7

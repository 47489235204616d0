"""The door that gcloud is led to: plain HTTP goes through, a tunnel ends in gRPC, nothing else gets anywhere."""

import asyncio
import ssl
from asyncio import StreamReader, StreamWriter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from buddy_tui.emulator.machine.gcloud_env import led, without_gcloud

SECONDS = 5


@asynccontextmanager
async def _echo(word: bytes) -> AsyncIterator[str]:
    """Serve whoever comes with `word` and the first line that it sends."""

    async def answer(reader: StreamReader, writer: StreamWriter) -> None:
        writer.write(word + await reader.readline())
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        yield f"127.0.0.1:{server.sockets[0].getsockname()[1]}"


@pytest.fixture
async def env() -> AsyncIterator[dict[str, str]]:
    async with _echo(b"http ") as http, _echo(b"grpc ") as grpc:
        endpoints = {"CLOUD_RUN_EMULATOR_REST": f"http://{http}", "CLOUD_LOGGING_EMULATOR_HOST": grpc}
        async with led(endpoints) as led_to:
            yield led_to


def _names(env: dict[str, str]) -> set[str]:
    return {path.name for path in Path(env["CLOUDSDK_CONFIG"]).iterdir()}


async def _knock(env: dict[str, str], words: bytes) -> tuple[StreamReader, StreamWriter]:
    port = int(env["CLOUDSDK_PROXY_PORT"])
    reader, writer = await asyncio.open_connection(env["CLOUDSDK_PROXY_ADDRESS"], port)
    writer.write(words)
    return reader, writer


async def _tunnel(env: dict[str, str], target: bytes) -> tuple[bytes, StreamReader, StreamWriter]:
    reader, writer = await _knock(env, b"CONNECT " + target + b" HTTP/1.1\r\n\r\n")
    async with asyncio.timeout(SECONDS):
        answer = await reader.readuntil(b"\r\n\r\n")
    return answer.split(b"\r\n")[0], reader, writer


async def test_a_plain_request_goes_to_the_http_of_the_emulator(env: dict[str, str]) -> None:
    reader, writer = await _knock(env, b"GET http://run.buddy.invalid/ HTTP/1.1\r\nHost: x\r\n\r\n")

    assert (
        await asyncio.wait_for(reader.read(), SECONDS) == b"http GET http://run.buddy.invalid/ HTTP/1.1\r\n"
    )
    writer.close()


async def test_a_tunnel_is_encrypted_as_our_own_host_and_ends_in_grpc(env: dict[str, str]) -> None:
    said, reader, writer = await _tunnel(env, b"logging.buddy.invalid:443")
    trusting = ssl.create_default_context(cafile=env["CLOUDSDK_CORE_CUSTOM_CA_CERTS_FILE"])
    trusting.set_alpn_protocols(["h2"])

    await writer.start_tls(trusting, server_hostname="logging.buddy.invalid")
    writer.write(b"hello\n")

    assert said == b"HTTP/1.1 200 Connection established"
    assert await asyncio.wait_for(reader.read(), SECONDS) == b"grpc hello\n"
    assert writer.get_extra_info("ssl_object").selected_alpn_protocol() == "h2"
    writer.close()


async def test_the_certificate_is_good_for_no_other_host(env: dict[str, str]) -> None:
    _, _, writer = await _tunnel(env, b"logging.buddy.invalid:443")
    trusting = ssl.create_default_context(cafile=env["CLOUDSDK_CORE_CUSTOM_CA_CERTS_FILE"])

    with pytest.raises(ssl.SSLCertVerificationError):
        await writer.start_tls(trusting, server_hostname="logging.googleapis.com")
    writer.close()


@pytest.mark.parametrize(
    "target",
    [
        b"logging.googleapis.com:443",
        b"LOGGING.GOOGLEAPIS.COM:443",
        b"buddy.invalid.example.com:443",
        b"buddy.invalid:443",
        b"logging.buddy.invalid@example.com:443",
        b"example.com:443/.buddy.invalid:443",
        b"127.0.0.1:22",
        b"[::1]:22",
        b"[2001:db8::1]:443",
        b"nonsense",
        b"",
    ],
)
async def test_a_tunnel_to_anywhere_else_is_refused(env: dict[str, str], target: bytes) -> None:
    said, reader, writer = await _tunnel(env, target)

    assert said == b"HTTP/1.1 403 Forbidden"
    assert await asyncio.wait_for(reader.read(), SECONDS) == b""
    writer.close()


@pytest.mark.parametrize(
    "words", [b"", b"GET / HTTP/1.1\r\n", b"x" * 100_000], ids=["nothing", "half", "much"]
)
async def test_who_goes_away_or_talks_nonsense_keeps_nobody_else_out(
    env: dict[str, str], words: bytes
) -> None:
    reader, writer = await _knock(env, words)
    writer.write_eof()
    with suppress(ConnectionError):
        await asyncio.wait_for(reader.read(), SECONDS)
    writer.close()

    reader, writer = await _knock(env, b"GET / HTTP/1.1\r\n\r\n")
    assert await asyncio.wait_for(reader.read(), SECONDS) == b"http GET / HTTP/1.1\r\n"
    writer.close()


async def test_its_folder_and_its_door_are_gone_afterwards() -> None:
    endpoints = {
        "CLOUD_RUN_EMULATOR_REST": "http://127.0.0.1:1",
        "CLOUD_LOGGING_EMULATOR_HOST": "127.0.0.1:1",
    }

    async with led(endpoints) as env:
        names = _names(env)
        reader, writer = await _knock(env, b"GET")
        await asyncio.sleep(0)

    assert names == {"ca.pem", "token"}
    assert not Path(env["CLOUDSDK_CONFIG"]).exists()  # noqa: ASYNC240 - a test may wait for a disk
    with suppress(ConnectionError):
        assert await asyncio.wait_for(reader.read(), SECONDS) == b""
    writer.close()
    with pytest.raises(OSError, match=r"[Cc]onnect"):
        await _knock(env, b"")


async def test_every_api_has_a_host_that_nobody_has(env: dict[str, str]) -> None:
    hosts = [urlsplit(url).hostname or "" for key, url in env.items() if "ENDPOINT_OVERRIDES" in key]

    assert len(hosts) == 9
    assert all(host.endswith(".buddy.invalid") for host in hosts)


def test_what_the_operator_has_told_gcloud_is_left_out_but_for_its_python() -> None:
    environ = {
        "HOME": "/home/ana",
        "CLOUDSDK_ACTIVE_CONFIG_NAME": "prod",
        "CLOUDSDK_AUTH_CREDENTIAL_FILE_OVERRIDE": "/home/ana/key.json",
        "CLOUDSDK_PYTHON": "/usr/bin/python3",
    }

    assert without_gcloud(environ) == {"HOME": "/home/ana", "CLOUDSDK_PYTHON": "/usr/bin/python3"}

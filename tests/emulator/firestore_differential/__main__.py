"""Ask the official emulator everything, and record its answers."""

import asyncio

from tests.emulator.firestore_differential import recorded, servers
from tests.emulator.firestore_differential.bench import answers
from tests.emulator.firestore_differential.script import CHECKS


async def _main() -> None:
    async with servers.official() as address:
        recorded.write(await answers(address, CHECKS))


asyncio.run(_main())

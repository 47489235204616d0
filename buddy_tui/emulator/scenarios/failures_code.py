"""Failures that lie in the code, or in what of it was uploaded."""

from buddy_tui.emulator.scenarios.failures_shop import Failure, main, prices

CODE: tuple[Failure, ...] = (
    Failure(
        "local_module_missing",
        "shop/stock.py was never committed",
        prices("from shop.stock import STOCK\n\nPRICES = dict.fromkeys(STOCK, 100)\n"),
    ),
    Failure(
        "third_party_missing",
        "payments with stripe, which requirements.txt does not name",
        prices("import stripe\n\nPRICES = stripe.Price.list(limit=3)\n"),
    ),
    Failure(
        "app_target_missing",
        "uvicorn is told another name than the application has",
        command='["uvicorn", "web:application", "--host", "0.0.0.0", "--port", "8080"]',
    ),
    Failure(
        "import_name_missing",
        "a name that the standard library dropped",
        prices("from asyncio import coroutine\n\nPRICES = {}\n"),
    ),
    Failure(
        "circular_import",
        "prices and taxes import one another",
        {
            "shop/prices.py": "from shop.taxes import with_tax\n\nPRICES = {'apple': with_tax(100)}\n",
            "shop/taxes.py": "from shop.prices import PRICES\n\n\ndef with_tax(price):\n    return price * 1.2\n",
        },
    ),
    Failure(
        "module_shadowed",
        "a file is called random.py",
        {
            "random.py": "SEED = 7\n",
            "shop/prices.py": "import random\n\nPRICES = {'apple': random.randint(90, 120)}\n",
        },
    ),
    Failure(
        "syntax_error",
        "a bracket is never closed",
        prices("PRICES = {'apple': 120,\n\n\ndef price(name):\n    return PRICES[name]\n"),
    ),
    Failure(
        "error_at_import",
        "a name that was never defined",
        prices("PRICES = {'apple': APPLE}\n"),
    ),
    Failure(
        "shared_object_missing",
        "a vendor's library that the image does not have",
        prices('import ctypes\n\nlibrary = ctypes.CDLL("libvendorprices.so.3")\nPRICES = {}\n'),
    ),
    Failure(
        "env_missing",
        "DATABASE_URL was set nowhere",
        prices('import os\n\nDATABASE = os.environ["DATABASE_URL"]\nPRICES = {}\n'),
    ),
    Failure(
        "env_invalid",
        "CACHE_SECONDS is 15m",
        prices('import os\n\nCACHE = int(os.environ["CACHE_SECONDS"])\nPRICES = {}\n'),
        env={"CACHE_SECONDS": "15m"},
    ),
    Failure(
        "config_file_missing",
        "prices out of a file that is not in the image",
        prices('import json\n\nwith open("config/prices.json") as file:\n    PRICES = json.load(file)\n'),
    ),
    Failure(
        "credentials",
        "GOOGLE_APPLICATION_CREDENTIALS names a file of somebody's laptop",
        prices("import google.auth\n\ncredentials, project = google.auth.default()\nPRICES = {}\n"),
        env={"GOOGLE_APPLICATION_CREDENTIALS": "/secrets/key.json"},
    ),
    Failure(
        "database_at_startup",
        "migrations were never run",
        prices(
            "import sqlite3\n\ndatabase = sqlite3.connect(':memory:')\n"
            "PRICES = dict(database.execute('SELECT name, price FROM prices'))\n"
        ),
    ),
    Failure(
        "out_of_memory",
        "an index far larger than the memory",
        prices("INDEX = bytearray(1 << 48)\nPRICES = {}\n"),
    ),
    Failure(
        "exited_zero",
        "the last line of main.py was lost",
        main('from shop.prices import PRICES\n\nprint(f"{len(PRICES)} prices are loaded")\n'),
    ),
)

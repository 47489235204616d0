"""source: what a distribution brings along, from what is installed here and else from a table. Names only.

The table holds what the packages' own pages on PyPI list as requirements, for those that web services are made of; it
is what they have in common over years of versions, and lists no pins.
"""

import re
from collections.abc import Iterable, Mapping
from functools import cache
from importlib import metadata
from types import MappingProxyType

from packaging.markers import default_environment
from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

_TABLE_WORDS = """
    aiohttp: aiohappyeyeballs aiosignal attrs frozenlist multidict propcache yarl
    aiosignal: frozenlist
    alembic: sqlalchemy mako typing-extensions
    anthropic: anyio distro docstring-parser httpx jiter pydantic sniffio typing-extensions
    anyio: idna sniffio typing-extensions
    apache-airflow: flask sqlalchemy pendulum requests jinja2
    apscheduler: tzlocal pytz six
    asyncpg: async-timeout
    authlib: cryptography
    azure-core: requests six typing-extensions
    azure-identity: azure-core cryptography msal msal-extensions
    azure-storage-blob: azure-core cryptography isodate typing-extensions
    beautifulsoup4: soupsieve typing-extensions
    boto3: botocore jmespath s3transfer
    botocore: jmespath python-dateutil urllib3
    celery: billiard click click-didyoumean click-plugins click-repl kombu python-dateutil tzdata vine
    chromadb: fastapi uvicorn numpy pydantic httpx tenacity tokenizers typer tqdm typing-extensions pyyaml orjson onnxruntime
    click: colorama
    cloud-sql-python-connector: aiohttp cryptography google-auth requests
    cloud-sql-python-connector[asyncpg]: asyncpg
    cloud-sql-python-connector[pg8000]: pg8000
    cloud-sql-python-connector[pymysql]: pymysql
    cloudevents: deprecation
    connexion: requests jsonschema pyyaml werkzeug flask
    cryptography: cffi
    cffi: pycparser
    dash: flask plotly werkzeug requests typing-extensions
    django: asgiref sqlparse tzdata
    django-environ:
    django-allauth: asgiref django
    django-cors-headers: asgiref django
    django-extensions: django
    django-filter: django
    django-ninja: django pydantic
    django-redis: django redis
    django-storages: django
    djangorestframework: django
    djangorestframework-simplejwt: django djangorestframework pyjwt
    drf-spectacular: django djangorestframework inflection jsonschema pyyaml uritemplate
    drf-yasg: django djangorestframework inflection packaging pytz pyyaml uritemplate
    elasticsearch: elastic-transport python-dateutil typing-extensions
    fastapi: pydantic starlette typing-extensions typing-inspection annotated-doc
    fastapi[standard]: fastapi-cli httpx jinja2 python-multipart email-validator uvicorn[standard]
    fastapi[all]: fastapi-cli httpx jinja2 python-multipart email-validator uvicorn[standard] itsdangerous pyyaml ujson orjson pydantic-settings pydantic-extra-types
    fastapi-cli: typer uvicorn rich-toolkit
    fastapi-users: email-validator pwdlib pyjwt python-multipart fastapi makefun
    firebase-admin: cachecontrol google-api-core google-api-python-client google-cloud-firestore google-cloud-storage pyjwt requests httpx
    flask: blinker click importlib-metadata itsdangerous jinja2 markupsafe werkzeug
    flask-admin: flask wtforms jinja2
    flask-cors: flask werkzeug
    flask-jwt-extended: flask pyjwt werkzeug
    flask-limiter: flask limits ordered-set rich
    flask-login: flask werkzeug
    flask-marshmallow: flask marshmallow
    flask-migrate: alembic flask flask-sqlalchemy
    flask-restful: aniso8601 flask pytz six
    flask-restx: aniso8601 flask importlib-resources jsonschema werkzeug
    flask-smorest: apispec flask marshmallow webargs werkzeug
    flask-socketio: flask python-socketio
    flask-sqlalchemy: flask sqlalchemy
    flask-wtf: flask itsdangerous wtforms
    functions-framework: click cloudevents deprecation flask gunicorn starlette uvicorn uvicorn-worker watchdog werkzeug
    gcsfs: aiohttp decorator fsspec google-auth google-auth-oauthlib google-cloud-storage requests
    google-api-core: google-auth googleapis-common-protos proto-plus protobuf requests
    google-api-core[grpc]: grpcio grpcio-status
    google-api-python-client: google-api-core google-auth google-auth-httplib2 httplib2 uritemplate
    google-auth: cachetools cryptography pyasn1 pyasn1-modules rsa
    google-auth-httplib2: google-auth httplib2
    google-auth-oauthlib: google-auth requests-oauthlib
    google-cloud-aiplatform: docstring-parser google-api-core[grpc] google-auth google-cloud-bigquery google-cloud-resource-manager google-cloud-storage google-genai packaging proto-plus protobuf pydantic shapely typing-extensions
    google-cloud-bigquery: google-api-core[grpc] google-auth google-cloud-core google-resumable-media packaging python-dateutil requests
    google-cloud-core: google-api-core google-auth
    google-cloud-datastore: google-api-core[grpc] google-auth google-cloud-core proto-plus protobuf
    google-cloud-error-reporting: google-api-core[grpc] google-auth google-cloud-logging proto-plus protobuf
    google-cloud-firestore: google-api-core[grpc] google-auth google-cloud-core proto-plus protobuf
    google-cloud-logging: google-api-core[grpc] google-auth google-cloud-appengine-logging google-cloud-audit-log google-cloud-core grpc-google-iam-v1 opentelemetry-api proto-plus protobuf
    google-cloud-pubsub: google-api-core[grpc] google-auth grpc-google-iam-v1 grpcio grpcio-status opentelemetry-api opentelemetry-sdk proto-plus protobuf
    google-cloud-secret-manager: google-api-core[grpc] google-auth grpc-google-iam-v1 proto-plus protobuf
    google-cloud-spanner: google-api-core[grpc] google-cloud-core grpc-google-iam-v1 proto-plus protobuf sqlparse
    google-cloud-storage: google-api-core google-auth google-cloud-core google-crc32c google-resumable-media protobuf requests
    google-cloud-speech: google-api-core[grpc] google-auth proto-plus protobuf
    google-cloud-tasks: google-api-core[grpc] google-auth grpc-google-iam-v1 proto-plus protobuf
    google-cloud-texttospeech: google-api-core[grpc] google-auth proto-plus protobuf
    google-cloud-translate: google-api-core[grpc] google-auth google-cloud-core proto-plus protobuf
    google-cloud-vision: google-api-core[grpc] google-auth proto-plus protobuf
    google-genai: anyio distro google-auth httpx pydantic requests sniffio tenacity typing-extensions websockets
    google-generativeai: google-ai-generativelanguage google-api-core google-api-python-client google-auth protobuf pydantic tqdm typing-extensions
    gradio: fastapi httpx huggingface-hub jinja2 numpy pandas pillow pydantic pyyaml starlette uvicorn typer
    grpcio: typing-extensions
    grpcio-status: googleapis-common-protos grpcio protobuf
    gspread: google-auth google-auth-oauthlib
    gunicorn: packaging
    httpcore: certifi h11
    httpx: anyio certifi httpcore idna
    httpx[http2]: h2
    huggingface-hub: filelock fsspec packaging pyyaml requests tqdm typing-extensions
    hypercorn: h11 h2 priority wsproto
    instructor: openai pydantic tenacity typer rich aiohttp docstring-parser jinja2
    jinja2: markupsafe
    jsonschema: attrs jsonschema-specifications referencing rpds-py
    kombu: amqp tzdata vine
    langchain: langchain-core langchain-text-splitters langgraph langsmith pydantic pyyaml requests sqlalchemy
    langchain-anthropic: anthropic langchain-core pydantic
    langchain-community: langchain langchain-core sqlalchemy requests pyyaml aiohttp tenacity dataclasses-json pydantic-settings langsmith httpx-sse numpy
    langchain-core: jsonpatch langsmith packaging pydantic pyyaml tenacity typing-extensions
    langchain-google-genai: google-ai-generativelanguage langchain-core pydantic filetype
    langchain-openai: langchain-core openai tiktoken
    langgraph: langchain-core langgraph-checkpoint langgraph-prebuilt langgraph-sdk pydantic xxhash
    langsmith: httpx orjson packaging pydantic requests requests-toolbelt zstandard
    litellm: aiohttp click httpx importlib-metadata jinja2 jsonschema openai pydantic python-dotenv tiktoken tokenizers
    llama-index-core: aiohttp dataclasses-json httpx nltk numpy pillow pydantic pyyaml requests sqlalchemy tenacity tiktoken tqdm
    matplotlib: contourpy cycler fonttools kiwisolver numpy packaging pillow pyparsing python-dateutil
    mcp: anyio httpx httpx-sse jsonschema pydantic pydantic-settings pyjwt python-multipart sse-starlette starlette uvicorn
    motor: pymongo
    mongoengine: pymongo
    nltk: click joblib regex tqdm
    openai: anyio distro httpx jiter pydantic sniffio tqdm typing-extensions
    opentelemetry-api: importlib-metadata typing-extensions
    opentelemetry-sdk: opentelemetry-api opentelemetry-semantic-conventions typing-extensions
    pandas: numpy python-dateutil pytz tzdata
    passlib:
    passlib[bcrypt]: bcrypt
    paramiko: bcrypt cryptography pynacl
    peewee:
    plotly: narwhals packaging
    proto-plus: protobuf
    prophet: numpy pandas matplotlib holidays tqdm cmdstanpy
    psycopg[binary]: psycopg-binary
    psycopg[pool]: psycopg-pool
    pydantic: annotated-types pydantic-core typing-extensions typing-inspection
    pydantic[email]: email-validator
    pydantic-settings: pydantic python-dotenv typing-inspection
    email-validator: dnspython idna
    pydantic-ai: anthropic google-genai groq httpx mistralai openai pydantic pydantic-graph
    pymongo: dnspython
    pymongo[srv]: dnspython
    python-dateutil: six
    python-jose: ecdsa pyasn1 rsa
    python-jose[cryptography]: cryptography
    python-socketio: bidict python-engineio
    python-telegram-bot: httpx
    quart: aiofiles blinker click flask hypercorn itsdangerous jinja2 markupsafe werkzeug
    requests: certifi charset-normalizer idna urllib3
    requests-oauthlib: oauthlib requests
    rich: markdown-it-py pygments
    rsa: pyasn1
    sanic: aiofiles html5tagger httptools multidict sanic-routing tracerite typing-extensions ujson uvloop websockets
    scikit-learn: joblib numpy scipy threadpoolctl
    scipy: numpy
    seaborn: matplotlib numpy pandas
    selenium: certifi trio trio-websocket typing-extensions urllib3 websocket-client
    sendgrid: python-http-client starkbank-ecdsa ecdsa werkzeug
    sentence-transformers: huggingface-hub numpy pillow scikit-learn scipy torch tqdm transformers typing-extensions
    sentry-sdk: certifi urllib3
    slack-bolt: slack-sdk
    slowapi: limits
    spacy: jinja2 numpy packaging pydantic requests setuptools thinc tqdm typer
    sqlalchemy: greenlet typing-extensions
    sqlalchemy[asyncio]: greenlet
    sqlmodel: pydantic sqlalchemy
    sse-starlette: anyio starlette
    starlette: anyio typing-extensions
    starlette[full]: httpx itsdangerous jinja2 python-multipart pyyaml
    statsmodels: numpy packaging pandas patsy scipy
    streamlit: altair blinker cachetools click gitpython numpy packaging pandas pillow protobuf pyarrow pydeck requests tenacity toml tornado typing-extensions watchdog
    strawberry-graphql: graphql-core python-dateutil typing-extensions
    stripe: requests typing-extensions
    supabase: gotrue httpx postgrest realtime storage3 supafunc
    tensorflow: absl-py grpcio h5py keras numpy protobuf requests setuptools six tensorboard typing-extensions wrapt
    tiktoken: regex requests
    torch: filelock fsspec jinja2 networkx sympy typing-extensions
    torchvision: numpy pillow torch
    transformers: filelock huggingface-hub numpy packaging pyyaml regex requests safetensors tokenizers tqdm
    twilio: aiohttp pyjwt requests
    typer: click rich shellingham typing-extensions
    unstructured: beautifulsoup4 chardet emoji langdetect lxml nltk numpy requests tqdm
    uvicorn: click h11 typing-extensions
    uvicorn[standard]: httptools python-dotenv pyyaml uvloop watchfiles websockets
    uvicorn-worker: gunicorn uvicorn
    weasyprint: cffi fonttools pillow pydyf pyphen tinycss2
    werkzeug: markupsafe
    xgboost: numpy scipy
    yarl: idna multidict propcache
    yfinance: beautifulsoup4 numpy pandas requests peewee pytz platformdirs
"""
_TABLE: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        name: tuple(brought.split())
        for name, brought in re.findall(r"^ +(\S+):(.*)$", _TABLE_WORDS, re.MULTILINE)
    }
)
# Libraries of the table that somebody else's package may bring as well.
_ALONG = frozenset(name.partition("[")[0] for brought in _TABLE.values() for name in brought)


def linux(python: str) -> dict[str, str]:
    """Return the environment in which markers are judged: Linux on x86-64, and the image's Python, else ours."""
    told = {name: str(value) for name, value in default_environment().items()}
    told.update(
        {
            "os_name": "posix",
            "sys_platform": "linux",
            "platform_system": "Linux",
            "platform_machine": "x86_64",
            "implementation_name": "cpython",
            "platform_python_implementation": "CPython",
        }
    )
    if python:
        told["python_version"] = ".".join(python.split(".")[:2])
        told["python_full_version"] = python if python.count(".") > 1 else f"{python}.0"
    return told


def brought_by(name: str, extras: Iterable[str], environment: dict[str, str]) -> list[Requirement] | None:
    """Return what a distribution requires with these extras, or `None` where neither is known.

    `name` is normalised. What is installed here tells it best, whatever its version.
    """
    extras = list(extras)
    installed = _required(name)
    if installed is not None:
        wanted = ["", *extras]
        return [one for one in installed if applies(one, environment, wanted)]
    if name not in _TABLE and not any(f"{name}[{extra}]" in _TABLE for extra in extras):
        return None
    keys = [name, *(f"{name}[{extra}]" for extra in extras)]
    return [Requirement(one) for key in keys for one in _TABLE.get(key, ())]


def applies(requirement: Requirement, environment: dict[str, str], extras: Iterable[str] = ("",)) -> bool:
    """Tell whether a requirement's marker holds, for one of the extras at least."""
    marker = requirement.marker
    return marker is None or any(marker.evaluate({**environment, "extra": extra}) for extra in extras)


def known(distribution: str) -> bool:
    """Tell whether a distribution is one of the table, or brought by one."""
    return canonicalize_name(distribution) in _ALONG or canonicalize_name(distribution) in _TABLE


def comes_along(distribution: str) -> bool:
    """Tell whether a distribution is one that others commonly bring along."""
    return canonicalize_name(distribution) in _ALONG


@cache
def installed_here(module: str) -> str:
    """Name the distribution that has a module in this program's own environment; empty where there is none."""
    found = _modules_here().get(module.partition(".")[0], ())
    return (
        next((one for one in found if canonicalize_name(one) != "buddy-tui"), "") if len(found) == 1 else ""
    )


@cache
def _modules_here() -> Mapping[str, list[str]]:
    return metadata.packages_distributions()


@cache
def _required(name: str) -> list[Requirement] | None:
    try:
        told = metadata.requires(name) or []
        return [Requirement(one) for one in told]
    except (metadata.PackageNotFoundError, InvalidRequirement):
        return None

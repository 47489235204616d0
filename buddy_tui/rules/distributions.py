"""rules: which distribution brings a module, and which names belong to Python itself. Names only, no look-ups.

The tables are what PyPI's own pages say, written down for the packages that web services import most.
"""

import re
import sys
from collections.abc import Mapping
from types import MappingProxyType

# Modules that are called otherwise than what is installed. The longest prefix of a dotted name counts.
_RENAMED_WORDS = """
    allauth:django-allauth alpaca:alpaca-py argon2:argon2-cffi attr:attrs autogen:pyautogen
    azure.cosmos:azure-cosmos azure.identity:azure-identity azure.storage.blob:azure-storage-blob
    bs4:beautifulsoup4 bson:pymongo cassandra:cassandra-driver corsheaders:django-cors-headers
    Crypto:pycryptodome Cryptodome:pycryptodomex cv2:opencv-python-headless dateutil:python-dateutil
    debug_toolbar:django-debug-toolbar decouple:python-decouple deepgram:deepgram-sdk discord:discord.py
    dj_database_url:dj-database-url django_filters:django-filter dns:dnspython docx:python-docx
    dotenv:python-dotenv email_validator:email-validator engineio:python-engineio environ:django-environ
    faiss:faiss-cpu fastapi_cache:fastapi-cache2 ffmpeg:ffmpeg-python firecrawl:firecrawl-py fitz:PyMuPDF
    flask_cors:Flask-Cors flask_sqlalchemy:Flask-SQLAlchemy fpdf:fpdf2 git:GitPython github:PyGithub
    google.adk:google-adk google.ai.generativelanguage:google-ai-generativelanguage
    google.api:googleapis-common-protos google.api_core:google-api-core google.auth:google-auth
    google.cloud.bigquery_storage:google-cloud-bigquery-storage
    google.cloud.error_reporting:google-cloud-error-reporting
    google.cloud.secretmanager:google-cloud-secret-manager google.cloud.sql:cloud-sql-python-connector
    google.genai:google-genai google.generativeai:google-generativeai google.oauth2:google-auth
    google.protobuf:protobuf google_auth_httplib2:google-auth-httplib2
    google_auth_oauthlib:google-auth-oauthlib googleapiclient:google-api-python-client gridfs:pymongo
    grpc:grpcio grpc_health:grpcio-health-checking grpc_reflection:grpcio-reflection
    grpc_status:grpcio-status gtts:gTTS guardian:django-guardian haystack:haystack-ai
    imblearn:imbalanced-learn import_export:django-import-export jose:python-jose jwt:PyJWT
    kafka:kafka-python ldap:python-ldap llama_cpp:llama-cpp-python logtail:logtail-python
    magic:python-magic markdown:Markdown multipart:python-multipart
    mysql.connector:mysql-connector-python MySQLdb:mysqlclient mysqlx:mysql-connector-python nacl:PyNaCl
    newspaper:newspaper3k ninja:django-ninja OpenSSL:pyOpenSSL opentelemetry:opentelemetry-api
    opentelemetry.sdk:opentelemetry-sdk opentelemetry.trace:opentelemetry-api pdfminer:pdfminer.six PIL:Pillow pipecat:pipecat-ai
    pkg_resources:setuptools pptx:python-pptx prometheus_client:prometheus-client
    psycopg2:psycopg2-binary pydantic_settings:pydantic-settings pymysql:PyMySQL
    pythonjsonlogger:python-json-logger qdrant_client:qdrant-client rest_framework:djangorestframework
    rest_framework_simplejwt:djangorestframework-simplejwt ruamel.yaml:ruamel.yaml saml2:pysaml2
    sentry_sdk:sentry-sdk serial:pyserial skimage:scikit-image sklearn:scikit-learn slack_bolt:slack-bolt
    slack_sdk:slack-sdk slugify:python-slugify snowflake:snowflake-connector-python snowflake.connector:snowflake-connector-python
    snowflake.sqlalchemy:snowflake-sqlalchemy social_django:social-auth-app-django
    socketio:python-socketio speech_recognition:SpeechRecognition sqlalchemy:SQLAlchemy
    storages:django-storages strawberry:strawberry-graphql strawberry_django:strawberry-graphql-django
    swagger_ui:swagger-ui-py tabula:tabula-py taggit:django-taggit telegram:python-telegram-bot
    tortoise:tortoise-orm umap:umap-learn usb:pyusb uvicorn_worker:uvicorn-worker uwsgi:uWSGI vcr:vcrpy
    vertexai:google-cloud-aiplatform weaviate:weaviate-client websocket:websocket-client
    wikipediaapi:Wikipedia-API win32api:pywin32 yaml:PyYAML yoyo:yoyo-migrations zmq:pyzmq
"""
_RENAMED: Mapping[str, str] = MappingProxyType(dict(pair.split(":") for pair in _RENAMED_WORDS.split()))

# Modules that are called like what is installed, but for `_` and `-`.
_SAME_WORDS = """
    accelerate agno aioboto3 aiofiles aiogram aiohttp aiohttp_cors aiohttp_retry aiokafka aiolimiter
    aiomysql aioredis aiosignal aiosmtplib aiosqlite alembic altair ansible anthropic anyio apispec
    appium apscheduler arq arrow arxiv asgiref assemblyai asyncpg asyncssh authlib babel backoff bcrypt
    beartype bidict bitsandbytes bleach blinker boto3 botocore bottle brotli cachelib cachetools cairosvg
    casbin catboost cattrs ccxt celery cerberus certifi cffi chainlit channels chardet chromadb click
    clickhouse_connect clickhouse_driver cloudevents cloudinary cloudscraper cohere colorama colorlog
    confluent_kafka connexion crewai croniter cryptg cryptography cyclopts cymem dacite daphne dash
    databases datasets dateparser ddtrace deepdiff defusedxml diffusers dill diskcache django
    django_celery_beat django_celery_results django_extensions django_htmx django_redis
    djangorestframework docker docling docxtpl drf_spectacular drf_yasg duckdb duckduckgo_search easyocr
    ecdsa edge_tts einops elasticsearch elevenlabs emoji eventlet faker fakeredis falcon fastapi
    fastapi_mail fastapi_utils fastapi_cli fastapi_pagination fastapi_users fastavro fastembed fastmcp feedgen feedparser filelock
    firebase_admin flair flasgger flask flask_admin flask_api flask_apscheduler flask_assets flask_babel
    flask_basicauth flask_bcrypt flask_caching flask_compress flask_httpauth flask_jwt_extended
    flask_limiter flask_login flask_mail flask_marshmallow flask_migrate flask_moment flask_mongoengine
    flask_pymongo flask_restful flask_restx flask_session flask_smorest flask_socketio flask_talisman
    flask_wtf folium fsspec functions_framework fuzzywuzzy gensim geopandas geopy gevent gql gradio
    granian graphene graphql graphviz greenlet groq gspread gunicorn h11 h2 h5py holidays html2text
    html5lib httplib2 httptools httpx httpx_sse huggingface_hub humanize hypercorn ibm_watson icalendar
    idna ijson imageio imageio_ffmpeg inflection influxdb_client instructor ipinfo isodate itsdangerous
    jax jaxlib jieba jinja2 jira jmespath joblib jsonpatch jsonpath_ng jsonpickle jsonschema jwcrypto
    keras kombu kubernetes lancedb langchain langchain_anthropic langchain_community langchain_core
    langchain_google_genai langchain_google_vertexai langchain_openai langchain_text_splitters langdetect
    langfuse langgraph langsmith librosa lightgbm lightning limits litellm litestar llama_index logfire
    loguru lxml mako mammoth mangum markdown2 markdownify markupsafe marshmallow marshmallow_sqlalchemy
    matplotlib mcp meilisearch mistralai mlflow mongoengine motor moviepy mpmath msal msgpack msgspec
    mutagen mypy natsort neo4j networkx newrelic nextcord nicegui nltk notion_client numba numexpr numpy
    oauthlib odmantic ollama onnx onnxruntime openai openpyxl optuna oracledb orjson ormar packaging
    pandas paramiko passlib pathspec pdf2image pdfkit pdfplumber peewee peft pendulum pgvector
    phonenumbers piccolo pika pillow_heif pinecone platformdirs playwright plotly polars portalocker
    posthog prefect prettytable prisma promptflow prophet protobuf psutil psycopg psycopg2cffi
    psycopg_pool pulp pvlib pyarrow pyasn1 pybreaker pycaret pycountry pydantic pydantic_ai
    pydantic_extra_types pydeck pydub pygments pyjokes pymilvus pymongo pymssql pyodbc pyotp pyparsing
    pypdf PyPDF2 pypdfium2 pyperclip pyppeteer pyproj pyramid pysftp pyspark pytesseract pytest pytube
    pytz pytz_deprecation_shim pywebpush pyzbar qrcode quart rapidfuzz ratelimit rdflib realtime redis
    regex rembg replicate reportlab requests requests_oauthlib resend responses retry retrying rich
    rich_click robyn rq rsa s3fs safetensors sanic schedule scipy scrapy seaborn selenium semver sendgrid
    sentence_transformers sentencepiece setproctitle setuptools sgmllib3k shap shapely shortuuid
    simple_salesforce simplejson six sklearn_crfsuite slowapi sniffio sounddevice soundfile spacy
    speechbrain spotipy sqladmin sqlalchemy_utils sqlglot sqlmodel sqlparse sse_starlette
    stable_baselines3 starlette starlette_admin starlette_context statsmodels streamlit stripe structlog stytch supabase
    svix sympy tabulate tavily telethon temporalio tenacity tensorboard tensorflow termcolor textblob
    textual tiktoken timm tinydb tldextract together toml tomli tomli_w tomlkit toolz torch torchaudio
    torchvision tornado tqdm traceloop trafilatura transformers trio trl tweepy twilio typer
    typing_extensions tzdata tzlocal ujson ultralytics undetected_chromedriver unidecode unsloth
    unstructured upstash_redis urllib3 user_agents uuid6 uvicorn uvloop vaderSentiment validators vine
    vonage voyageai wagtail waitress wandb watchdog watchfiles weasyprint webargs webcolors websockets
    werkzeug whitenoise wikipedia wordcloud workos wrapt wsproto wtforms xgboost xhtml2pdf xlrd
    xlsxwriter xlwt xmlsec xmltodict yarl yfinance youtube_transcript_api yt_dlp zeep zipp zstandard
"""
_SAME = frozenset(_SAME_WORDS.split())

# Roots that many distributions share: a missing part of them is a missing distribution.
_SHARED_ROOTS = frozenset(
    {
        "azure",
        "backports",
        "google",
        "jaraco",
        "llama_index",
        "mysql",
        "opentelemetry",
        "ruamel",
        "snowflake",
        "zope",
    }
)

# Names of the list above that projects give to modules of their own too.
_AMBIGUOUS_WORDS = """
    arrow bottle channels click databases docker emoji environ events falcon git github graphql guardian
    holidays import_export instructor lightning limits magic markdown mcp motor multipart ninja prefect
    realtime redis replicate responses retry schedule schema serial slugify storages telegram together
    unstructured usb validators vcr vine websocket
"""
_AMBIGUOUS = frozenset(_AMBIGUOUS_WORDS.split())

# Modules that Python once had, by what brings them back; empty where nothing does.
_REMOVED: Mapping[str, str] = MappingProxyType(
    {
        "aifc": "standard-aifc",
        "asynchat": "pyasynchat",
        "asyncore": "pyasyncore",
        "audioop": "audioop-lts",
        "cgi": "legacy-cgi",
        "cgitb": "legacy-cgi",
        "chunk": "standard-chunk",
        "crypt": "legacycrypt",
        "distutils": "setuptools",
        "imghdr": "standard-imghdr",
        "imp": "",
        "lib2to3": "",
        "mailcap": "standard-mailcap",
        "nntplib": "standard-nntplib",
        "pipes": "standard-pipes",
        "smtpd": "aiosmtpd",
        "sndhdr": "standard-sndhdr",
        "telnetlib": "standard-telnetlib",
        "uu": "standard-uu",
        "xdrlib": "standard-xdrlib",
    }
)
_STDLIB = sys.stdlib_module_names | _REMOVED.keys()
# Parts of the standard library that came with Python 3.9 to 3.14, by what brings them to older ones.
_YOUNG: Mapping[str, str] = MappingProxyType(
    {"compression": "", "graphlib": "graphlib-backport", "tomllib": "tomli", "zoneinfo": "backports.zoneinfo"}
)
# What a line for requirements.txt says beyond the name.
_PINNED: Mapping[str, str] = MappingProxyType(
    {"psycopg": "psycopg[binary]", "setuptools": "setuptools<81  # the last that has pkg_resources"}
)
_API_VERSION = re.compile(r"_v\d\w*$")


def distribution_of(module: str) -> str:
    """Name what to install for a dotted module name, e.g. `google.cloud.storage` -> `google-cloud-storage`."""
    parts = [_API_VERSION.sub("", part) for part in module.split(".")]
    shared = parts[0] in _SHARED_ROOTS
    for length in range(len(parts), 1 if shared and len(parts) > 1 else 0, -1):
        prefix = ".".join(parts[:length])
        if prefix in _RENAMED:
            return _RENAMED[prefix]
    if shared:
        return "-".join(parts[:3]).replace("_", "-")
    return parts[0].replace("_", "-")


def requirement_of(module: str) -> str:
    """Return the line for requirements.txt that brings a module."""
    name = distribution_of(module)
    return _PINNED.get(name, name)


def well_known(module: str) -> bool:
    """Tell whether a module's first part is that of a widely used distribution."""
    first = module.partition(".")[0]
    return first in _SAME or first in _SHARED_ROOTS or any(first == key.partition(".")[0] for key in _RENAMED)


def ambiguous(module: str) -> bool:
    """Tell whether projects often give this name to a module of their own, though a distribution has it too."""
    return module.partition(".")[0] in _AMBIGUOUS


def akin(module: str) -> str:
    """Return the widely used distribution whose add-on a module seems to be by its name, e.g. `flask` of `flask_x`."""
    stem = module.partition(".")[0]
    while "_" in stem:
        stem = stem.rpartition("_")[0]
        if stem not in _AMBIGUOUS and (stem in _SAME or stem in _RENAMED):
            return stem
    return ""


def shared_root(module: str) -> bool:
    """Tell whether many distributions put their modules below this name's first part, as with `google.cloud`."""
    return module.partition(".")[0] in _SHARED_ROOTS


def in_python(module: str) -> bool:
    """Tell whether a module's first part is one of Python's own, of this version or an older one."""
    return module.partition(".")[0] in _STDLIB


def gone(module: str) -> bool:
    """Tell whether Python once had this module and dropped it (PEP 594, PEP 632 and others)."""
    return module.partition(".")[0] in _REMOVED


def backport(module: str) -> str:
    """Name what to install for a part of Python that the image's version has no more or not yet; may be empty."""
    first = module.partition(".")[0]
    return _REMOVED.get(first) or _YOUNG.get(first, "")

"""Tracebacks as real Pythons and loggers wrote them; paths are made up."""

MISSING = """\
Traceback (most recent call last):
  File "/usr/local/bin/uvicorn", line 8, in <module>
    sys.exit(main())
             ^^^^^^
  File "/usr/local/lib/python3.11/site-packages/uvicorn/main.py", line 448, in main
    config.load_app()
  File "/usr/local/lib/python3.11/site-packages/uvicorn/config.py", line 434, in load_app
    return import_from_string(self.app)
           ^^^^^^^^^^^^^^^^^^^^^^^^^^^^
  File "/usr/local/lib/python3.11/site-packages/uvicorn/importer.py", line 19, in import_from_string
    module = importlib.import_module(module_str)
             ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
  File "/usr/local/lib/python3.11/importlib/__init__.py", line 126, in import_module
    return _bootstrap._gcd_import(name[level:], package, level)
           ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
  File "<frozen importlib._bootstrap>", line 1204, in _gcd_import
  File "<frozen importlib._bootstrap>", line 1176, in _find_and_load
  File "<frozen importlib._bootstrap>", line 241, in _call_with_frames_removed
  File "/app/main.py", line 14, in <module>
    from Back_End.whiteboard_metrics import board
ModuleNotFoundError: No module named 'Back_End'"""

CHAIN = """\
Traceback (most recent call last):
  File "/app/chain.py", line 7, in load
    return read("/secrets/settings.json")
           ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
  File "/app/chain.py", line 4, in read
    return json.loads(open(path).read())
                      ~~~~^^^^^^
FileNotFoundError: [Errno 2] No such file or directory: '/secrets/settings.json'
mount the secret at /secrets

The above exception was the direct cause of the following exception:

Traceback (most recent call last):
  File "/app/chain.py", line 12, in <module>
    load()
    ~~~~^^
  File "/app/chain.py", line 10, in load
    raise SettingsMissing("no settings\\nlooked in:\\n  /secrets\\n  /etc") from error
SettingsMissing: no settings
looked in:
  /secrets
  /etc

During handling of the above exception, another exception occurred:

Traceback (most recent call last):
  File "/app/chain.py", line 14, in <module>
    {}["fallback"]
    ~~^^^^^^^^^^^^
KeyError: 'fallback'"""

GROUP = """\
  + Exception Group Traceback (most recent call last):
  |   File "/app/group.py", line 12, in <module>
  |     run(inner, a)
  |     ~~~^^^^^^^^^^
  |   File "/app/group.py", line 10, in run
  |     raise ExceptionGroup("several", es)
  | ExceptionGroup: several (2 sub-exceptions)
  +-+---------------- 1 ----------------
    | Exception Group Traceback (most recent call last):
    |   File "/app/group.py", line 8, in run
    |     try: f()
    |          ~^^
    |   File "/app/group.py", line 10, in run
    |     raise ExceptionGroup("inner", es)
    | ExceptionGroup: inner (1 sub-exception)
    +-+---------------- 1 ----------------
      | Traceback (most recent call last):
      |   File "/app/group.py", line 3, in b
      |     try: a()
      |          ~^^
      |   File "/app/group.py", line 1, in a
      |     def a(): raise KeyError("STRIPE_KEY")
      |              ^^^^^^^^^^^^^^^^^^^^^^^^^^^^
      | KeyError: 'STRIPE_KEY'
      |
      | The above exception was the direct cause of the following exception:
      |
      | Traceback (most recent call last):
      |   File "/app/group.py", line 4, in b
      |     except KeyError as e: raise ValueError("bad b") from e
      |                           ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
      | ValueError: bad b
      +------------------------------------
    +---------------- 2 ----------------
    | Traceback (most recent call last):
    |   File "/app/group.py", line 21, in c
    |     connect()
    | TimeoutError
    +------------------------------------"""

SYNTAX = """\
Traceback (most recent call last):
  File "/app/syn.py", line 1, in <module>
    import bad
  File "/app/bad.py", line 1
    def f(:
          ^
SyntaxError: invalid syntax"""

SYNTAX_ALONE = SYNTAX.partition("import bad\n")[2]

RECURSION = """\
Traceback (most recent call last):
  File "/app/rec.py", line 2, in <module>
    f()
    ~^^
  File "/app/rec.py", line 1, in f
    def f(): f()
             ~^^
  [Previous line repeated 996 more times]
RecursionError: maximum recursion depth exceeded"""

PYDANTIC = """\
Traceback (most recent call last):
  File "/app/settings.py", line 9, in <module>
    settings = Settings()
               ^^^^^^^^^^
  File "/app/.venv/lib/python3.12/site-packages/pydantic_settings/main.py", line 84, in __init__
    super().__init__(
pydantic_core._pydantic_core.ValidationError: 2 validation errors for Settings
database_url
  Field required [type=missing, input_value={'PORT': '8080'}, input_type=dict]
    For further information visit https://errors.pydantic.dev/2.9/v/missing
secret_key
  Field required [type=missing, input_value={'PORT': '8080'}, input_type=dict]
    For further information visit https://errors.pydantic.dev/2.9/v/missing"""

MULTIPART = """\
Traceback (most recent call last):
  File "/app/main.py", line 3, in <module>
    @app.post("/upload")
     ^^^^^^^^^^^^^^^^^^^
  File "/app/.venv/lib/python3.12/site-packages/fastapi/dependencies/utils.py", line 145, in ensure_multipart_is_installed
    raise RuntimeError(multipart_not_installed_error) from None
RuntimeError: Form data requires "python-multipart" to be installed.\x20
You can install "python-multipart" with:\x20

pip install python-multipart
"""

RICH = """\
╭───────────────────── Traceback (most recent call last) ──────────────────────╮
│ /usr/local/lib/python3.11/importlib/__init__.py:126 in                       │
│ import_module                                                                │
│                                                                              │
│   125 │   │   level += 1                                                     │
│ ❱ 126 │   return _bootstrap._gcd_import(name[level:], package, level)        │
│   127                                                                        │
│ in _gcd_import:1204                                                          │
│ in _find_and_load:1176                                                       │
│                                                                              │
│ /app/some_quite_long_directory_name/another_quite_long_directory_name/third_ │
│ directory_name/module.py:10 in load                                          │
│                                                                              │
│    9 def load():                                                             │
│ ❱ 10 │   import boto3                                                        │
│   11                                                                         │
│                                                                              │
│ ╭───────────── locals ─────────────╮                                         │
│ │ name = '/app/x.py:3 in <module>' │                                         │
│ ╰──────────────────────────────────╯                                         │
╰──────────────────────────────────────────────────────────────────────────────╯
ModuleNotFoundError: No module named 'boto3'
[NOTE] install the extra

The above exception was the direct cause of the following exception:

╭───────────────────── Traceback (most recent call last) ──────────────────────╮
│ /app/main.py:4 in <module>                                                   │
│                                                                              │
│   3                                                                          │
│ ❱ 4 storage = load()                                                         │
╰──────────────────────────────────────────────────────────────────────────────╯
RuntimeError: a long message that goes on and must be wrapped by the console
because it is so long"""

RICH_SYNTAX = """\
╭───────────────────── Traceback (most recent call last) ──────────────────────╮
│ /app/main.py:3 in <module>                                                   │
│                                                                              │
│ ❱ 3 import bad                                                               │
╰──────────────────────────────────────────────────────────────────────────────╯
╭──────────────────────────────────────────────────────────────────────────────╮
│ /app/bad.py:1                                                                │
│ def f(:                                                                      │
│       ▲                                                                      │
╰──────────────────────────────────────────────────────────────────────────────╯
SyntaxError: invalid syntax"""

LOGURU = """\
2026-11-23 08:44:36.436 | ERROR    | main:<module>:9 - An error has been caught in function '<module>'
Traceback (most recent call last):

  File "/usr/local/bin/uvicorn", line 8, in <module>
    sys.exit(main())
    │   │    └ <Command main>
    │   └ <built-in function exit>
    └ <module 'sys' (built-in)>

> File "/app/main.py", line 9, in <module>
    app = build()
          └ <function build at 0x7f3d406ab240>

  File "/app/main.py", line 7, in build
    import redis_om

ModuleNotFoundError: No module named 'redis_om'"""

"""Which web page may call the backend."""


class CorsPolicy:
    def __init__(self, allowed_origin: str) -> None:
        self._allowed_origin = allowed_origin

    def headers(self) -> dict[str, str]:
        return {
            "access-control-allow-origin": self._allowed_origin,
            "access-control-allow-methods": "GET, POST, DELETE",
            "access-control-allow-headers": "content-type",
        }

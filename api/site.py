"""The dashboard's built files.

Law: what carries a hash in its name never changes and is cached for ever; everything else is asked for anew each time.
An address that belongs to no file and no route of the API is the page itself, which finds its way by the address.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import FileResponse, Response

POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "manifest-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
)
"""Without inline scripts or styles, and without any other origin."""

_ASSETS: Final = "assets"
_FOR_EVER: Final = "public, max-age=31536000, immutable"
_API: Final = ("api/", "ws/", "health", "openapi.json")
_TYPES: Final = {
    ".html": "text/html", ".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml",
    ".webmanifest": "application/manifest+json",
}
"""What is built; anything else is no file of ours."""


def built(folder: Path | None) -> bool:
    """Whether a dashboard was built there."""
    return folder is not None and (folder / "index.html").is_file()


def routes(folder: Path) -> APIRouter:
    """Every address that no other route has; include it last."""
    router = APIRouter(include_in_schema=False)
    root = folder.resolve()

    @router.api_route("/{path:path}", methods=["GET", "HEAD"])
    async def file(path: str, request: Request) -> Response:
        """A file, or the page."""
        if path.startswith(_API):
            raise HTTPException(404)
        found = (root / path).resolve()
        small = "gzip" in request.headers.get("accept-encoding", "")
        if path and found.is_relative_to(root) and found.suffix in _TYPES and found.is_file():
            return _answer(found, _FOR_EVER if path.startswith(f"{_ASSETS}/") else "no-cache", small)
        if path.startswith(f"{_ASSETS}/") or Path(path).suffix in _TYPES:
            raise HTTPException(404)  # an old page asks for what is gone: it must not get a page for a script
        return _answer(root / "index.html", "no-cache", small)

    return router


def _answer(found: Path, caching: str, small: bool) -> Response:
    """The file; as it was gzipped when it was built, for those that take it so."""
    kind, packed = found.suffix, found.with_name(f"{found.name}.gz")
    headers = {"Cache-Control": caching, "Content-Security-Policy": POLICY, "Vary": "Accept-Encoding"}
    if small and packed.is_file():
        found, headers = packed, {**headers, "Content-Encoding": "gzip"}
    return FileResponse(found, headers=headers, media_type=_TYPES[kind])

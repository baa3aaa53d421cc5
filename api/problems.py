"""Errors as problem documents (RFC 9457)."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, Final

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from loguru import logger
from starlette.exceptions import HTTPException

from api.gateway import Unavailable
from api.models import Problem
from core.errors import InputError

MEDIA_TYPE: Final = "application/problem+json"


def response(
    status: int, detail: str, instance: str, *, headers: dict[str, str] | None = None,
    errors: tuple[dict[str, str], ...] = (),
) -> JSONResponse:
    """A problem document with its status."""
    title = HTTPStatus(status).phrase
    problem = Problem(title=title, status=status, detail=detail, instance=instance, errors=errors)
    return JSONResponse(problem.model_dump(), status, headers, MEDIA_TYPE)


def documented(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """OpenAPI entries for the problems that a route may answer."""
    schema = {"$ref": "#/components/schemas/Problem"}
    return {
        status: {"description": HTTPStatus(status).phrase, "content": {MEDIA_TYPE: {"schema": schema}}}
        for status in statuses
    }


def install(app: FastAPI) -> None:
    """Answer every error of ``app`` with a problem document; unforeseen ones without their insides."""
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(InputError, _input)
    app.add_exception_handler(Unavailable, _unavailable)
    app.add_exception_handler(Exception, _unforeseen)


async def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    headers = dict(error.headers) if error.headers else None
    if error.status_code == HTTPStatus.NOT_MODIFIED:
        return Response(status_code=error.status_code, headers=headers)  # which bears no body
    return response(error.status_code, str(error.detail), request.url.path, headers=headers)


async def _invalid(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    # The offending input is not repeated: it may be anything, even what JSON cannot say.
    errors = tuple(
        {"where": ".".join(str(part) for part in fault["loc"]), "message": str(fault["msg"])}
        for fault in error.errors()
    )
    return response(422, "a value is not allowed", request.url.path, errors=errors)


async def _input(request: Request, error: Exception) -> JSONResponse:
    return response(422, str(error), request.url.path)


async def _unavailable(request: Request, error: Exception) -> JSONResponse:
    return response(503, str(error), request.url.path, headers={"Retry-After": "2"})


async def _unforeseen(request: Request, error: Exception) -> JSONResponse:
    logger.opt(exception=error).error("api: {} {} failed", request.method, request.url.path)
    return response(500, "an unforeseen error; the log has its details", request.url.path)

"""Signing in and out."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from api.bodies import Body, read_options, takes
from api.session_cookie import SessionCookie
from api.state import App, By
from runtime.permissions import needs
from services.access.answers import SignedOut, Who

router = APIRouter(prefix="/v1/session", tags=["Access"])


class SignInBody(BaseModel):
    """Who signs in."""

    model_config = ConfigDict(extra="forbid", strict=True)

    name: str = Field(max_length=1_000, description="Key or e-mail address of the person")
    password: str = Field(max_length=1_000)


class PasswordBody(BaseModel):
    """A new password for oneself."""

    model_config = ConfigDict(extra="forbid", strict=True)

    present: str = Field(max_length=1_000, description="The one that is valid now")
    password: str = Field(max_length=1_000, description="The new one")


async def _cookie(app: App) -> SessionCookie:
    return SessionCookie(app.resources.settings, app.access.installation)


Cookie = Annotated[SessionCookie, Depends(_cookie)]


@router.post("", openapi_extra=takes(SignInBody), response_model_exclude_unset=True, summary="Sign in")
@needs("anybody")
def sign_in(body: Body, app: App, cookie: Cookie, request: Request, response: Response) -> Who:
    """Sets a cookie that stands for the person until they sign out.

    Unknown names and wrong passwords are answered alike; too many of them with 429 and `Retry-After`.
    """
    given = read_options(SignInBody, body)
    signed_in = app.access.sessions.sign_in(given.name, given.password, _address(request))
    cookie.set(response, signed_in.token, signed_in.seconds, scheme=request.url.scheme, host=_host(request))
    return signed_in.who


@router.get("", response_model_exclude_unset=True, summary="Who makes this call")
@needs("signed in")
def who(by: By) -> Who:
    """A person, a key or this machine, and what that one may do."""
    return Who.of(by)


@router.delete("", summary="Sign out")
@needs("signed in")
def sign_out(
    app: App,
    by: By,
    cookie: Cookie,
    request: Request,
    response: Response,
    *,
    everywhere: Annotated[bool, Query(description="All sessions of the person end")] = False,
) -> SignedOut:
    """The session ends at once, and the browser forgets its cookie."""
    token = cookie.token(request.headers.get("cookie", ""))
    cookie.clear(response, scheme=request.url.scheme, host=_host(request))
    if everywhere:
        return SignedOut(ended=app.access.sessions.sign_out_everywhere(by))
    return SignedOut(ended=int(token is not None and app.access.sessions.sign_out(token)))


@router.put(
    "/password", status_code=204, openapi_extra=takes(PasswordBody), summary="Change one's own password"
)
@needs("signed in")
def change_password(body: Body, app: App, by: By, cookie: Cookie, request: Request) -> None:
    """All other sessions of the person end."""
    given = read_options(PasswordBody, body)
    token = cookie.token(request.headers.get("cookie", ""))
    app.access.sessions.change_password(by, given.present, given.password, token)


def _address(request: Request) -> str:
    return request.client.host if request.client else ""


def _host(request: Request) -> str:
    return request.headers.get("host", "")

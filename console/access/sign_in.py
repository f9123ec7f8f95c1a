"""Signing in and out, and one's own settings. Who was signed out in the middle of something loses nothing typed."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from api.access.session import Cookie
from console.forms import Form, Sent
from console.pages import Desk, Here, own_address, see
from console.records.reading import told
from runtime.permissions import needs
from services.resources import Busy, Invalid, NotSignedIn

router = APIRouter()
#: What stands before the names of fields of a form that waits for its sender to sign in.
KEPT = "kept."


@router.get("/sign-in")
@needs("anybody")
def ask(desk: Here, to: Annotated[str | None, Query(max_length=2_000, alias="next")] = None) -> Response:
    """The question who it is."""
    return asking(desk, to or "/", Form([]))


def asking(desk: Desk, to: str, kept: Form, error: str | None = None, name: str = "") -> Response:
    """The page; `kept`: the fields of a form that was sent by somebody who was not signed in any more."""
    status = 401 if error or kept.fields else 200
    return desk.page("access/sign_in.html", status, to=to, kept=kept, error=error, name=name, prefix=KEPT)


@router.post("/sign-in")
@needs("anybody")
def sign_in(desk: Here, form: Sent, request: Request, cookie: Cookie) -> Response:
    """Begin a session, and go on where it was asked for."""
    to = own_address(form.text("next") or "/")
    kept = Form([(name.removeprefix(KEPT), value) for name, value in form.fields if name.startswith(KEPT)])
    address = request.client.host if request.client is not None else ""
    try:
        signed_in = desk.application.access.sessions.sign_in(form.text("name"), form.raw("password"), address)
    except (NotSignedIn, Busy) as error:
        said = (
            desk.speech.gettext("The name or the password is wrong.")
            if isinstance(error, NotSignedIn)
            else desk.speech.gettext("Too many wrong passwords. Try again in a quarter of an hour.")
        )
        return asking(desk, to, kept, said, form.text("name"))
    answer = desk.page("access/resume.html", to=to, kept=kept) if kept.fields else see(to)
    host = request.headers.get("host", "")
    cookie.set(answer, signed_in.token, signed_in.seconds, scheme=request.url.scheme, host=host)
    return answer


@router.post("/sign-out")
@needs("signed in")
def sign_out(desk: Here, form: Sent, request: Request, cookie: Cookie) -> Response:
    """End this session, or all of this person."""
    sessions = desk.application.access.sessions
    token = cookie.token(request.headers.get("cookie", ""))
    if form.text("everywhere"):
        sessions.sign_out_everywhere(desk.principal)
    elif token is not None:
        sessions.sign_out(token)
    answer = see("/sign-in")
    cookie.clear(answer, scheme=request.url.scheme, host=request.headers.get("host", ""))
    return answer


@router.get("/me")
@needs("signed in")
def me(desk: Here) -> Response:
    """Who one is, and what one may do."""
    return desk.page("access/me.html", errors={})


@router.post("/me/password")
@needs("signed in")
def change_password(desk: Here, form: Sent, request: Request, cookie: Cookie) -> Response:
    """Another password for oneself; all other sessions end."""
    token = cookie.token(request.headers.get("cookie", ""))
    errors: dict[str, str] = {}
    try:
        desk.application.access.sessions.change_password(
            desk.principal, form.raw("present"), form.raw("password"), token
        )
    except Invalid as error:
        errors = told(error)
    except (Busy, NotSignedIn) as error:
        errors = {"": str(error)}
    return desk.page("access/me.html", 422, errors=errors) if errors else see("/me", "password")

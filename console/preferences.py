"""What a reader chooses for themselves: language, light or dark, how dense."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from console.forms import Sent
from console.language import LANGUAGES
from console.pages import THEMES, keep_preferences, own_address, preferences, see
from runtime.permissions import needs

router = APIRouter()
_CHOICES = {"language": ("", *LANGUAGES), "theme": ("", *THEMES), "rows": ("", "dense")}


@router.post("/preferences")
@needs("anybody")
def choose(request: Request, form: Sent) -> Response:
    """Keep a choice and lead back; an empty one goes by the browser again."""
    chosen = preferences(request)
    for name, values in _CHOICES.items():
        if name in form and form.text(name) in values:
            chosen[name] = form.text(name)
    answer = see(own_address(form.text("back")))
    keep_preferences(request, answer, chosen)
    return answer

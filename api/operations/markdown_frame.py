"""The frame in which Temporal's UI shows Markdown: its server has none where the UI is under a path of its own."""

from markdown_it import MarkdownIt
from starlette.datastructures import QueryParams
from starlette.responses import HTMLResponse

_MARKDOWN = MarkdownIt("commonmark", {"html": False, "linkify": False})
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>Details</title>
<style>
html {{ color-scheme: {theme}; color: {color}; background: {background} }}
body {{ margin: 0; padding: 1rem; font: 1rem/1.5 Inter, system-ui, sans-serif; overflow-wrap: anywhere }}
code {{ font-size: 0.875em; padding: 0.1em 0.3em; border-radius: 0.25em; background: {shade} }}
ul {{ padding-left: 1.25rem }}
</style>
</head>
<body><main>{body}</main></body>
</html>
"""
_LIGHT = {"theme": "light", "color": "#141414", "background": "#f8fafc", "shade": "#e8eefc"}
_DARK = {"theme": "dark", "color": "#f8fafc", "background": "#141414", "shade": "#27272f"}


def markdown_frame(query: QueryParams) -> HTMLResponse:
    """A page with the Markdown of `content`, light or dark as `theme` says. HTML in it is shown as it is written."""
    colors = _DARK if query.get("theme") == "dark" else _LIGHT
    body = _MARKDOWN.render(query.get("content", ""))
    page = _PAGE.format(body=body, **colors)
    return HTMLResponse(page, headers={"content-security-policy": _POLICY, "cache-control": "no-store"})

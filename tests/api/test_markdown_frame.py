"""What follow-ups say of themselves in Temporal's UI is Markdown, which is drawn in frames."""

from starlette.datastructures import QueryParams

from api.operations.markdown_frame import markdown_frame


def drawn(content: str, theme: str = "light") -> str:
    return bytes(markdown_frame(QueryParams({"content": content, "theme": theme})).body).decode()


def test_markdown_is_drawn() -> None:
    page = drawn("**Hot lead** (`hot-lead`)\n\n- Why: score 4 → 7")
    assert "<strong>Hot lead</strong> (<code>hot-lead</code>)" in page
    assert "<li>Why: score 4 → 7</li>" in page


def test_html_and_scripts_are_words() -> None:
    page = drawn("<script>alert(1)</script> [x](javascript:alert(1))")
    assert "<script>" not in page
    assert "href" not in page
    policy = markdown_frame(QueryParams()).headers["content-security-policy"]
    assert policy.startswith("default-src 'none'")


def test_it_is_dark_where_the_ui_is() -> None:
    assert "color-scheme: dark" in drawn("x", "dark")
    assert "color-scheme: light" in drawn("x")

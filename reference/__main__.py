"""`python -m reference`: write what has changed."""

import sys

from reference.pages import SCHEMA, NotFillable, fill, pages, schema_text


def main() -> None:
    """Fill every page; one line on standard output for each that has changed."""
    for page in pages():
        before = page.read_text("utf-8")
        try:
            after = fill(before)
        except NotFillable as error:
            sys.exit(f"{page}: {error}")
        if after != before:
            page.write_text(after, "utf-8")
            sys.stdout.write(f"{page.name} is up to date again\n")
    before = SCHEMA.read_text("utf-8") if SCHEMA.exists() else ""
    if (after := schema_text()) != before:
        SCHEMA.write_text(after, "utf-8")
        sys.stdout.write(f"{SCHEMA.name} is up to date again\n")


if __name__ == "__main__":
    main()

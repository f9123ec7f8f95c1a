"""YAML files of definitions."""

from pathlib import Path

from runtime.errors import ReadableError

LARGEST = 5_000_000


def read_files(folder: Path, *, may_be_empty: bool = False) -> list[tuple[str, str]]:
    """(name, text) of the `.yaml` and `.yml` files in and below a folder, or of one file; at least one.

    `may_be_empty`: none is right as well, and so is that there is no such folder.
    """
    if folder.is_dir():
        paths = sorted(
            path
            for path in folder.rglob("*.y*ml")
            if path.suffix in (".yaml", ".yml") and path.is_file() and not _hidden(path, folder)
        )
        if not paths and not may_be_empty:
            raise ReadableError(f"There are no .yaml files in {folder}")
        return [(str(path), _text(path)) for path in paths]
    if folder.exists():
        return [(str(folder), _text(folder))]
    if may_be_empty:
        return []
    raise ReadableError(f"There is no folder {folder}")


def _hidden(path: Path, folder: Path) -> bool:
    return any(part.startswith(".") for part in path.relative_to(folder).parts)


def _text(path: Path) -> str:
    try:
        content = path.read_bytes()
        if len(content) > LARGEST:
            raise ReadableError(f"{path} is larger than 5 MB; split it")
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ReadableError(f"{path} is not UTF-8; save it as UTF-8") from None
    except OSError as error:
        raise ReadableError(f"{path} cannot be read: {error.strerror}") from None

"""What use cases hold in their hands without knowing SQL: a connection inside a transaction, and a row."""

from collections.abc import Mapping
from typing import Any, TypeAlias

from sqlalchemy import Connection, RowMapping

__all__ = ["Connection", "Row", "RowMapping"]

#: A row as it was read, or as it will be once it is written.
Row: TypeAlias = RowMapping | Mapping[str, Any]

"""What use cases hold in their hands without knowing SQL: a connection inside a transaction, and a row."""

from sqlalchemy import Connection, RowMapping

__all__ = ["Connection", "RowMapping"]

"""Tables in CSV files, as spreadsheets write them. Knows nothing of schools."""

from app.core.tabular.amounts import amount, minor_units, unread_amount
from app.core.tabular.cells import boolean, choice, email, identifier, text, whole_number
from app.core.tabular.columns import Column, Columns
from app.core.tabular.dates import day, moment
from app.core.tabular.errors import CellRefused, FileRefused
from app.core.tabular.problems import Problem, Problems
from app.core.tabular.reader import Row, Table, open_table

__all__ = [
    "CellRefused",
    "Column",
    "Columns",
    "FileRefused",
    "Problem",
    "Problems",
    "Row",
    "Table",
    "amount",
    "boolean",
    "choice",
    "day",
    "email",
    "identifier",
    "minor_units",
    "moment",
    "open_table",
    "text",
    "unread_amount",
    "whole_number",
]

"""Evidence by clause: tables of what laws and standards ask for, each row with what an audit has to show for it.

A table is a data file: adding a law is adding a file. It says which text was read and when, and where that is unsure.
"""

from __future__ import annotations

from fairwitness.accountability.regulation.rows import Evidenced, evidenced
from fairwitness.accountability.regulation.shown import show
from fairwitness.accountability.regulation.tables import NAMES, Row, Table, chosen, listing, table

__all__ = ["NAMES", "Evidenced", "Row", "Table", "chosen", "evidenced", "listing", "show", "table"]

"""Who counts rows: this process in memory, Polars in pieces, or Spark."""

from typing import Literal

Engine = Literal["memory", "lazy", "spark"]

"""fairwitness audits data and models for fairness and more, and says how sure it is.

>>> import fairwitness
>>> report = fairwitness.audit(
...     {"hired": [1, 0, 1, 0] * 50, "sex": ["women", "men"] * 100},
...     target="hired", favorable=1, groups=["sex"],
... )
>>> report.passes
False
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from fairwitness.api import Report, audit

__all__ = ["Report", "__version__", "audit"]


def __getattr__(name: str) -> Any:  # noqa: ANN401 - a module attribute
    """`audit` and `Report`, imported when first used, so that `fairwitness --help` is instant."""
    if name in {"Report", "audit"}:
        from fairwitness import api  # lazy on purpose

        return getattr(api, name)
    raise AttributeError(f"module 'fairwitness' has no attribute {name!r}")

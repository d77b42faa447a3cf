"""Impact assessments: questions with owners, pre-filled from what was measured, answered by persons in a TOML file."""

from __future__ import annotations

from fairwitness.accountability.assess.answers import Answer, Answers, read, template
from fairwitness.accountability.assess.assessment import Assessment, assess
from fairwitness.accountability.assess.forms import FORMS, Form, Question, form
from fairwitness.accountability.assess.shown import page

__all__ = ["FORMS", "Answer", "Answers", "Assessment", "Form", "Question", "assess", "form", "page", "read", "template"]

"""The page of the documentation that a run of the bench writes."""

from collections.abc import Mapping
from typing import Any

from data_pipeline.tests.performance.copies.endpoint import HERE
from data_pipeline.tests.performance.copies.report import Report

TEMPLATE = HERE / "speed.txt"
COMMAND = "make bench ARGS='{arguments}'"


def page(document: Mapping[str, Any]) -> str:
    """Return the page of a run."""
    report = Report(document)
    versions = (f"{name} {text}" for name, text in document["versions"].items())
    return TEMPLATE.read_text().format(
        command=COMMAND.format(arguments=document["arguments"]),
        date=document["date"],
        machine=document["machine"],
        rounds=document["rounds"],
        latency=document["latency_ms"],
        versions=", ".join(versions),
        why=report.why,
        figures=report.verdict_markdown(),
        tables=report.markdown(),
        shortfalls=_shortfalls(report),
        **document["load"],
    )


def _shortfalls(report: Report) -> str:
    """Return what is not as asked for, a line each."""
    lines = [
        f"- {each.measure}{f' at {each.concurrency}' if each.concurrency else ''}: "
        f"{each.figure:.3g} instead of {each.target:.4g}."
        for each in report.shortfalls()
    ]
    return "\n".join(lines) or "Nothing that was measured."

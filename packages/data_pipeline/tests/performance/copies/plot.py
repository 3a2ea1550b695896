"""A bar chart of objects a second, as SVG."""

from collections.abc import Sequence
from xml.sax.saxutils import escape

from data_pipeline.tests.performance.copies.figures import Median
from data_pipeline.tests.performance.copies.report import TITLES

WIDTH, LABEL, FIGURE, BAR, GAP = 760, 170, 90, 18, 6
HEAD = 34
COLOURS = ("#4c78a8", "#9ecae9")


def plot(medians: Sequence[Median]) -> str:
    """Return one block of bars for each task, a bar for each contestant."""
    parts: list[str] = []
    top = 0
    for task, title in TITLES.items():
        found = [each for each in medians if each.task == task]
        if found:
            parts += _block(title, found, top)
            top += HEAD + len(found) * (BAR + GAP)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{top + GAP}" '
        'font-family="sans-serif" font-size="12">\n' + "\n".join(parts) + "\n</svg>\n"
    )


def _block(title: str, found: Sequence[Median], top: int) -> list[str]:
    """Return the bars of one task."""
    longest = max(each.rate for each in found)
    colours = dict(zip(sorted({it.concurrency for it in found}), COLOURS, strict=False))
    lines = [f'<text x="4" y="{top + 22}" font-weight="bold">{escape(title)}</text>']
    for number, each in enumerate(found):
        y = top + HEAD + number * (BAR + GAP)
        length = (WIDTH - LABEL - FIGURE) * each.rate / longest
        end = LABEL + length + GAP
        label = escape(f"{each.contestant}, {each.concurrency}")
        lines += [
            f'<text x="{LABEL - 6}" y="{y + 13}" text-anchor="end">{label}</text>',
            _bar(y, length, colours[each.concurrency]),
            f'<text x="{end:.1f}" y="{y + 13}">{each.rate:,.0f}/s</text>',
        ]
    return lines


def _bar(y: int, length: float, colour: str) -> str:
    """Return one bar."""
    return (
        f'<rect x="{LABEL}" y="{y}" width="{length:.1f}" height="{BAR}" '
        f'fill="{colour}"/>'
    )

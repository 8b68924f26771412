"""The drawing of the table: both axes by powers, so that growth in proportion is a straight line. Pure."""

import math
from collections.abc import Iterator, Sequence
from typing import Final
from xml.sax.saxutils import escape

from benchmarks.scale.simulation import Throughput
from benchmarks.scale.table import NODES, Line

_WIDTH, _HEIGHT = 760, 440
_LEFT, _RIGHT, _TOP, _BOTTOM = 90, 220, 20, 50
_LEAST, _MOST = 5e4, 5e6
_TEXT: Final = 'font-family="sans-serif" font-size="12" fill="#374151"'


def draw(lines: Sequence[Line]) -> str:
    """The lines as SVG."""
    sentence = "Commits a second by the number of nodes: " + "; ".join(
        f"{line.name} {line.points[-1].commits:,.0f} at {NODES[-1]}" for line in lines
    )
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img">',
        f"<title>{escape(sentence)}</title>",
        f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="#ffffff"/>',
        *_axes(),
        *(part for line in lines for part in _line(line)),
        *_names(lines),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _x(nodes: int) -> float:
    share = math.log(nodes / NODES[0]) / math.log(NODES[-1] / NODES[0])
    return _LEFT + share * (_WIDTH - _LEFT - _RIGHT)


def _y(commits: float) -> float:
    share = math.log(commits / _LEAST) / math.log(_MOST / _LEAST)
    return _HEIGHT - _BOTTOM - share * (_HEIGHT - _TOP - _BOTTOM)


def _axes() -> Iterator[str]:
    right, bottom = _WIDTH - _RIGHT, _HEIGHT - _BOTTOM
    for commits in (5e4, 1e5, 2e5, 5e5, 1e6, 2e6, 5e6):
        y = _y(commits)
        yield f'<path d="M{_LEFT} {y:.1f}H{right}" stroke="#e5e7eb"/>'
        yield f'<text x="{_LEFT - 8}" y="{y + 4:.1f}" text-anchor="end" {_TEXT}>{commits:,.0f}</text>'
    for nodes in NODES:
        yield f'<text x="{_x(nodes):.1f}" y="{bottom + 18}" text-anchor="middle" {_TEXT}>{nodes}</text>'
    yield f'<text x="{(_LEFT + right) / 2:.1f}" y="{bottom + 38}" text-anchor="middle" {_TEXT}>nodes of 8 cores</text>'
    yield f'<text x="14" y="{(_TOP + bottom) / 2:.1f}" transform="rotate(-90 14 {(_TOP + bottom) / 2:.1f})" {_TEXT}>'
    yield "commits a second</text>"


def _line(line: Line) -> Iterator[str]:
    places = [(_x(point.nodes), _y(point.commits)) for point in line.points]
    path = "L".join(f"{x:.1f} {y:.1f}" for x, y in places)
    yield f'<path d="M{path}" fill="none" stroke="{line.colour}" stroke-width="2"/>'
    for (x, y), point in zip(places, line.points, strict=True):
        yield f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5" fill="{line.colour}">{_title(point)}</circle>'


def _title(point: Throughput) -> str:
    return f"<title>{point.nodes}: {point.commits:,.0f} commits/s, limited by {point.limit}</title>"


def _names(lines: Sequence[Line]) -> Iterator[str]:
    """The names beside the ends of the lines, far enough from each other to be read."""
    above = float(_TOP)
    for line in sorted(lines, key=lambda each: -each.points[-1].commits):
        above = max(above + 18, _y(line.points[-1].commits) + 4)
        yield (
            f'<text x="{_WIDTH - _RIGHT + 12}" y="{above:.1f}" font-family="sans-serif" font-size="12" '
            f'fill="{line.colour}">{escape(line.name)}</text>'
        )

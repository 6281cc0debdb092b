"""Contact sheets as one HTML file: every drawing with its words, failures in their place; one run, or several in columns.

Drawings are shown as `<img src="data:image/svg+xml,...">`, the embedding that runs no script and fetches nothing.
Refuses inline SVG. The trade-off: a page of 1,000 drawings is about 1 MB.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any
from urllib.parse import quote

from text2svg.evaluate.readings import Reading
from text2svg.evaluate.report import figure_text

_STYLE = """
body{font:14px/1.4 system-ui,sans-serif;margin:24px;color:#222;background:#fff}
main{display:grid;grid-template-columns:repeat(auto-fill,minmax(112px,1fr));gap:12px}
figure{margin:0}img,.none{width:96px;height:96px;border:1px solid #ddd;display:block}
.none{color:#a00;font-size:12px;overflow:hidden}figcaption{font-size:12px;color:#555;overflow-wrap:anywhere}
table{border-collapse:collapse;margin:12px 0}td,th{padding:2px 12px 2px 0;text-align:left}
"""
_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"


def contact_page(report: Mapping[str, Any], readings: Sequence[Reading]) -> str:
    """The whole page of one run; nothing in it comes from elsewhere."""
    head = f"{report['protocol']['id']}: {report['generator']['name']}"
    figures = [(name, figure_text(figure)) for name, figure in report["figures"].items()]
    drawn = ((r.answer.task.words, r.answer.svg if r.rendered else "", r.answer.error) for r in readings)
    cells = "".join(
        f"<figure>{_shown(words, svg, why)}<figcaption>{escape(words)}</figcaption></figure>" for words, svg, why in drawn
    )
    return _document(head, f"{_table(figures)}<main>{cells}</main>")


def compared_page(
    names: Sequence[str], figures: Iterable[Sequence[str]], drawings: Sequence[Mapping[str, Mapping[str, Any]]]
) -> str:
    """The page of several runs: `figures` as `report.side_by_side` gives them, and each run's drawings by prompt."""
    rows = []
    for key, record in drawings[0].items():
        cells = (_shown(record["words"], *_drawn(one.get(key))) for one in drawings)
        rows.append(f"<tr><td>{escape(record['words'])}</td>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>")
    heads = f"<tr><th></th>{''.join(f'<th>{escape(name)}</th>' for name in names)}</tr>"
    body = f"{_table([('', *names), *figures])}<table>{heads}{''.join(rows)}</table>"
    return _document(" · ".join(names), body)


def _drawn(record: Mapping[str, Any] | None) -> tuple[str, str]:
    """A drawing that rendered, and else why there is none."""
    if record is None:
        return "", "not asked"
    return (record["svg"], "") if record["rendered"] else ("", record["error"])


def _shown(words: str, svg: str, why: str) -> str:
    if svg:
        return f'<img alt="{escape(words)}" loading="lazy" src="data:image/svg+xml,{quote(svg)}">'
    return f'<div class="none">{escape(why or "no picture")}</div>'


def _table(rows: Iterable[Sequence[str]]) -> str:
    """Rows of text, the first cell of each its head."""
    lines = (f"<th>{escape(head)}</th>{''.join(f'<td>{escape(cell)}</td>' for cell in cells)}" for head, *cells in rows)
    return f"<table>{''.join(f'<tr>{line}</tr>' for line in lines)}</table>"


def _document(head: str, body: str) -> str:
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(head)}</title>'
        # Were an image ever something else than an image, the page itself still allows nothing.
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        f"<style>{_STYLE}</style></head><body><h1>{escape(head)}</h1>{body}</body></html>\n"
    )

"""A contact sheet as one HTML file: every drawing with its words, failures in their place.

Drawings are shown as `<img src="data:image/svg+xml,...">`, the embedding that runs no script and fetches nothing.
Refuses inline SVG. The trade-off: a page of 1,000 drawings is about 1 MB.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
    """The whole page; nothing in it comes from elsewhere."""
    head = f"{report['protocol']['id']}: {report['generator']['name']}"
    rows = "".join(f"<tr><th>{escape(n)}</th><td>{figure_text(f)}</td></tr>" for n, f in report["figures"].items())
    cells = "".join(_cell(reading) for reading in readings)
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(head)}</title>'
        # Were an image ever something else than an image, the page itself still allows nothing.
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        f"<style>{_STYLE}</style></head><body><h1>{escape(head)}</h1><table>{rows}</table><main>{cells}</main></body></html>\n"
    )


def _cell(reading: Reading) -> str:
    words = escape(reading.answer.task.words)
    if reading.rendered:
        shown = f'<img alt="{words}" loading="lazy" src="data:image/svg+xml,{quote(reading.answer.svg)}">'
    else:
        shown = f'<div class="none">{escape(reading.answer.error or "no picture")}</div>'
    return f"<figure>{shown}<figcaption>{words}</figcaption></figure>"

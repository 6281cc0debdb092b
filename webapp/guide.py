"""The page at `/api`: how to call the server, with commands that hold its own address and can be copied as they are.

Made from `static/guide.md`, whose examples the tests run. Refuses everything of Markdown but headings, paragraphs, code,
links and fenced blocks; all text is escaped. The trade-off: no page generator and no script from another host, and so no
interactive explorer.
"""

from __future__ import annotations

import html
import re
from importlib.resources import files

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

STYLE = """
:root { color-scheme: light dark; --paper: #f7f5f1; --ink: #1f1d1a; --soft: #5f5a53; --sunk: #efebe4; --accent: #b83f1b; }
@media (prefers-color-scheme: dark) {
  :root { --paper: #161513; --ink: #f2efe9; --soft: #a8a297; --sunk: #211f1c; --accent: #ff8157; } }
body { background: var(--paper); color: var(--ink); font: 16px/1.6 Inter, ui-sans-serif, system-ui, sans-serif;
  max-width: 760px; margin: 0 auto; padding: 48px 24px 80px; }
h1 { font-size: 30px; letter-spacing: -.02em; line-height: 1.2; } h2 { font-size: 20px; margin: 40px 0 8px; }
p { color: var(--soft); } a { color: var(--accent); }
code { font: 13.5px/1.6 ui-monospace, Menlo, monospace; color: var(--ink); }
p code { background: var(--sunk); padding: 1px 5px; border-radius: 5px; }
pre { background: var(--sunk); border-radius: 12px; padding: 14px 16px; overflow-x: auto; }
"""
_FENCE = re.compile(r"```(\w+)\n(.*?)```", re.DOTALL)


def source() -> str:
    """The Markdown, with `BASE` where the server's address belongs."""
    return (files("webapp") / "static" / "guide.md").read_text(encoding="utf-8")


def examples(base: str) -> list[tuple[str, str]]:
    """`(language, code)` of every example, for a server at `base`."""
    return [(match[1], match[2].replace("BASE", base)) for match in _FENCE.finditer(source())]


def page(base: str) -> str:
    """The guide as one HTML document."""
    parts, end = [], 0
    text = source()
    for match in _FENCE.finditer(text):
        parts += _prose(text[end : match.start()])
        parts.append(f'<pre tabindex="0"><code>{html.escape(match[2].rstrip())}</code></pre>')
        end = match.end()
    parts += _prose(text[end:])
    body = "\n".join(parts).replace("BASE", html.escape(base))
    title = "Text2SVG over HTTP"
    head = f'<meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{title}</title>'
    return f'<!doctype html><html lang="en"><head>{head}<style>{STYLE}</style></head><body><main>{body}</main></body></html>'


def _prose(text: str) -> list[str]:
    return [_block(block.strip()) for block in re.split(r"\n\s*\n", text) if block.strip()]


def _block(block: str) -> str:
    level = len(block) - len(block.lstrip("#"))
    inner = html.escape(block.lstrip("#").strip(), quote=False)
    inner = re.sub(r"`([^`]+)`", r"<code>\1</code>", inner)
    inner = re.sub(r"\[([^\]]+)\]\(([\w./]+)\)", r'<a href="\2">\1</a>', inner)
    tag = f"h{level}" if level else "p"
    return f"<{tag}>{inner}</{tag}>"


def routes(root_path: str = "") -> APIRouter:
    """The router; `root_path` is where a proxy puts the app."""
    router = APIRouter(include_in_schema=False)

    @router.get("/api")
    async def guide(request: Request) -> HTMLResponse:
        return HTMLResponse(page(str(request.base_url).rstrip("/") + root_path))

    return router

"""A reverse proxy as one stands before a server: it strips a path, names the visitor and mixes visitors in its connections.

`X-Visitor` stands in for the address that a visitor would come from. Run as `python tests/ui/proxy.py PORT TARGET PREFIX`.
"""

from __future__ import annotations

import sys

from aiohttp import ClientSession, ClientTimeout, TCPConnector, web

HOP = frozenset(("connection", "keep-alive", "transfer-encoding", "content-length", "host", "x-visitor"))


def application(target: str, prefix: str) -> web.Application:
    """Everything under `prefix` goes to `target`, without it; the rest is 404."""

    async def pass_on(request: web.Request) -> web.StreamResponse:
        session = request.app[SESSION]
        headers = {name: value for name, value in request.headers.items() if name.lower() not in HOP}
        headers |= {"X-Forwarded-For": request.headers.get("X-Visitor", "192.0.2.1"), "Host": request.headers["Host"]}
        address, body = target + request.raw_path.removeprefix(prefix), await request.read()
        async with session.request(
            request.method, address, headers=headers, data=body, allow_redirects=False
        ) as answer:
            kept = {name: value for name, value in answer.headers.items() if name.lower() not in HOP}
            out = web.StreamResponse(status=answer.status, headers=kept)
            await out.prepare(request)
            async for part in answer.content.iter_any():
                await out.write(part)
            return out

    async def sessions(app: web.Application):  # noqa: ANN202 - an async generator of nothing
        # Two connections kept for everybody: whoever asks next uses what another has left.
        connector = TCPConnector(limit=0, keepalive_timeout=60)
        async with ClientSession(connector=connector, auto_decompress=False, timeout=ClientTimeout()) as session:
            app[SESSION] = session
            yield

    app = web.Application(client_max_size=8_000_000)
    app.cleanup_ctx.append(sessions)
    app.router.add_route("*", prefix + "/{rest:.*}", pass_on)
    return app


SESSION = web.AppKey("session", ClientSession)

if __name__ == "__main__":
    web.run_app(application(sys.argv[2], sys.argv[3]), host="127.0.0.1", port=int(sys.argv[1]), print=None)

"""A site of any number of pages in which every page has a trap or a drawing, and what a miner must make of each.

Page i of n is the same bytes every time. Hosts are names under `.test` that all resolve to one loopback address, so one
server plays hundreds of sites; `NAMES` adds those that resolve elsewhere.
"""

from __future__ import annotations

import base64
import gzip
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from urllib.parse import quote

HOSTS = 200
FILLER = "<p>Ordinary words of an ordinary page, as many as it takes to weigh what pages weigh.</p>\n"

PRIVATE = (
    "10.0.0.1", "127.0.0.2", "127.2", "0x7f000002", "2130706434", "0177.0.0.2", "0x7f.0.0.2", "017700000002",
    "169.254.169.254", "2852039166", "0xa9fea9fe", "0.0.0.0", "0", "192.168.1.1", "172.16.0.1", "172.31.255.254",
    "100.64.0.1", "192.0.0.192", "192.0.2.1", "198.18.0.1", "198.51.100.7", "203.0.113.9", "224.0.0.1", "240.0.0.1",
    "255.255.255.255", "[::]", "[::1]", "[::127.0.0.2]", "[::ffff:127.0.0.2]", "[::ffff:7f00:2]", "[::ffff:10.0.0.1]",
    "[64:ff9b::7f00:2]", "[64:ff9b::a9fe:a9fe]", "[64:ff9b:1::1]", "[2002:7f00:2::1]", "[2002:c0a8:101::]", "[fe80::1]",
    "[fc00::1]", "[fd12:3456::1]", "[fec0::1]", "[ff02::1]", "[2001:db8::1]", "[3fff::1]", "[5f00::1]", "[2001::1]",
    "[100::1]", "[2a00:1450:4001:800:0:5efe:7f00:2]", "\uff11\uff12\uff17.0.0.2", "127\u30020\u30020\u30022", "127.0.0.2.",
    "rebind.test", "rebind6.test", "metadata.test", "mapped.test",
)  # fmt: skip
"""Spellings of places no miner may dial. The crawl's policy opens 127.0.0.1 alone."""

NAMES = {
    "rebind.test": ("10.1.2.3",), "rebind6.test": ("fd00::1",), "metadata.test": ("169.254.169.254",),
    "mapped.test": ("::ffff:192.168.0.1",),
}  # fmt: skip

BAD = (
    ("file:///etc/passwd", "bad-url"), ("ftp://h1.test/x.svg", "bad-url"), ("gopher://127.0.0.1:70/", "bad-url"),
    ("javascript:alert(1)", "bad-url"), ("http://", "bad-url"), ("http://u:p@h1.test/", "credentials"),
    ("http://h1.test:22/", "bad-port"), ("http://h1.test:99999/", "bad-url"), ("http://h1.test:6379/", "bad-port"),
    ("http://[fe80::1%25eth0]/", "bad-url"), ("http://h1.test\\@10.0.0.1/", "bad-url"), ("http://h 1.test/", "bad-url"),
)  # fmt: skip


def art(number: int, extra: str = "") -> str:
    """A drawing that can be told apart by its id; 400 bytes or so."""
    points = " ".join(f"L{(number * 7 + k * 13) % 24} {(number * 11 + k * 5) % 24}" for k in range(24))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24" id="art-{number}"{extra}>'
        f'<path d="M{number % 24} 2{points}Z" fill="#123"/></svg>'
    )


@dataclass(frozen=True)
class Reply:
    """What the server sends; `behaviour` replaces a plain answer."""

    body: bytes = b""
    status: int = 200
    kind: str = "text/html; charset=utf-8"
    headers: tuple[tuple[str, str], ...] = ()
    behaviour: str = ""


@dataclass(frozen=True)
class Planted:
    """One seed, what it answers, and what must become of it."""

    url: str
    reason: str
    arts: frozenset[int] = frozenset()
    others: tuple[str, ...] = ()
    """Reasons of the drawings that are none, sorted."""
    replies: dict[tuple[str, str], Reply] = field(default_factory=dict)
    """Answers by host and path."""


def page(body: str, head: str = "", weight: int = 8000) -> bytes:
    """An HTML page of about `weight` bytes."""
    text = f"<!doctype html><html><head><title>Page</title>{head}</head><body>\n{body}\n"
    return (text + FILLER * max(0, (weight - len(text)) // len(FILLER)) + "</body></html>").encode()


class Site:
    """All pages of a site of `count` pages."""

    def __init__(self, count: int, port: int, other_port: int, closed_port: int) -> None:
        self.count = count
        self.port = port
        self.other_port = other_port
        self.closed_port = closed_port
        self.kinds: list[Callable[[int, str], Planted]] = [
            getattr(self, name) for name in sorted(dir(self)) if name.startswith("page_")
        ]

    def planted(self, number: int) -> Planted:
        """Page `number`; two of three are plain, the others go round through the traps."""
        if number % 3:
            return self.plain(number, self.host(number))
        turn = number // 3
        return self.kinds[turn % len(self.kinds)](number, self.host(number))

    def host(self, number: int) -> str:
        return f"h{number % HOSTS}.test"

    def url(self, host: str, path: str) -> str:
        return f"http://{host}:{self.port}{path}"

    def one(self, number: int, reply: Reply, reason: str = "page", arts: tuple[int, ...] = (), **more: object) -> Planted:
        """A seed with one answer of its own; `host`, `others` and further `replies` by keyword."""
        host = str(more.get("host", self.host(number)))
        path = f"/p/{number}"
        replies = {(host, path): reply, **{(host, p): r for p, r in dict(more.get("replies", {})).items()}}  # type: ignore[call-overload]
        return Planted(self.url(host, path), reason, frozenset(arts), tuple(more.get("others", ())), replies)  # type: ignore[arg-type]

    def html(self, number: int, body: str, arts: tuple[int, ...], head: str = "", **more: object) -> Planted:
        return self.one(number, Reply(page(body, head)), arts=arts, **more)

    # Drawings ---------------------------------------------------------------------------------------------------

    def plain(self, number: int, host: str) -> Planted:
        return self.html(number, f'<button aria-label="Thing {number}">{art(number)}</button>', (number,))

    def page_template(self, n: int, host: str) -> Planted:
        inner = n + 1_000_000
        return self.html(n, f"<template><div>{art(n)}<template>{art(inner)}</template></div></template>", (n, inner))

    def page_nested(self, n: int, host: str) -> Planted:
        inner = art(n).replace("</svg>", '<svg x="1"><g/></svg><path d="M1 1H2"/></svg>')
        return self.html(n, inner, (n,))

    def page_sprite(self, n: int, host: str) -> Planted:
        sheet = f'<svg hidden><symbol id="s" viewBox="0 0 9 9"><path id="art-{n}" d="M{n % 9} 1H8V{n}"/></symbol></svg>'
        return self.html(n, f'{sheet}<a><svg class="icon"><use href="#s"/></svg> words</a>', (n,))

    def page_sheet(self, n: int, host: str) -> Planted:
        sheet = "".join(f'<symbol id="i{k}"><path id="art-{n + k}" d="M{n} {k}H9"/></symbol>' for k in (0, 2_000_000))
        return self.html(n, f"<svg hidden>{sheet}</svg>", (n, n + 2_000_000))

    def page_external_use(self, n: int, host: str) -> Planted:
        sheet = f'<svg xmlns="http://www.w3.org/2000/svg"><symbol id="a"><path id="art-{n}" d="M{n} 1H9"/></symbol></svg>'
        reply = Reply(sheet.encode(), kind="image/svg+xml")
        use = f'<svg><use xlink:href="/sprite{n}.svg#a"/></svg>'
        return self.html(n, use, (n,), others=("external-use",), replies={f"/sprite{n}.svg": reply})

    def page_no_target(self, n: int, host: str) -> Planted:
        return self.html(n, '<svg><use href="#nobody"/></svg>', (), others=("no-target",))

    def page_links(self, n: int, host: str) -> Planted:
        kinds = ("img", "set", "icon", "object", "embed", "css", "a")
        ids = {kind: n + (3 + k) * 1_000_000 for k, kind in enumerate(kinds)}
        body = (
            f'<img src="img{n}.svg?v=2" alt="Blue bird"><img srcset="set{n}.svg 1x, /missing{n}.svg 2x">'
            f'<object data="object{n}.svg"></object><embed src="embed{n}.svg" type="image/svg+xml"><a href="a{n}.SVG">x</a>'
            f"<div style=\"background:url('css{n}.svg')\"></div>"
        )
        head = f'<base href="/assets/"><link rel="icon" type="image/svg+xml" href="icon{n}">'
        svg = {kind: Reply(art(number).encode(), kind="image/svg+xml") for kind, number in ids.items()}
        paths = {
            f"/assets/img{n}.svg?v=2": svg["img"], f"/assets/set{n}.svg": svg["set"], f"/assets/icon{n}": svg["icon"],
            f"/assets/object{n}.svg": svg["object"], f"/assets/embed{n}.svg": svg["embed"],
            f"/assets/css{n}.svg": replace(svg["css"], kind="text/plain"), f"/assets/a{n}.SVG": svg["a"],
        }  # fmt: skip
        return self.html(n, body, tuple(ids.values()), head, others=("http-4xx",), replies=paths)

    def page_data(self, n: int, host: str) -> Planted:
        packed = base64.b64encode(art(n).encode()).decode()
        second = quote(art(n + 20_000_000))
        head = f"<style>.a{{background:url(data:image/svg+xml;base64,{packed})}}</style>"
        body = f'<img src="data:image/svg+xml;utf8,{second}"><img src="data:image/svg+xml">'
        return self.html(n, body, (n, n + 20_000_000), head, others=("data-uri",))

    def page_direct(self, n: int, host: str) -> Planted:
        kind = ("image/svg+xml", "text/xml", "application/octet-stream")[n % 3]
        text = '<?xml version="1.0" encoding="UTF-8"?>\n<!-- made by hand -->\n' + art(n)
        return self.one(n, Reply(text.encode(), kind=kind), arts=(n,))

    def page_latin(self, n: int, host: str) -> Planted:
        text = '<?xml version="1.0" encoding="iso-8859-1"?>' + art(n).replace("</svg>", "<desc>\xe9</desc></svg>")
        return self.one(n, Reply(text.encode("latin-1"), kind="image/svg+xml"), arts=(n,))

    def page_gzip(self, n: int, host: str) -> Planted:
        body = gzip.compress(page(art(n)), 1, mtime=0)
        return self.one(n, Reply(body, headers=(("Content-Encoding", "gzip"),)), arts=(n,))

    def page_deflate(self, n: int, host: str) -> Planted:
        body = zlib.compress(page(art(n)), 1)
        return self.one(n, Reply(body[2:-4] if n % 2 else body, headers=(("Content-Encoding", "deflate"),)), arts=(n,))

    def page_broken(self, n: int, host: str) -> Planted:
        shouted = art(n).replace("<svg", "<SVG").replace("viewBox", "viewbox").replace("</svg>", "</SVG>")
        vue = art(n + 21_000_000, ' @click="go" :class="{a: b < c}" v-bind:x="y"')
        foreign = art(n + 22_000_000).replace("</svg>", "<foreignObject><p>a<br>b&nbsp;c</p></foreignObject></svg>")
        body = f"<div><p>{shouted}<table><tr>{vue}<b><i>{foreign}</b></i><p>&nbsp;&copy;{art(n + 23_000_000)[:-6]}"
        return self.html(n, body, (n, n + 21_000_000, n + 22_000_000, n + 23_000_000))

    def page_duplicate(self, n: int, host: str) -> Planted:
        return self.html(n, art(0) * 3, (0,))

    def page_other_port(self, n: int, host: str) -> Planted:
        found = self.one(n, Reply(page(art(n))), arts=(n,))
        return replace(found, url=found.url.replace(f":{self.port}/", f":{self.other_port}/"))

    # Nothing there ----------------------------------------------------------------------------------------------

    def page_none(self, n: int, host: str) -> Planted:
        return self.one(n, Reply(page("<p>words</p>")), "no-svg")

    def page_hidden(self, n: int, host: str) -> Planted:
        return self.one(n, Reply(page(f"<!-- {art(n)} --><script>x = '{art(n)}'</script>")), "no-svg")

    def page_png(self, n: int, host: str) -> Planted:
        return self.one(n, Reply(b"\x89PNG" + b"\0" * 200_000, kind="image/png"), "content-type")

    def page_status(self, n: int, host: str) -> Planted:
        status = (404, 410, 403, 401, 451)[n % 5]
        return self.one(n, Reply(page(art(n)), status), "http-4xx")

    def page_empty(self, n: int, host: str) -> Planted:
        return self.one(n, Reply(b"", 204), "no-svg")

    # Redirects --------------------------------------------------------------------------------------------------

    def page_redirect(self, n: int, host: str) -> Planted:
        target = f"h{(n + 1) % HOSTS}.test"
        found = self.one(n, Reply(status=301, headers=(("Location", f"//{target}:{self.port}/to{n}"),)), arts=(n,))
        found.replies[target, f"/to{n}"] = Reply(page(art(n)))
        return found

    def page_loop(self, n: int, host: str) -> Planted:
        return self.one(n, Reply(status=302, headers=(("Location", f"/p/{n}"),)), "redirect-limit")

    def page_nowhere(self, n: int, host: str) -> Planted:
        return self.one(n, Reply(status=302), "redirect-limit")

    def page_redirect_private(self, n: int, host: str) -> Planted:
        place = f"http://{PRIVATE[n // 3 // len(self.kinds) % len(PRIVATE)]}:{self.port}/latest/meta-data/x.svg"
        location = place.encode().decode("latin-1")
        return self.one(n, Reply(status=302, headers=(("Location", location),)), _refused(location))

    def page_redirect_bad(self, n: int, host: str) -> Planted:
        place, reason = BAD[n // 3 // len(self.kinds) % len(BAD)]
        reason = "redirect-limit" if place == "http://" else reason  # joined with the page, it is the page
        return self.one(n, Reply(status=302, headers=(("Location", place),)), reason)

    def page_seed_private(self, n: int, host: str) -> Planted:
        place = PRIVATE[n // 3 // len(self.kinds) % len(PRIVATE)]
        return Planted(f"http://{place}:{self.port}/p/{n}", "private-address")

    def page_seed_bad(self, n: int, host: str) -> Planted:
        place, reason = BAD[n // 3 // len(self.kinds) % len(BAD)]
        return Planted(place + f"#{n}", reason)

    def page_link_private(self, n: int, host: str) -> Planted:
        start = n // 3 // len(self.kinds)
        places = [PRIVATE[(start + k) % len(PRIVATE)] for k in range(4)]
        body = "".join(f'<img src="http://{place}:{self.port}/{n}.svg">' for place in places)
        return self.html(n, body, (), others=("private-address",) * 4)

    # Floods and silences ----------------------------------------------------------------------------------------

    def page_slow(self, n: int, host: str) -> Planted:
        return self.one(n, Reply(behaviour="silent"), "read-timeout", host=f"slow{n}.test")

    def page_drip(self, n: int, host: str) -> Planted:
        return self.one(n, Reply(behaviour="drip"), "deadline", host=f"drip{n}.test")

    def page_endless(self, n: int, host: str) -> Planted:
        return self.one(n, Reply(behaviour="endless"), "byte-limit")

    def page_endless_head(self, n: int, host: str) -> Planted:
        return self.one(n, Reply(behaviour="endless-head"), "protocol")

    def page_huge(self, n: int, host: str) -> Planted:
        return self.one(n, Reply(b"<svg", headers=(("Content-Length", str(10**12)),), behaviour="claims"), "byte-limit")

    def pagebomb(self, n: int, host: str) -> Planted:
        return self.one(n, Reply(bomb("gzip"), headers=(("Content-Encoding", "gzip"),)), "decompression-limit")

    def page_bomb_deflate(self, n: int, host: str) -> Planted:
        return self.one(n, Reply(bomb("deflate"), headers=(("Content-Encoding", "deflate"),)), "decompression-limit")

    def page_encoding(self, n: int, host: str) -> Planted:
        body, name = ((b"x", "br"), (gzip.compress(page(art(n)))[:-30], "gzip"), (b"nonsense", "gzip"))[n % 3]
        return self.one(n, Reply(body, headers=(("Content-Encoding", name),)), "content-encoding")

    def page_cut(self, n: int, host: str) -> Planted:
        reply = Reply(b"<svg", headers=(("Content-Length", "5000"),), behaviour="claims-and-leaves")
        return self.one(n, reply, "connection-lost", host=f"cut{n}.test")

    def page_garbage(self, n: int, host: str) -> Planted:
        return self.one(n, Reply(behaviour="garbage"), "protocol")

    def page_closed(self, n: int, host: str) -> Planted:
        return Planted(f"http://closed{n}.test:{self.closed_port}/p/{n}", "connect")

    def page_no_name(self, n: int, host: str) -> Planted:
        return Planted(f"http://n{n}.invalid:{self.port}/", "dns")

    def page_server_error(self, n: int, host: str) -> Planted:
        return self.one(n, Reply(page(art(n)), 500), "http-5xx", host=f"ill{n}.test")

    def page_once(self, n: int, host: str) -> Planted:
        return self.one(n, Reply(page(art(n)), behaviour="busy-once"), arts=(n,), host=f"busy{n}.test")

    # Rules ------------------------------------------------------------------------------------------------------

    def page_robots(self, n: int, host: str) -> Planted:
        text = "User-agent: *\nDisallow: /\n\nUser-agent: Text2SVGBot\nDisallow: /p/\nAllow: /q/\n"
        return self._ruled(n, text, "robots")

    def page_robots_allows(self, n: int, host: str) -> Planted:
        text = f"User-agent: *\nDisallow: /\n\nUser-agent: text2svgbot\nDisallow: /p/\nAllow: /p/{n}\n"
        return replace(self._ruled(n, text, "page"), arts=frozenset({n}))

    def page_robots_ill(self, n: int, host: str) -> Planted:
        return self._ruled(n, Reply(status=500), "robots-unreachable")

    def page_robots_private(self, n: int, host: str) -> Planted:
        return self._ruled(n, Reply(status=302, headers=(("Location", "http://10.0.0.1/robots.txt"),)), "robots-unreachable")

    def page_robots_forbidden(self, n: int, host: str) -> Planted:
        return replace(self._ruled(n, Reply(status=403), "page"), arts=frozenset({n}))

    def page_signal(self, n: int, host: str) -> Planted:
        return self._ruled(n, "User-Agent: *\nContent-Signal: search=yes, ai-train=no\nAllow: /\n", "opt-out:content-signal")

    def page_usage(self, n: int, host: str) -> Planted:
        text = "User-Agent: *\nContent-Usage: train-ai=y\nContent-Usage: /p/ train-ai=n\nAllow: /\n"
        return self._ruled(n, text, "opt-out:content-usage")

    def page_tdm_file(self, n: int, host: str) -> Planted:
        found = self._ruled(n, "", "opt-out:tdm", f"tdm{n}.test")
        rules = b'[{"location": "/q/*", "tdm-reservation": 0}, {"location": "/p/*", "tdm-reservation": 1}]'
        found.replies[f"tdm{n}.test", "/.well-known/tdmrep.json"] = Reply(rules, kind="application/json")
        return found

    def page_headers(self, n: int, host: str) -> Planted:
        turns = (
            (("X-Robots-Tag", "noai"), "opt-out:x-robots-tag"), (("X-Robots-Tag", "noml, nofollow"), "opt-out:x-robots-tag"),
            (("X-Robots-Tag", "Text2SVGBot: noimageai"), "opt-out:x-robots-tag"), (("TDM-Reservation", "1"), "opt-out:tdm"),
            (("Content-Usage", "bots=y, train-ai=n"), "opt-out:content-usage"),
            (("Content-Signal", "ai-train=no"), "opt-out:content-signal"), (("X-Robots-Tag", "otherbot: noai"), "page"),
            (("TDM-Reservation", "0"), "page"),
        )  # fmt: skip
        header, reason = turns[n // 3 // len(self.kinds) % len(turns)]
        return self.one(n, Reply(page(art(n)), headers=(header,)), reason, (n,) if reason == "page" else ())

    def page_meta(self, n: int, host: str) -> Planted:
        turns = (
            ('<meta name="robots" content="noai, noimageai">', "opt-out:meta-robots"),
            ("<META CONTENT='1' NAME=tdm-reservation>", "opt-out:tdm"),
            ('<meta name="Text2SVGBot" content="noml">', "opt-out:meta-robots"),
            ('<meta name="robots" content="index, follow">', "page"),
        )
        head, reason = turns[n // 3 // len(self.kinds) % len(turns)]
        return replace(self.html(n, art(n), (n,) if reason == "page" else (), head), reason=reason)

    def page_asset_opts_out(self, n: int, host: str) -> Planted:
        reply = Reply(art(n).encode(), kind="image/svg+xml", headers=(("X-Robots-Tag", "noai"),))
        return self.html(n, f'<img src="/a{n}.svg">', (), others=("opt-out:x-robots-tag",), replies={f"/a{n}.svg": reply})

    def _ruled(self, n: int, robots: str | Reply, reason: str, host: str = "") -> Planted:
        host = host or f"ruled{n}.test"
        found = self.one(n, Reply(page(art(n))), reason, host=host)
        if robots:
            rules = robots if isinstance(robots, Reply) else Reply(robots.encode(), kind="text/plain")
            found.replies[host, "/robots.txt"] = rules
        return found

    # Hostile drawings -------------------------------------------------------------------------------------------

    def page_hostile(self, n: int, host: str) -> Planted:
        turns = (
            ('<!DOCTYPE svg [<!ENTITY a "aaaaaaaaaa">' + "".join(
                f'<!ENTITY {chr(98 + k)} "{f"&{chr(97 + k)};" * 10}">' for k in range(8)
            ) + "]><svg xmlns='http://www.w3.org/2000/svg'><text>&i;</text></svg>", "entity-expansion"),
            ('<!DOCTYPE svg [<!ENTITY x SYSTEM "file:///etc/passwd">]><svg xmlns="http://www.w3.org/2000/svg">&x;</svg>',
             "external-entity"),
            ('<svg xmlns="http://www.w3.org/2000/svg">' + "<g>" * 100 + "</g>" * 100 + "</svg>", "depth-limit"),
            ('<svg xmlns="http://www.w3.org/2000/svg">' + "<g/>" * 30_000 + "</svg>", "element-limit"),
            ('<svg xmlns="http://www.w3.org/2000/svg"><g></svg>', "not-well-formed"),
            ("<?xml version='1.0'?><html><svg/></html>", "not-svg"),
        )  # fmt: skip
        text, reason = turns[n // 3 // len(self.kinds) % len(turns)]
        return self.one(n, Reply(text.encode(), kind="image/svg+xml"), others=(reason,))

    def page_fat(self, n: int, host: str) -> Planted:
        body = b"<svg xmlns='http://www.w3.org/2000/svg'><desc>" + b"x" * 1_200_000 + b"</desc></svg>"
        found = self.html(n, f'<img src="/fat{n}.svg">', (), others=("byte-limit",))
        found.replies[self.host(n), f"/fat{n}.svg"] = Reply(body, kind="image/svg+xml")
        return found

    def page_many(self, n: int, host: str) -> Planted:
        if n // 3 // len(self.kinds) % 16:
            return self.plain(n, host)
        links = "".join(f'<img src="/{n}-{k}.svg">' for k in range(70))
        return self.html(n, links, (), others=("http-4xx",) * 64 + ("link-limit",))

    def page_disguised(self, n: int, host: str) -> Planted:
        reply = Reply(page(art(n)))
        return self.html(n, f'<img src="/d{n}.svg">', (), others=("content-type",), replies={f"/d{n}.svg": reply})


def _refused(location: str) -> str:
    """Header bytes are Latin-1, in which full-width digits are no digits: such a host is no domain at all."""
    return "private-address" if location.isascii() else "bad-url or private-address"


_BOMBS: dict[str, bytes] = {}


def bomb(kind: str) -> bytes:
    """50 MB of spaces in about 50 kB."""
    if kind not in _BOMBS:
        packer = zlib.compressobj(9, zlib.DEFLATED, zlib.MAX_WBITS + (16 if kind == "gzip" else 0))
        piece = b" " * 1_000_000
        _BOMBS[kind] = b"".join(packer.compress(piece) for _ in range(50)) + packer.flush()
    return _BOMBS[kind]

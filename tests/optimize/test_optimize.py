"""The optimizer's promises: text to text, typed refusals, honest warnings, and no input that breaks it."""

from __future__ import annotations

import gzip
import hashlib
import json
import pickle
import warnings
from pathlib import Path

import numpy as np
import pytest

from text2svg.errors import ConfigError, LimitError, ParseError, Refused, SvgError
from text2svg.optimize import RUNGS, Optimized, OptimizeOptions, optimize, optimize_many, optimize_svg_string
from text2svg.optimize import svgo as svgo_module
from text2svg.optimize.ladder import Tools
from text2svg.optimize.svgo import Svgo, SvgoOptions
from text2svg.raster import load
from text2svg.svg.canonical import FOOTER, HEADER

ICON = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="24" height="24" viewBox="0 0 24 24" fill="none" stroke="currentColor"'
    ' stroke-width="2" stroke-linecap="round"><path d="M5 12h14"/><circle cx="12" cy="12" r="9"/></svg>'
)
TEXTUAL = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 40 20"><text x="2" y="12" font-size="9">hi</text></svg>'
POWER = (
    '<svg version="1.1" xmlns="http://www.w3.org/2000/svg" width="20" height="20" viewBox="0 0 20 20">\n'
    "<title>power</title>\n"
    '<path d="M10.625 1.681c0-0.345-0.28-0.625-0.625-0.625s-0.625 0.28-0.625 0.625v8.125c0 0.345 0.28 0.625 0.625 '
    '0.625s0.625-0.28 0.625-0.625v-8.125z"></path>\n<path d="M7.12 2.881c0.318-0.135 0.466-0.502 0.33-0.82s-0.502-0.466'
    "-0.82-0.33c-3.156 1.343-5.38 4.436-5.38 8.075 0 4.845 3.905 8.75 8.75 8.75s8.75-3.905 8.75-8.75c0-3.639-2.225-6.732"
    "-5.38-8.075-0.318-0.135-0.685 0.013-0.82 0.33s0.013 0.685 0.33 0.82c2.719 1.157 4.62 3.814 4.62 6.925 0 4.155-3.345 "
    '7.5-7.5 7.5s-7.5-3.345-7.5-7.5c0-3.111 1.9-5.768 4.62-6.925z"></path>\n</svg>'
)
"""The example of the first Text2SVG's README, 648 characters, which it brought to 336 (and no xmlns)."""

XMLNS = ' xmlns="http://www.w3.org/2000/svg"'


def test_model_profile_gives_canonical_text(tools: Tools) -> None:
    result = optimize(ICON, OptimizeOptions("model"), tools)
    assert result.rung == "integer"
    assert result.text.startswith(HEADER) and result.text.endswith(FOOTER)
    assert 'stroke-width="21"' in result.text and "<circle" in result.text
    assert result.raw_bytes == len(ICON) and result.bytes == len(result.text)
    assert len(gzip.decompress(gzip.compress(result.text.encode()))) == result.bytes
    assert result.difference is not None and result.difference.worst_cell < 48


def test_every_profile_is_a_fixed_point(tools: Tools) -> None:
    for profile in ("web", "model", "seed"):
        options = OptimizeOptions(profile)
        once = optimize(ICON, options, tools)
        twice = optimize(once.text, options, tools)
        assert twice.text == once.text, profile


def test_web_profile_never_grows_beyond_svgo_alone(tools: Tools) -> None:
    alone = tools.svgo.optimize([ICON, POWER])
    for source, text in zip((ICON, POWER), alone, strict=True):
        assert optimize(source, OptimizeOptions("web"), tools).bytes <= len(text)


def test_text_is_kept_and_the_rung_says_why(tools: Tools) -> None:
    result = optimize(TEXTUAL, OptimizeOptions("model"), tools)
    assert result.rung == "decimal2"
    assert "<text" in result.text and ">hi<" in result.text
    assert any(warning.startswith("integer: ") for warning in result.warnings)


def test_the_seed_example_is_as_short_as_it_was(tools: Tools) -> None:
    result = optimize(POWER, OptimizeOptions("seed", cubic_only=True), tools)
    assert len(POWER) == 648
    assert result.rung == "integer"
    assert result.bytes - len(XMLNS) == 336
    compact = result.text.replace(XMLNS, "", 1)
    assert hashlib.md5(compact.encode()).hexdigest() == "2f195e967fcc6c11d1309eba5e453bdf"
    published = compact.replace("<path", "\n  <path").replace("</svg>", "\n</svg>")
    assert len(published) == 343
    assert hashlib.md5(published.encode()).hexdigest() == "72dca5aaadd34fa8c8f8b98a75b5eeca"
    assert 'd="M136 22Q135 14 128 14T120 22V126Q121 133 128 134 135 133 136 126z"' in result.text


@pytest.mark.parametrize("decimals", [None, 0])
def test_the_web_profile_beats_it_with_its_name_and_its_namespace(decimals: int | None, tools: Tools) -> None:
    result = optimize(POWER, OptimizeOptions("web", decimals=decimals), tools)
    assert result.bytes <= 242
    assert XMLNS in result.text and "<title>power</title>" in result.text
    for renderer in ("resvg", "cairo"):
        rasterizer = load(renderer)
        ink = [rasterizer.render(text, 256)[..., 3].astype(float) / 255 for text in (POWER, result.text)]
        assert np.minimum(*ink).sum() / np.maximum(*ink).sum() >= 0.984, renderer


def test_optimize_svg_string(svgo_cache: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, tools: Tools) -> None:
    monkeypatch.setattr(svgo_module.SvgoOptions, "__init__", _with_cache(svgo_cache))
    text = optimize_svg_string(POWER)
    assert text == optimize(POWER, OptimizeOptions("seed", cubic_only=True), tools).text
    assert optimize_svg_string(POWER, {"normalize_scale": 512.0}) != text
    assert "." not in optimize_svg_string(POWER, {"normalize_to_int": True}).split("viewBox")[1]
    config = tmp_path / "none.config.mjs"
    config.write_text("export default { plugins: [] };", encoding="utf-8")
    assert len(optimize_svg_string(POWER, stage2_config_path=config)) > len(text)
    with pytest.raises(ConfigError, match="known|unknown"):
        optimize_svg_string(POWER, {"cubic": True})


def _with_cache(cache: Path) -> object:
    original = SvgoOptions.__init__

    def init(self: SvgoOptions, *args: object, **kwargs: object) -> None:
        original(self, *args, **{"cache": cache, **kwargs})

    return init


def test_the_string_function_warns_unless_quiet(svgo_cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(svgo_module.SvgoOptions, "__init__", _with_cache(svgo_cache))
    scripted = ICON.replace("<path", "<script>alert(1)</script><path")
    with pytest.warns(UserWarning, match="removed script"):
        optimize_svg_string(scripted)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert "script" not in optimize_svg_string(scripted, quiet=True)


def test_the_fallback_backend_is_named_in_the_warnings() -> None:
    with Svgo(SvgoOptions(backend="python")) as port:
        result = optimize(ICON, OptimizeOptions("web"), Tools(port, load("resvg")))
    assert any("svgo-py" in warning for warning in result.warnings)


@pytest.mark.parametrize(
    ("source", "kind"),
    [
        ("", ParseError),
        ("hello", ParseError),
        ("<html></html>", ParseError),
        ("<svg", ParseError),
        (b"\xff\xfe\x00\xd8", SvgError),
        (b"\x89PNG\r\n", SvgError),
        ('<svg xmlns="http://www.w3.org/2000/svg">' + "<g>" * 5000 + "</g>" * 5000 + "</svg>", LimitError),
        ('<svg xmlns="http://www.w3.org/2000/svg">' + "<g/>" * 30_000 + "</svg>", LimitError),
        ('<svg xmlns="http://www.w3.org/2000/svg"><path d="' + "M0 0" * 500_000 + '"/></svg>', LimitError),
        (
            '<!DOCTYPE svg [<!ENTITY a "aaaaaaaaaa">'
            + "".join(f'<!ENTITY {chr(98 + i)} "{("&" + chr(97 + i) + ";") * 10}">' for i in range(9))
            + ']><svg xmlns="http://www.w3.org/2000/svg"><text>&j;</text></svg>',
            LimitError,
        ),
    ],
    ids=["empty", "words", "html", "cut", "utf16", "png", "deep", "wide", "long", "laughs"],
)
def test_unusable_input_is_refused_by_type(source: str | bytes, kind: type[SvgError], tools: Tools) -> None:
    with pytest.raises(kind) as caught:
        optimize(source, OptimizeOptions("web"), tools)
    assert caught.value.reason


def test_other_encodings_are_read(tools: Tools) -> None:
    plain = optimize(ICON, OptimizeOptions("model"), tools).text
    declared = f'<?xml version="1.0" encoding="ISO-8859-1"?>{ICON.replace("<path", "<!-- é --><path")}'
    for data in (ICON.encode(), ICON.encode("utf-8-sig"), ICON.encode("utf-16"), declared.encode("latin-1")):
        assert optimize(data, OptimizeOptions("model"), tools).text == plain


def test_a_large_drawing_passes(tools: Tools) -> None:
    paths = "".join(
        f'<path d="M{i % 90}.000 {i // 90}L{(i * 7) % 90} {(i * 11) % 90}l3 4z" fill="#{i % 4096:03x}"/>'
        for i in range(3000)
    )
    source = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 96 96">{paths}</svg>'
    result = optimize(source, OptimizeOptions("web"), tools)
    assert 0 < result.bytes < len(source)


def test_hostile_drawings_come_out_harmless_or_not_at_all(tools: Tools) -> None:
    hostile = json.loads((Path(__file__).parents[1] / "svg" / "hostile.json").read_text(encoding="utf-8"))
    texts = [entry["svg"] for entry in hostile]
    answers = optimize_many(texts, OptimizeOptions("web"), Tools(tools.svgo, None))
    assert len(answers) == len(texts)
    for answer in answers:
        if isinstance(answer, Optimized):
            lowered = answer.text.lower()
            assert not any(bad in lowered for bad in ("<script", "javascript:", "onload", "foreignobject", "127.0.0.1"))


def test_a_batch_answers_in_order_with_errors_in_place(tools: Tools) -> None:
    answers = optimize_many([ICON, "nope", POWER, ICON], OptimizeOptions("model"), tools)
    assert [isinstance(answer, Optimized) for answer in answers] == [True, False, True, True]
    assert answers[0] == answers[3] != answers[2]


def test_sampling_is_by_digest_and_off_renders_nothing(tools: Tools) -> None:
    icons = [ICON.replace('r="9"', f'r="{radius / 10}"') for radius in range(20, 100)]
    sampled = optimize_many(icons, OptimizeOptions("model", verify="sample"), tools)
    judged = [answer.difference is not None for answer in sampled]
    assert 1 <= sum(judged) <= 16
    again = optimize_many(icons[::-1], OptimizeOptions("model", verify="sample"), tools)
    assert [answer.difference is not None for answer in again] == judged[::-1]
    off = optimize_many(icons, OptimizeOptions("model", verify="off"), Tools(tools.svgo, None))
    assert all(answer.difference is None for answer in off)
    assert [answer.text for answer in off] == [answer.text for answer in sampled]


def test_a_style_rule_that_cannot_be_kept_is_refused_only_where_it_shows(tools: Tools) -> None:
    source = (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><style>svg{--c:red}</style>'
        '<rect width="4" height="9"/><rect x="5" width="4" height="9" style="fill:var(--c,lime)"/></svg>'
    )
    with pytest.raises(Refused) as caught:
        optimize(source, OptimizeOptions("web"), tools)
    assert caught.value.reason == "lost-paint"
    assert "css-property:--c" in str(caught.value)
    invisible = source.replace("lime", "#000")
    assert "removed css-property:--c" in optimize(invisible, OptimizeOptions("web"), tools).warnings


def test_a_model_does_not_learn_a_drawing_that_lost_a_part(tools: Tools) -> None:
    source = ICON.replace("<path", '<foreignObject width="9" height="9"><p>x</p></foreignObject><path')
    with pytest.raises(Refused) as caught:
        optimize(source, OptimizeOptions("model"), tools)
    assert caught.value.reason == "lost-content"
    assert "removed foreign-object" in optimize(source, OptimizeOptions("web"), tools).warnings


def test_a_font_is_not_emptied(tools: Tools) -> None:
    font = '<svg xmlns="http://www.w3.org/2000/svg"><defs><font id="f"><glyph d="M1 1h9v9z"/></font></defs></svg>'
    with pytest.raises(Refused, match="removed element:font"):
        optimize(font, OptimizeOptions("web", verify="off"), tools)
    empty = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"/>'
    assert optimize(empty, OptimizeOptions("web"), tools).rung in RUNGS


@pytest.mark.parametrize(
    "options",
    [{"profile": "print"}, {"decimals": 3}, {"verify": "maybe"}, {"verify_size": 100}],
    ids=["profile", "decimals", "verify", "verify_size"],
)
def test_wrong_options_name_the_valid_ones(options: dict[str, object]) -> None:
    with pytest.raises(ConfigError) as caught:
        OptimizeOptions(**options)
    assert caught.value.hint


def test_results_pickle(tools: Tools) -> None:
    result = optimize(ICON, OptimizeOptions("model"), tools)
    assert pickle.loads(pickle.dumps(result)) == result


@pytest.mark.parametrize("profile", ["web", "model", "seed"])
@pytest.mark.parametrize(
    "body",
    ['<path d="M1e308 1e308L9 9 80 1e308Z"/>', '<path transform="scale(1e308)" d="M1e308 0L9 9 80 7Z"/><circle r="9"/>',
     f'<path d="M0 0A1e308 1 5 0 1 5 5L{"9" * 400} 3Z"/>'],
)  # fmt: skip
def test_numbers_beyond_all_range_step_back_and_never_crash(profile, body, tools) -> None:
    text = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 100 100">{body}</svg>'
    assert optimize(text, OptimizeOptions(profile), tools).rung in RUNGS

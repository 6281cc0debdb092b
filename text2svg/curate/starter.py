"""Chooses a small corpus that shows what a large one holds: frequent words, each style, good sets first.

Refuses randomness: the same rows give the same choice in the same order. The trade-off: the list of good sets is taste,
checked by eye; a corpus without any of them gives an empty choice.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from text2svg.curate.dedup import drawing_key
from text2svg.curate.filters import Filters
from text2svg.sample import Sample

GOOD_SETS: Mapping[str, tuple[str, ...]] = {
    "outline": ("lucide", "tabler", "ph", "iconoir", "solar", "mingcute", "ri", "hugeicons", "mdi", "lucide-lab",
                "healthicons", "fluent", "heroicons"),
    "filled": ("ph", "mdi", "tabler", "ri", "game-icons", "mingcute", "solar", "heroicons", "fa7-solid", "healthicons",
               "material-symbols", "temaki"),
    "duotone": ("ph", "solar", "si", "iconamoon", "reicon", "stash", "duo-icons"),
    "color": ("twemoji", "fluent-emoji-flat", "flat-color-icons", "noto", "fluent-color", "circle-flags", "marketeq",
              "streamline-plump-color", "streamline-flex-color", "streamline-color", "flat-ui", "icon-park"),
}  # fmt: skip
"""Sets to choose from by style, best first."""

_WEIGHTS = ("-thin", "-light", "-bold", "-broken", "-line-duotone", "-rounded", "-sharp", "-12", "-16", "-48")
_BRAND_WORDS = frozenset({"brand", "brands", "logo", "social", "browser", "company", "trademark", "network"})
_UNFIT = frozenset({"middle finger"})
"""Captions that a first page should not show."""
_MAX_CHARS = {"outline": 1600, "filled": 1800, "duotone": 2200, "color": 3600}


@dataclass(frozen=True, slots=True)
class StarterPlan:
    """How many drawings of each style, and how much of a style one set may give."""

    sizes: Mapping[str, int] = field(
        default_factory=lambda: {"outline": 2800, "filled": 1900, "duotone": 900, "color": 1600}
    )
    share: float = 0.3
    per_caption: int = 2
    """Drawings of one caption in one style."""
    sets: Mapping[str, Sequence[str]] = field(default_factory=lambda: GOOD_SETS)


def choose_starter(samples: Iterable[Sample], plan: StarterPlan | None = None) -> list[Sample]:
    """The chosen rows, style by style, most frequent caption first.

    All `samples` are counted, so pass the whole corpus; rows of the good sets are held in memory meanwhile (30 MB for
    all of `@iconify/json`). May return fewer than the plan's sizes, never more.
    """
    plan = plan or StarterPlan()
    frequency: dict[str, Counter[str]] = defaultdict(Counter)
    brands: set[str] = set()
    places = {(style, name): place for style, names in plan.sets.items() for place, name in enumerate(names)}
    candidates: dict[tuple[str, str], list[tuple[int, str, Sample]]] = defaultdict(list)
    for sample in samples:
        frequency[sample.style][sample.caption] += 1
        if sample.caption.endswith(" logo"):
            brands.add(sample.caption.removesuffix(" logo"))
        place = places.get((sample.style, sample.provenance.collection))
        if place is not None and _showable(sample):
            candidates[sample.style, sample.caption].append((place, sample.provenance.name, sample))
    chosen: list[Sample] = []
    seen: set[bytes] = set()
    for style in plan.sizes:
        counted = frequency[style]
        ranked = sorted(counted, key=lambda caption: (-counted[caption], caption))
        ranked = [name for name in ranked if not _trademark(name, brands, candidates.get((style, name), ()))]
        chosen += _choose_style(style, ranked, candidates, plan, seen)
    return chosen


def _choose_style(
    style: str,
    ranked: Sequence[str],
    candidates: Mapping[tuple[str, str], list[tuple[int, str, Sample]]],
    plan: StarterPlan,
    seen: set[bytes],
) -> list[Sample]:
    size, most = plan.sizes[style], max(1, int(plan.sizes[style] * plan.share))
    taken: Counter[str] = Counter()
    chosen: list[Sample] = []
    used: dict[str, set[str]] = defaultdict(set)
    # One of each caption first, so that a second drawing of `home` never costs the only `owl` its place.
    for _ in range(plan.per_caption):
        for caption in ranked:
            if len(chosen) >= size:
                return chosen
            for _, _, sample in sorted(candidates.get((style, caption), ()), key=lambda entry: entry[:2]):
                collection, key = sample.provenance.collection, drawing_key(sample.raw)
                if taken[collection] >= most or collection in used[caption] or key in seen:
                    continue
                taken[collection] += 1
                used[caption].add(collection)
                seen.add(key)
                chosen.append(sample)
                break
    return chosen


def _trademark(caption: str, brands: set[str], rows: Iterable[tuple[int, str, Sample]]) -> bool:
    """Whether a caption that some set marks as a logo is one here too: `figma` is, `apple` the fruit is not."""
    tags = {word for _, _, sample in rows for tag in sample.tags for word in tag.split()}
    return caption in brands and (not tags or bool(tags & _BRAND_WORDS))


def _showable(sample: Sample) -> bool:
    name = sample.provenance.name
    if sample.caption in _UNFIT:
        return False
    if len(sample.raw) > _MAX_CHARS.get(sample.style, 1500) or name.endswith(_WEIGHTS):
        return False
    if sample.caption.endswith(" logo") or name.startswith(("brand-", "logo-", "logos-")):
        return False
    if any("brand" in category.lower() or "logo" in category.lower() for category in sample.categories):
        return False
    return not Filters(skin_tones=False).reason(sample)

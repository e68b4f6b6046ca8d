"""Titles from a small grammar: the thing that is to be seen, and a circumstance.

Each composition has its own things, so titles of two compositions never coincide; within a composition the n-th title
is the n-th element of a shuffled enumeration, so they never repeat either.
"""

from __future__ import annotations

from math import gcd

import numpy as np

SLEEPER = "Sleep on Seven Crutches"
VARIATIONS = (", Second State", ", Revisited", ", One Hour Later", ", Second Version")

# Each thing is a noun phrase with its article.
_THINGS: dict[str, tuple[str, ...]] = {
    "procession": (
        "the Stilted Herd",
        "the Pilgrim Elephants",
        "the Caravan of Thin Legs",
        "the Tall Procession",
        "the Obelisk Bearers",
    ),
    "soft_hours": ("the Soft Hours", "the Tired Clock", "the Melted Noon", "the Watches at Rest", "the Spilled Minute"),
    "threshold": (
        "the Door without a House",
        "the Standing Threshold",
        "the Open Frame",
        "the Other Weather",
        "the Unhinged Door",
    ),
    "great_egg": ("the Great Egg", "the Unhatched Monument", "the Patient Shell", "the Cracked Dawn", "the First Egg"),
    "drawers": (
        "the Torso with Drawers",
        "the Cabinet of Flesh",
        "the Open Venus of the Plain",
        "the Body of Drawers",
        "the Chest of Secrets",
    ),
    "shore": (
        "the Boat on Dry Land",
        "the Abandoned Cove",
        "the Becalmed Sail",
        "the Tideless Shore",
        "the Waiting Boat",
    ),
    "levitation": (
        "the Weightless Spheres",
        "the Hovering Stones",
        "the Suspended Noon",
        "the Floating Orchard",
        "the Unfallen Bodies",
    ),
    "drapery": (
        "the Hanging Cloth",
        "the Curtain in the Desert",
        "the Veil on Crutches",
        "the Forgotten Laundry of Angels",
        "the Draped Silence",
    ),
    "arcade": ("the Arcade", "the Long Gallery", "the Empty Loggia", "the Hoop and the Arches", "the Afternoon Wall"),
    "ledge": (
        "the Table of the Horizon",
        "the Loaf and the Watch",
        "the Stone Still Life",
        "the Breakfast of Ants",
        "the Offering on the Ledge",
    ),
    "stair": (
        "the Stair to Nothing",
        "the Nine Steps",
        "the Climb without a Roof",
        "the Interrupted Stair",
        "the Ladder of Noon",
    ),
    "rider": (
        "the Thin Rider",
        "the Horse on Stilts",
        "the Lancer of the Plain",
        "the Brittle Cavalier",
        "the High Horse",
    ),
    "stone_head": (
        "the Hollow Head",
        "the Colossus",
        "the Stone That Remembers",
        "the Quarry of Thought",
        "the Broken Profile",
    ),
    "tall_table": (
        "the Table for a Cloud",
        "the Chair above the World",
        "the Long-Legged Table",
        "the Seat of Distance",
        "the Furniture of Giants",
    ),
    "cypress_walk": (
        "the Cypress Walk",
        "the Avenue of Dark Flames",
        "the Island of Cypresses",
        "the Green Sentinels",
        "the Gardener of Shadows",
    ),
    "watch_tree": (
        "the Clock Tree",
        "the Olive of Hours",
        "the Harvest of Watches",
        "the Branch That Counts",
        "the Orchard of Time",
    ),
    "egg_field": (
        "the Field of Eggs",
        "the Sowing of Eggs",
        "the Pale Harvest",
        "the Congregation of Shells",
        "the White Sowing",
    ),
    "cliff": ("the Cliff", "the Geological Dream", "the Rock with a Face", "the Cape of Wind", "the Mineral Afternoon"),
    "moon_boat": (
        "the Boat in the Air",
        "the Aerial Regatta",
        "the Sail above the Sand",
        "the Keel of the Moon",
        "the Airborne Fisherman",
    ),
}

_OF = (
    "Patience",
    "Memory",
    "Hunger",
    "Drought",
    "Solitude",
    "Gravity",
    "Wind",
    "Thirst",
    "Forgetting",
    "Vertigo",
    "Waiting",
    "Longing",
)
_HOURS = (
    "at the Hour of Ants",
    "at Five in the Afternoon",
    "before the Storm",
    "after the Departure of the Sea",
    "on the Day without Noon",
    "under a Borrowed Sky",
    "in the Season of Long Shadows",
    "an Instant before Waking",
    "at Low Tide",
    "on the Last Afternoon of Summer",
    "while the Wind Counts",
    "in the Absence of Birds",
)
_EVENTS = (
    "a Letter",
    "the Tide",
    "the Rain",
    "an Heir",
    "Its Shadow",
    "the Night Train",
    "a Second Moon",
    "Its Own Echo",
    "the Return of the Sea",
    "a Witness",
    "the First Star",
    "an Answer",
)
_VERBS = (
    "Contemplating",
    "Forgetting",
    "Inventing",
    "Measuring",
    "Dreaming of",
    "Betraying",
    "Awaiting",
    "Surprised by",
)
_STUDIES = (
    "Study for",
    "Portrait of",
    "Apparition of",
    "Metamorphosis of",
    "Elegy for",
    "Anatomy of",
    "Invention of",
    "Double Image of",
)
_ALIASES = (
    "the Patience of Stones",
    "How Shadows Learn to Walk",
    "the Education of a Cloud",
    "a Short History of Sand",
    "the Second Birth of Distance",
    "the Etiquette of Ghosts",
    "the Arithmetic of Dust",
    "What the Horizon Keeps",
    "the Weight of a Glance",
    "an Hour Lent by Nobody",
    "the Disobedient Noon",
    "the Sincerity of Mirrors",
    "the Invisible Witness",
    "a Treatise on Slowness",
    "the Melancholy of Measures",
    "the Geometry of Thirst",
    "Nine Ways to Forget a House",
    "the Courtesy of the Wind",
    "the Inheritance of Salt",
    "the Hesitation of the Light",
    "a Lesson in Standing Still",
    "the Unanswered Afternoon",
    "the Anatomy of Silence",
    "the Debt of the Evening",
)


def _patterns() -> list[str]:
    found = [f"The {noun} of {{the}}" for noun in _OF]
    found += [f"{{The}} {hour}" for hour in _HOURS]
    found += [f"{{The}} {verb} {event}" for verb in _VERBS for event in _EVENTS]
    found += [f"{study} {{the}}" for study in _STUDIES]
    found += [f"{study} {{the}} {hour}" for study in _STUDIES for hour in _HOURS]
    found += [f"{{The}}, or {alias}" for alias in _ALIASES]
    return found


_PATTERNS = _patterns()


def title(composition: str, turn: int, seed: int) -> str:
    """The `turn`-th title of a composition; no two turns give the same."""
    things = _THINGS[composition]
    size = len(things) * len(_PATTERNS)
    place = list(_THINGS).index(composition)
    rng = np.random.default_rng([seed, 21, place])
    stride = int(rng.integers(size // 3, size))
    while gcd(stride, size) != 1:  # a stride that visits every element once
        stride += 1
    lap, turn = divmod(turn, size)
    index = (int(rng.integers(0, size)) + turn * stride) % size
    pattern, thing = _PATTERNS[index // len(things)], things[index % len(things)]
    words = pattern.format(the=thing, The=thing[0].upper() + thing[1:])
    return words if lap == 0 else f"{words}, No. {lap + 1}"

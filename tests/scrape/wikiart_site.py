"""A generated site with the structure of WikiArt's.

The list as JSON pages, work pages in both layouts, renditions on another host name. Everything that is known to be odd
about the real one is in it: two names for the id, repeated titles, years that are missing, works without a picture,
alternate scans, `(1)` and other letters in addresses, an escape that is broken, a script that goes on behind the model,
an HD rendition that is listed but missing, and a list that shows some works twice.
"""

import html
import json
from collections.abc import Callable
from urllib.parse import quote

PAGE_LENGTH = 60
RENDITIONS = {"PinterestSmall": 21, "Portrait": 30, "Blog": 50, "Large": 75, "HD": 120}
TITLES = (
    "Sleep",
    "The Persistence of Rain",
    "Portrait of a Cup",
    "L'Été à Figueres",
    'The "Great" Egg & Co.',
    "Untitled",
)
GENRES = ("portrait", "landscape", "still life")


class Site:
    """The paths of the site with their bodies; `address` is where pages are, `uploads` where pictures are."""

    def __init__(self, works: int, address: str, uploads: str, scan: Callable[[int, int], bytes]):
        """`scan` makes a picture from the number of the work and a width."""
        self.files: dict[str, bytes] = {}
        self.uploads, self.scan = uploads, scan
        self.without_picture = {number for number in range(works) if number % 97 == 13}
        self.with_two_scans = {number for number in range(works) if number % 50 == 7} - self.without_picture
        items = [self._item(number) for number in range(works)]
        items[PAGE_LENGTH:PAGE_LENGTH] = items[:2]  # the list moved while it was being read
        pages = [items[at : at + PAGE_LENGTH] for at in range(0, len(items), PAGE_LENGTH)]
        for number, page in enumerate([*pages, []], start=1):
            target = f"/en/salvador-dali/mode/all-paintings?json=2&layout=new&page={number}&resultType=masonry"
            answer = {"Paintings": page or None, "AllPaintingsCount": works, "PageSize": PAGE_LENGTH, "TimeLog": None}
            self.files[target] = json.dumps(answer, ensure_ascii=bool(number % 2)).encode()

    def _item(self, number: int) -> dict[str, object]:
        title = TITLES[number % len(TITLES)]
        slug = f"{title.lower().replace(' ', '-')}-{number}"
        page = quote(f"/en/salvador-dali/{slug}")
        image, alternates = None, None
        if number not in self.without_picture:
            name = f"{slug}(1).jpg" if number % 4 == 0 else f"{slug}.jpg"
            image = self._published(name, number, 130)
        if number in self.with_two_scans:
            alternates = [self._published(f"{slug}-scan.jpg", number, 110)]
        self.files[page] = self._page(number, title, image)
        missing_years = {3: "", 4: None}  # by the last digit
        return {
            "id" if number % 3 else "_id": f"57726d66edc2cb3880b{number:05d}",
            "title": title,
            "year": missing_years.get(number % 10, str(1920 + number % 60)),
            "width": 130,
            "height": 30,
            "artistName": "Salvador Dali",
            "image": image and f"{image}!Large.jpg",
            "paintingUrl": page,
            "artistUrl": "/en/salvador-dali",
            "flags": 0,
            "images": alternates,
        }

    def _published(self, name: str, number: int, width: int) -> str:
        """The address of an original, which with all its renditions (but HD, for every fifth) can be had."""
        path = quote(f"/images/salvador-dali/{name}")
        self.files[path] = self.scan(number, width)
        for rendition, smaller in RENDITIONS.items():
            if rendition != "HD" or number % 5:
                self.files[f"{path}!{rendition}.jpg"] = self.scan(number, smaller)
        return self.uploads + path

    def _page(self, number: int, title: str, image: str | None) -> bytes:
        genre = f'<a href="/en/paintings-by-genre/x"><span itemprop="genre">{GENRES[number % len(GENRES)]}</span></a>'
        heading = f"<h3>{html.escape(title)}</h3>"
        if not image or number % 2:  # the layout without a model
            shown = f'<img itemprop="image" src="{image}!Large.jpg">' if image else ""
            return f"<html><body><h1>{html.escape(title)}</h1>{shown}{genre}</body></html>".encode()
        thumbnails = [
            {"Name": name, "Width": width, "Height": 30, "SizeKB": 1.5, "Url": f"{image}!{name}.jpg"}
            for name, width in RENDITIONS.items()
        ]
        model = json.dumps({"ImageThumbnailsModel": [{"ImageId": number, "Thumbnails": thumbnails}]})
        script = html.escape(f"thumbnailSizesModel = {model};" + (" other = {}; init();" if number % 8 == 0 else ""))
        if number % 6 == 0:
            script = script.replace("&quot;", "&ququot;", 1)
        main = f'<main ng-controller="ArtworkViewCtrl" ng-init="{script}"><article>{heading}</article>{genre}</main>'
        return f"<html><body>{main}</body></html>".encode()

"""The page in a real browser.

Nothing is fetched or complained of, it fits a phone, the slider moves, dark and print are other pages.
"""

import base64
import re
import subprocess
import sys
from pathlib import Path

import chromium
import pytest
from finished import results

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = chromium.find()
REASON = (
    f"no Chromium on this machine (none of {', '.join(chromium.NAMES)} is on PATH; Debian: apt-get install chromium)"
)
pytestmark = [pytest.mark.slow, pytest.mark.skipif(PROGRAM is None, reason=REASON)]  # a browser starts in seconds
FIRST = "document.querySelector('.compare')"
AT = f"getComputedStyle({FIRST}).getPropertyValue('--at')"
BOXES = f"[...{FIRST}.querySelectorAll('img')].map(image => image.getBoundingClientRect().toJSON())"
WIDTHS = [320, 360, 768, 1280, 1920]


@pytest.fixture(scope="module")
def page(tmp_path_factory, clean_environment):
    folder = tmp_path_factory.mktemp("page")
    (folder / "params.yaml").write_bytes((ROOT / "params.yaml").read_bytes())
    results(folder)
    subprocess.run([sys.executable, "-m", "stages.report"], cwd=folder, env=clean_environment(), check=True)
    return folder / "data/report/index.html"


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    assert PROGRAM is not None, "without one all tests are skipped"
    with chromium.tab(PROGRAM, tmp_path_factory.mktemp("profile")) as tab:
        yield tab


@pytest.fixture
def tab(browser, page):
    """The page, freshly loaded on a desktop's screen."""
    browser("Emulation.setScriptExecutionDisabled", value=False)
    browser("Emulation.setTouchEmulationEnabled", enabled=False)
    browser.media("")
    browser.screen(1280)
    browser.open(page)
    return browser


def spoken(tab) -> list[dict]:
    """What the browser says on its console: messages, errors, violations of the content security policy."""
    return [
        event
        for event in tab.events
        if event["method"] in ("Runtime.consoleAPICalled", "Runtime.exceptionThrown", "Log.entryAdded")
    ]


def requested(tab) -> set[str]:
    """The kinds of addresses that were asked for."""
    return {
        event["params"]["request"]["url"].partition(":")[0]
        for event in tab.events
        if event["method"] == "Network.requestWillBeSent"
    }


@pytest.mark.slow
def test_it_loads_without_a_complaint_or_a_request(tab):
    assert tab.value("[...document.images].every(image => image.complete && image.naturalWidth > 0)")
    assert tab.value("document.images.length") > 20
    assert spoken(tab) == []
    assert requested(tab) == {"file", "data"}, "the page itself, and the pictures inside it"


@pytest.mark.slow
def test_the_policy_stops_what_an_injection_would_do(tab):
    tab.value("""new Promise(done => {
        document.body.insertAdjacentHTML('beforeend', '<img id=bad src="x" onerror="window.ran = 1">');
        const script = document.createElement('script');
        script.textContent = 'window.ran = 2';
        document.body.append(script);
        fetch('http://127.0.0.1:9/').catch(() => setTimeout(done, 200));
    })""")
    assert tab.value("window.ran") is None
    assert len([event for event in spoken(tab) if "Content Security Policy" in str(event)]) >= 3


@pytest.mark.parametrize("width", WIDTHS)
def test_nothing_is_wider_than_the_screen(tab, width):
    tab.screen(width)
    tab.value("document.querySelectorAll('details').forEach(item => item.open = true)")
    inside, screen = (tab.value(f"document.documentElement.{name}") for name in ("scrollWidth", "clientWidth"))
    assert inside <= screen <= width
    wide = """[...document.querySelectorAll('body *')]
        .filter(item => item.offsetParent && !item.closest('.wide, svg, .compare, thead'))
        .filter(item => item.getBoundingClientRect().right > innerWidth + 1)
        .map(item => item.outerHTML.slice(0, 80))"""
    assert tab.value(wide) == []


def test_letters_can_be_read_on_a_phone(tab):
    tab.screen(360)
    letters = """[...document.querySelectorAll('main *')].filter(item => item.innerText?.trim())
        .map(item => parseFloat(getComputedStyle(item).fontSize))"""
    assert min(tab.value(letters)) >= 12
    scaled = "[...document.querySelectorAll('.chart text')].map(text => text.getBoundingClientRect().height)"
    assert min(tab.value(scaled)) >= 12


@pytest.mark.parametrize("width", WIDTHS)
def test_no_words_of_a_chart_meet_or_are_cut_off(tab, width):
    tab.screen(width)
    assert tab.value("document.querySelectorAll('.chart > svg text').length") > 3 * 8
    meeting = """[...document.querySelectorAll('.chart > svg')].flatMap(svg => {
        const boxes = [...svg.querySelectorAll('text')].map(text => text.getBoundingClientRect());
        const meet = (a, b) => a.left < b.right && b.left < a.right && a.top < b.bottom - 3 && b.top < a.bottom - 3;
        return boxes.filter((a, i) => boxes.slice(i + 1).some(b => meet(a, b)));
    }).length"""
    assert tab.value(meeting) == 0
    cut = """[...document.querySelectorAll('.chart > svg')].flatMap(svg => {
        const frame = svg.getBoundingClientRect();
        return [...svg.querySelectorAll('text')].map(text => text.getBoundingClientRect()).filter(box =>
            box.left < frame.left || box.right > frame.right || box.top < frame.top || box.bottom > frame.bottom);
    }).length"""
    assert tab.value(cut) == 0


def test_the_charts_have_the_page_s_letters_and_colors_in_light_and_in_dark(tab):
    seen = set()
    for scheme in ("light", "dark"):
        tab.media("", prefers_color_scheme=scheme)
        style = "getComputedStyle(document.querySelector('.chart > svg text'))"
        assert tab.value(f"{style}.fontFamily") == tab.value(
            "getComputedStyle(document.querySelector('h3')).fontFamily"
        )
        fill = tab.value(f"{style}.fill")
        assert fill == f"rgb({', '.join(str(round(value * 255)) for value in color(tab, 'soft'))})"
        seen.add(fill)
    assert len(seen) == 2


def test_the_slider_moves_by_keyboard_mouse_and_touch(tab):
    assert tab.value(AT) == "50%" and tab.value(f"{FIRST}.querySelector('input').ariaLabel").endswith(
        "Sleep on Seven Crutches"
    )
    tab.value(f"{FIRST}.querySelector('input').focus()")
    for kind in ("keyDown", "keyUp"):
        tab("Input.dispatchKeyEvent", type=kind, key="ArrowRight", code="ArrowRight", windowsVirtualKeyCode=39)
    assert tab.value(AT) == "51%"
    assert tab.value(f"{FIRST}.querySelector('input').ariaValueText") == "51 % sketch"

    tab.value(f"{FIRST}.scrollIntoView({{block: 'center', behavior: 'instant'}})")
    box = tab.value(f"{FIRST}.getBoundingClientRect().toJSON()")
    left, top, width, height = (box[key] for key in ("left", "top", "width", "height"))
    assert 0.7 < width / height / (128 / 96) < 1.4, "the shape of the pictures, with no room below them"
    for kind, buttons in (("mousePressed", 1), ("mouseReleased", 0)):
        tab(
            "Input.dispatchMouseEvent",
            type=kind,
            x=left + 0.25 * width,
            y=top + height / 2,
            button="left",
            buttons=buttons,
            clickCount=1,
        )
    assert float(tab.value(AT).rstrip("%")) == pytest.approx(25, abs=1.5), "it goes to where it was clicked"

    tab("Emulation.setTouchEmulationEnabled", enabled=True)
    for kind, at in (("touchStart", 0.25), ("touchMove", 0.5), ("touchMove", 0.8)):
        tab("Input.dispatchTouchEvent", type=kind, touchPoints=[{"x": left + at * width, "y": top + height / 2}])
    drawn = f"new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done({AT}))))"
    assert float(tab.value(drawn).rstrip("%")) == pytest.approx(80, abs=3), "while the finger is still down"
    tab("Input.dispatchTouchEvent", type="touchEnd", touchPoints=[])
    clip = tab.value(f"getComputedStyle({FIRST}.querySelector('.before')).clipPath")
    assert re.fullmatch(r"inset\(0px calc\(.*\) 0px 0px\)|inset\(0px [\d.]+% 0px 0px\)", clip), clip


def test_without_scripts_both_pictures_stand_side_by_side(tab, page):
    tab("Emulation.setScriptExecutionDisabled", value=True)
    tab.open(page)
    tab("Emulation.setScriptExecutionDisabled", value=False)  # only to look at what is there
    assert tab.value("document.querySelectorAll('.compare input').length") == 0
    after, before = tab.value(BOXES)
    assert before["right"] <= after["left"] and before["top"] == after["top"], "the sketch left, its painting right"
    assert tab.value("getComputedStyle(document.querySelector('.live-only')).display") == "none"


def color(tab, name: str) -> tuple[float, ...]:
    """A variable of the style as red, green, blue in 0..1."""
    digits = tab.value(f"getComputedStyle(document.documentElement).getPropertyValue('--{name}').trim()").lstrip("#")
    digits = digits if len(digits) == 6 else "".join(2 * digit for digit in digits)
    return tuple(int(digits[place : place + 2], 16) / 255 for place in (0, 2, 4))


def contrast(first: tuple[float, ...], second: tuple[float, ...]) -> float:
    """WCAG 2.2's contrast ratio, 1 to 21."""

    def luminance(rgb: tuple[float, ...]) -> float:
        linear = [value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in rgb]
        return sum(weight * value for weight, value in zip((0.2126, 0.7152, 0.0722), linear, strict=True))

    light, dark = sorted((luminance(first), luminance(second)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("scheme", ["light", "dark", "print"])
def test_contrast_is_enough_in_light_in_dark_and_on_paper(tab, scheme):
    tab.media("print" if scheme == "print" else "", prefers_color_scheme="dark" if scheme == "dark" else "light")
    paper = color(tab, "paper")
    assert (sum(paper) < 0.5) == (scheme == "dark")
    assert (
        tab.value("getComputedStyle(document.documentElement).backgroundColor")
        == f"rgb({', '.join(str(round(value * 255)) for value in paper)})"
    )
    for name in ("ink", "soft", "accent", "bad"):
        assert contrast(color(tab, name), paper) >= 4.5, name
        assert contrast(color(tab, name), color(tab, "card")) >= 4.5, name
    for name in ("line1", "line2", "line3"):
        assert contrast(color(tab, name), paper) >= 3, name


def test_dark_paper_is_printed_white(tab):
    tab.media("print", prefers_color_scheme="dark")
    assert tab.value("getComputedStyle(document.documentElement).backgroundColor") == "rgb(255, 255, 255)"
    assert contrast(color(tab, "ink"), (1.0, 1.0, 1.0)) > 15


def test_nothing_moves_for_who_wants_nothing_to_move(tab):
    shown = "['moving', 'resting'].map(name => getComputedStyle(document.querySelector('.film .' + name)).display)"
    assert tab.value(shown) == ["block", "none"]
    tab.media("", prefers_reduced_motion="reduce")
    assert tab.value(shown) == ["none", "block"]


def test_on_paper_the_slider_is_two_pictures_and_the_details_are_open(tab):
    tab.media("print")
    after, before = tab.value(BOXES)
    assert before["right"] <= after["left"]
    assert tab.value(f"getComputedStyle({FIRST}.querySelector('.before')).clipPath") == "none"
    assert tab.value(
        "[...document.querySelectorAll('.live input, nav')].every(item => getComputedStyle(item).display == 'none')"
    )
    assert tab.value(
        "[...document.querySelectorAll('figure, tr')].every(item => getComputedStyle(item).breakInside == 'avoid')"
    )
    assert tab.value("getComputedStyle(document.querySelector('.film .moving')).display") == "none"
    pdf = base64.b64decode(tab("Page.printToPDF", printBackground=True, preferCSSPageSize=True)["data"])
    assert pdf.startswith(b"%PDF") and 4 <= len(re.findall(rb"/Type\s*/Page\b", pdf)) <= 20
    tab.value("document.querySelectorAll('details').forEach(item => item.remove())")
    shorter = base64.b64decode(tab("Page.printToPDF", printBackground=True, preferCSSPageSize=True)["data"])
    assert len(re.findall(rb"/Type\s*/Page\b", shorter)) < len(re.findall(rb"/Type\s*/Page\b", pdf)), (
        "the params and files were on paper"
    )
    assert b"/MediaBox [0 0 594" in pdf or b"/MediaBox [0 0 595" in pdf, "A4"

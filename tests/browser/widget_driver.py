"""Drive the widgets of a page as a learner does, and say what is wrong with them.

Nothing here knows a particular widget: a widget is an element of class ``unrolled-widget``, its
controls are native, its picture is an SVG, and its sentence is in an ``aria-live`` element.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import ClassVar

from playwright.sync_api import Locator, Page

WIDGET = ".unrolled-widget"
CONTROLS = "input:is([type=range], [type=number], [type=checkbox], [type=text]), select"

DRAWN = "e => [...e.querySelectorAll('svg')].map(svg => svg.innerHTML).join()"
SAID = "e => [...e.querySelectorAll('[aria-live]')].map(node => node.textContent).join()"
# The text of a label without that of the control in it: a choice's options are no name.
NAME = """control => {
    const label = control.labels?.[0]?.cloneNode(true);
    label?.querySelectorAll('input, select, [aria-hidden]').forEach(inner => inner.remove());
    return (label?.textContent || control.getAttribute('aria-label') || '').trim();
}"""
NEXT_FRAME = "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"

# Moves each control over its settings and times each move: from the event to the frame after the
# change, which is at least two frames, 33 ms.
TIMED_MOVES = """async (widget, [controls, moves]) => {
    const frame = () => new Promise(requestAnimationFrame);
    const put = (control, setting) => {
        control[control.type === 'checkbox' ? 'checked' : 'value'] = setting;
        control.dispatchEvent(new Event('input', {bubbles: true}));
        control.dispatchEvent(new Event('change', {bubbles: true}));
    };
    const settings = control => {
        if (control.type === 'checkbox') return [true, false];
        if (control.type === 'text') return ['a', 'b', ''];
        if (control.options) return [...control.options].map(option => option.value);
        const [min, max] = [Number(control.min), Number(control.max)];
        return Array.from({length: moves}, (_, i) => min + (max - min) * ((i * 7) % moves) / (moves - 1));
    };
    const now = control => control.type === 'checkbox' ? control.checked : control.value;
    const times = [];
    for (const control of widget.querySelectorAll(controls)) {
        const all = settings(control), start = now(control);
        for (let i = 0; i < moves; i++) {
            let changed = false;
            const observer = new MutationObserver(() => { changed = true; });
            observer.observe(widget, {subtree: true, childList: true, attributes: true, characterData: true});
            const before = now(control), began = performance.now();
            put(control, all[i % all.length]);
            if (now(control) !== before) {
                while (!changed && performance.now() - began < 1000) await frame();
                await frame();
                times.push(performance.now() - began);
            }
            observer.disconnect();
        }
        put(control, start);
        await frame();
    }
    return times;
}"""


@dataclass
class Control:
    """One native control of a widget."""

    locator: Locator
    kind: str  # "range", "number", "checkbox", "text" or "select"
    name: str

    @classmethod
    def of(cls, locator: Locator) -> Control:
        """Find out what an element is."""
        kind = locator.evaluate("e => e.tagName === 'SELECT' ? 'select' : e.type")
        return cls(locator, kind, locator.evaluate(NAME))

    def settings(self) -> list[str]:
        """Both ends of a range, every option of a choice."""
        if self.kind == "select":
            return self.locator.evaluate("e => [...e.options].map(option => option.value)")
        if self.kind == "checkbox":
            return ["off", "on"]
        if self.kind == "text":
            return ["", "a"]
        return self.locator.evaluate("e => [e.min, e.max]")

    def read(self) -> str:
        """The setting of now."""
        if self.kind == "checkbox":
            return "on" if self.locator.is_checked() else "off"
        return self.locator.input_value()

    def put(self, setting: str) -> None:
        """Bring the control to a setting by its own means: keys, a click, a choice."""
        ends = self.locator.evaluate("e => [e.min, e.max]")
        if self.kind == "select":
            self.locator.select_option(setting)
        elif self.kind == "checkbox":
            self.locator.set_checked(setting == "on")
        elif self.kind == "range" and setting in ends:
            self.locator.press("Home" if setting == ends[0] else "End")
        else:
            self.locator.fill(setting)


@dataclass
class Widget:
    """One explorer on the page."""

    locator: Locator
    patience: ClassVar[float] = 0.5
    """Seconds for a widget whose kernel computes; the others answer within a frame."""

    @property
    def page(self) -> Page:
        """The page that holds the widget."""
        return self.locator.page

    @property
    def name(self) -> str:
        """What a screen reader calls it."""
        return self.locator.get_attribute("aria-label") or "unnamed"

    def controls(self) -> list[Control]:
        """The native controls, in the order of the page."""
        return [Control.of(each) for each in self.locator.locator(CONTROLS).all()]

    def drawn(self) -> str:
        """What the picture shows; not its label, which may change by itself."""
        return self.locator.evaluate(DRAWN)

    def said(self) -> str:
        """The sentence below the picture."""
        return self.locator.evaluate(SAID)

    def put(self, control: Control, setting: str) -> str:
        """Move a control and return the picture once it has answered."""
        before, moved = self.drawn(), control.read() != setting
        control.put(setting)
        self.page.evaluate(NEXT_FRAME)
        waits = int(self.patience / 0.05) if moved else 0
        while waits and self.drawn() == before:
            self.page.wait_for_timeout(50)
            waits -= 1
        return self.drawn()

    def tells_apart(self, control: Control) -> bool:
        """Whether each setting of a control has a picture of its own; the control is put back."""
        start = control.read()
        shown = [self.put(control, setting) for setting in control.settings()]
        self.put(control, start)
        return len(set(shown)) == len(shown)

    def works_elsewhere(self, control: Control) -> bool:
        """Whether a control tells its settings apart beside another choice than the one of now."""
        for other in self.controls():
            if other.kind not in ("select", "checkbox") or other.name == control.name:
                continue
            start = other.read()
            for setting in other.settings():
                self.put(other, setting)
                works = setting != start and self.tells_apart(control)
                self.put(other, start)
                if works:
                    return True
        return False

    def faults_at(self, where: str) -> list[str]:
        """What is wrong with the picture and the sentence of now."""
        found = []
        if bad := re.search(r"NaN|Infinity|undefined", self.drawn() + self.said()):
            found.append(f"{bad[0]} shown {where}")
        if not self.said().strip():
            found.append(f"no sentence {where}")
        return found

    def faults(self) -> list[str]:
        """Move every control to both ends and every option; say what went wrong, in sentences."""
        found = [] if self.locator.get_attribute("aria-label") else ["the widget has no name"]
        for control in self.controls():
            if not control.name:
                found.append(f"a {control.kind} has no label")
            start, shown = control.read(), []
            for setting in control.settings():
                shown.append(self.put(control, setting))
                found += self.faults_at(f"at {control.name!r} = {setting!r}")
            self.put(control, start)
            if len(set(shown)) < len(shown) and not self.works_elsewhere(control):
                found.append(f"{control.kind} {control.name!r} does not change the picture")
        for svg in self.locator.locator("svg").all():
            if svg.get_attribute("role") != "img" or not svg.get_attribute("aria-label"):
                found.append("a picture has no text alternative")
        return found

    def ignores_keys(self) -> list[str]:
        """Names of the ranges that an arrow key does not move."""
        stuck = []
        for control in self.controls():
            if control.kind == "range":
                start = control.read()
                at_end = start == control.settings()[1]
                control.locator.focus()
                self.page.keyboard.press("ArrowLeft" if at_end else "ArrowRight")
                self.page.evaluate(NEXT_FRAME)
                if control.read() == start:
                    stuck.append(control.name)
                self.put(control, start)
        return stuck

    def redraw_times(self, moves: int = 25) -> list[float]:
        """Milliseconds from moving a control to the frame that shows it, measured in the page."""
        return self.locator.evaluate(TIMED_MOVES, [CONTROLS, moves])


def explorers(page: Page) -> list[Widget]:
    """The widgets with a picture and a control to move."""
    found = page.locator(WIDGET).filter(has=page.locator("svg")).filter(has=page.locator(CONTROLS))
    return [Widget(each) for each in found.all()]

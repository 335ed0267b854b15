"""Headless Chromium: what does a browser draw of a page, and what does it put on its console?"""

import html
import json
import re
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any, NamedTuple

CHECKER = """
<pre id="checked-by-test"></pre>
<script>
const drawn = (part) => { const box = part.getBoundingClientRect(); return box.width > 0 || box.height > 0 };
const target = (part) => part.getAttribute("xlink:href") || part.getAttribute("href") || "";
const figures = [...document.querySelectorAll("svg")].map((figure) => {
  const box = figure.getBoundingClientRect();
  const parts = [...figure.querySelectorAll("path, use, text")].filter((part) => !part.closest("defs"));
  const links = [...figure.querySelectorAll("use")].map((use) => target(use).slice(1));
  return {label: figure.getAttribute("aria-label"), width: box.width, height: box.height,
    parts: parts.filter(drawn).length, unresolved: links.filter((link) => !document.getElementById(link)).length};
});
const ids = [...document.querySelectorAll("[id]")].map((part) => part.id);
const loads = [...document.querySelectorAll("[src], link[href], image, script, iframe, object, embed")]
  .filter((part) => part !== document.currentScript && part !== document.head.querySelector("script"))
  .filter((part) => !target(part).startsWith("data:"));
document.getElementById("checked-by-test").textContent = JSON.stringify({figures,
  width: document.documentElement.scrollWidth, window: document.documentElement.clientWidth,
  repeated_ids: ids.filter((id, n) => ids.indexOf(id) !== n),
  loads: loads.map((part) => part.outerHTML.slice(0, 120)), text: document.body.innerText});
</script>
"""


class Page(NamedTuple):
    """What Chromium made of a page."""

    console: list[str]
    """every line that the page put on the console: errors, warnings and what it logged"""
    figures: list[dict[str, Any]]
    """of each SVG: label, width and height in pixels, parts drawn, unresolved references"""
    width: int
    """pixels that the content takes; more than `window` and a reader must scroll sideways"""
    window: int
    repeated_ids: list[str]
    loads: list[str]
    """elements that would load or run something, but the script in the page's head"""
    text: str
    """what a person reads"""


def chromium_on_path() -> str | None:
    """Where Chromium is, or None."""
    return shutil.which("chromium") or shutil.which("chromium-browser")


def run_chromium(*arguments: str, timeout_seconds: int = 60) -> subprocess.CompletedProcess[str]:
    """Run headless Chromium with a fresh profile that is deleted afterwards."""
    program = chromium_on_path()
    assert program is not None
    with tempfile.TemporaryDirectory(prefix="chromium-", ignore_cleanup_errors=True) as profile:
        quiet = ("background-networking", "component-update", "sync", "gpu")
        flags = ["--headless", "--no-sandbox", "--no-first-run", *(f"--disable-{name}" for name in quiet)]
        command = [program, *flags, f"--user-data-dir={profile}", *arguments]
        return subprocess.run(command, capture_output=True, text=True, timeout=timeout_seconds, check=True)


def with_any_script(page: str) -> str:
    """The page without its policy, so that a script of a test runs in it."""
    return re.sub(r"<meta http-equiv=.Content-Security-Policy.[^>]*>", "", page)


def open_in_chromium(path: Path, width: int = 1280, height: int = 900) -> Page:
    """Open a copy of the page, with a checker added to its end, and report.

    Everything that is folded away is unfolded in the copy, so that it is checked as well.
    """
    page = with_any_script(path.read_text(encoding="utf-8").replace("<details", "<details open"))
    assert page.count("</body>") == 1, f"{path} has {page.count('</body>')} ends of its body"
    with tempfile.TemporaryDirectory(prefix="page-") as folder:
        copy = Path(folder) / "page.html"
        copy.write_text(page.replace("</body>", CHECKER + "</body>"), encoding="utf-8")
        completed = run_chromium(
            "--enable-logging=stderr", "--v=0", f"--window-size={width},{height}", "--dump-dom", copy.as_uri()
        )
    checker_output = re.search(r'<pre id="checked-by-test">(.*?)</pre>', completed.stdout, re.DOTALL)
    assert checker_output is not None, (
        f"the checker is not in the page; Chromium said: {completed.stderr[-2000:]}"
    )
    assert checker_output[1], f"the checker wrote nothing; Chromium said: {completed.stderr[-2000:]}"
    checked = json.loads(html.unescape(checker_output[1]))
    return Page(console=re.findall(r"CONSOLE[^\]]*\] (.*)", completed.stderr), **checked)

"""Does a page work for whoever has no mouse, a narrow window, or no colours? Read in Chromium."""

import json
import re

import pytest
from chromium import chromium_on_path, run_chromium, with_any_script
from markupsafe import Markup
from page_script import without_own_script

from reports.page import Page, breakable, render_page, script_hash
from reports.section import PageTable, RowGroup, Section, TableCell, TableRow

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(chromium_on_path() is None, reason="no chromium on PATH: the page cannot be opened"),
]
LONG = "ablated_concentrated_half_dropout_monitor_overlap"


def row(*texts, style=""):
    return TableRow(tuple(TableCell(text, "name" if n == 0 else "") for n, text in enumerate(texts)), style)


def sorted_table():
    """Two groups with their headings; of the second, rows have another below them that belongs to them."""
    first = (row("10 [9, 11]", "b"), row("–", "c"), row("9.5 [9, 10]", "a"), row("-1", "B"), row("-20", "d"))
    second = (row("2", "z"), row("under 2", style="under"), row("1", "y"), row("under 1", style="under"))
    heading = TableRow((TableCell("heading", columns=2),), "group")
    return PageTable(("number", "text"), (RowGroup((heading, *first)), RowGroup((heading, *second))))


def wide_table():
    return PageTable(
        tuple(f"column {n}" for n in range(40)), (RowGroup((row(*["0.95 [0.91, 0.98]"] * 40),)),)
    )


def written(folder, *tables, added=""):
    sections = [Section(f"Section {n}", f"part-{n}", (table,)) for n, table in enumerate(tables)]
    path = folder / "page.html"
    path.write_text(render_page(Page("title", "", [], sections)).replace("</body>", added + "</body>"))
    return path


def answered(path, script, width=1280):
    """What a script says that runs once the page has been drawn."""
    html = with_any_script(path.read_text())
    late = f"addEventListener('load', () => setTimeout(() => {{ {script} }}, 300));"
    path.write_text(html.replace("</body>", f'<pre id="answer"></pre><script>{late}</script></body>'))
    said = run_chromium(
        f"--window-size={width},900", "--virtual-time-budget=3000", "--dump-dom", path.as_uri()
    )
    return json.loads(re.search(r'<pre id="answer">(.*?)</pre>', said.stdout, re.DOTALL)[1])


SORT = """
const buttons = [...document.querySelectorAll("thead button")];
const seen = [];
const press = (button) => {
  button.focus(); const focused = document.activeElement === button; button.click();
  seen.push([[...document.querySelectorAll("tbody tr")].map((row) => row.cells[0].textContent), focused,
    [...document.querySelectorAll("thead th")].map((head) => head.getAttribute("aria-sort"))]);
};
PRESS
document.getElementById("answer").textContent = JSON.stringify(seen);
"""


def test_buttons_of_heads_sort_within_groups_and_back(tmp_path):
    """Numbers as numbers, what is missing last both ways, rows under others with them; heads say the order."""
    press = "press(buttons[0]); press(buttons[0]); press(buttons[0]); press(buttons[1]);"
    states = answered(written(tmp_path, sorted_table()), SORT.replace("PRESS", press))
    up, down, back, by_text = (state[0] for state in states)
    second_up = ["heading", "1", "under 1", "2", "under 2"]
    second_down = ["heading", "2", "under 2", "1", "under 1"]
    assert up == ["heading", "-20", "-1", "9.5 [9, 10]", "10 [9, 11]", "–", *second_up]
    assert down == ["heading", "10 [9, 11]", "9.5 [9, 10]", "-1", "-20", "–", *second_down]
    assert back == ["heading", "10 [9, 11]", "–", "9.5 [9, 10]", "-1", "-20", *second_down]
    assert by_text == ["heading", "9.5 [9, 10]", "10 [9, 11]", "-1", "–", "-20", *second_up]
    assert all(focused for _, focused, _ in states)
    orders = [["ascending", None], ["descending", None], [None, None], [None, "ascending"]]
    assert [state[2] for state in states] == orders


LINKS = """
scrollTo(0, document.querySelector("thead").getBoundingClientRect().top + 200);
setTimeout(() => {
  const nav = document.querySelector("nav"), strip = nav.firstElementChild, box = nav.getBoundingClientRect();
  const links = [...nav.querySelectorAll("a")].map((link) => link.getBoundingClientRect());
  const head = document.querySelector("thead th").getBoundingClientRect();
  document.getElementById("answer").textContent = JSON.stringify({
    hidden: links.filter((link) => link.left < 0 || link.right > innerWidth || link.bottom > box.bottom + 1).length,
    lines: new Set(links.map((link) => Math.round(link.top))).size, scrolls: strip.scrollWidth > strip.clientWidth,
    sticky: box.top === 0, gap: Math.round(head.top - Math.max(0, box.bottom)),
    wide: document.documentElement.scrollWidth > document.documentElement.clientWidth});
}, 300);
"""


def many_sections(folder):
    """A page with more links than a line holds, and a table that is longer than the window."""
    long_table = PageTable(("number", "text"), (RowGroup(tuple(row(str(n), "a") for n in range(400))),))
    return written(folder, long_table, *[sorted_table()] * 24)


@pytest.mark.parametrize(
    ("width", "least_lines", "sticky"), [(1400, 2, True), (800, 3, True), (500, 5, False)]
)
def test_all_links_are_in_sight_in_as_many_lines_as_it_takes(width, least_lines, sticky, tmp_path):
    """And heads of tables stay right below them; in a narrow window the links do not stay, and take no room."""
    said = answered(many_sections(tmp_path), LINKS, width=width)
    assert (said["hidden"], said["scrolls"], said["wide"]) == (0, False, False)
    assert said["lines"] >= least_lines
    assert (said["sticky"], said["gap"]) == (sticky, 0)


def test_heads_stay_below_the_links_before_a_frame_was_drawn(tmp_path):
    """Observers of sizes are called with frames, which a busy machine draws late."""
    path = many_sections(tmp_path)
    no_frames = "</title><script>window.ResizeObserver = class { observe() {} };</script>"
    path.write_text(path.read_text().replace("</title>", no_frames, 1))
    said = answered(path, LINKS, width=1400)
    assert (said["sticky"], said["gap"]) == (True, 0)


ARROWS = """
document.getElementById("answer").textContent = JSON.stringify([...document.querySelectorAll("thead th")].map((head) => {
  const range = document.createRange(), button = head.querySelector("button").getBoundingClientRect();
  range.selectNodeContents(head.firstChild);
  const last = [...range.getClientRects()].at(-1);
  return button.top < last.bottom && button.bottom > last.top && button.right <= head.getBoundingClientRect().right;
}));
"""


@pytest.mark.parametrize("width", [1400, 800])
def test_the_arrow_of_a_head_stands_beside_its_last_word(width, tmp_path):
    heads = tuple(f"{'word ' * words}{'i' * letters}" for words in (1, 3) for letters in range(1, 20, 2))
    table = PageTable(
        heads, (RowGroup((row(*"abcdefghijklmnopqrst"), row(*"tsrqponmlkjihgfedcba"))),), wide=True
    )
    assert set(answered(written(tmp_path, table), ARROWS, width=width)) == {True}


BOXES = """
const boxes = [...document.querySelectorAll(".scroll")].map((box) =>
  [box.scrollWidth > box.clientWidth, box.tabIndex, box.getAttribute("role"), box.getAttribute("aria-label")]);
document.getElementById("answer").textContent = JSON.stringify(
  {boxes, wide: document.documentElement.scrollWidth > document.documentElement.clientWidth});
"""


def test_a_wide_table_scrolls_in_its_box_and_takes_the_focus_there(tmp_path):
    said = answered(written(tmp_path, wide_table(), sorted_table()), BOXES, width=800)
    assert said == {
        "boxes": [[True, 0, "region", "table, scrolls sideways: Section 0"], [False, -1, None, None]],
        "wide": False,
    }


def test_the_page_runs_its_own_script_and_no_other(tmp_path):
    """By its policy, even where an attacker's script is in the page."""
    path = written(tmp_path, sorted_table(), added="<script>document.title = 'taken'</script>")
    said = run_chromium("--enable-logging=stderr", "--v=0", "--dump-dom", path.as_uri())
    assert "<title>title</title>" in said.stdout
    assert said.stdout.count('class="sort"') == 2
    assert "Content Security Policy" in said.stderr
    own = run_chromium(
        "--enable-logging=stderr", "--v=0", "--dump-dom", written(tmp_path, sorted_table()).as_uri()
    )
    assert "CONSOLE" not in own.stderr


def test_the_policy_names_the_script_and_nothing_is_fetched():
    html = render_page(Page("title", "", [], []))
    assert "<script" not in without_own_script(html)
    (policy,) = re.findall(r'http-equiv="Content-Security-Policy" content="([^"]*)"', html)
    assert f"script-src 'sha256-{script_hash()}';" in policy
    assert "default-src 'none';" in policy
    assert "http" not in policy


def test_long_names_may_be_broken_between_words_only():
    assert breakable(LONG).replace("_<wbr>", "_") == LONG
    assert breakable(LONG).count("<wbr>") == 5
    assert breakable("short_name") == "short_name"
    assert breakable(f"{LONG}<b>") == f"{breakable(LONG)}&lt;b&gt;"
    assert breakable(Markup(f"<b>{LONG}</b>")) == f"<b>{LONG}</b>"
    assert breakable("right [95 %]") == "right [95\u00a0%]"


LINES = """
const range = document.createRange(); const words = [];
const texts = document.createTreeWalker(document.querySelector("tbody th"), NodeFilter.SHOW_TEXT);
while (texts.nextNode()) { range.selectNodeContents(texts.currentNode); words.push(range.getClientRects().length); }
document.getElementById("answer").textContent = JSON.stringify(words);
"""


def test_no_word_of_a_long_name_is_broken_in_a_narrow_window(tmp_path):
    table = PageTable(("run", "a", "b"), (RowGroup((row(LONG, "word " * 40, "word " * 40),)),))
    assert answered(written(tmp_path, table), LINES, width=800) == [1] * 6

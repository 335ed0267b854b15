"""Does one template render every block, and escape what this project did not write?"""

from markupsafe import Markup
from page_script import without_own_script

from reports.page import Page, render_page
from reports.section import (
    Bullets,
    Card,
    Cards,
    Folded,
    Heading,
    PageTable,
    Paragraph,
    Picture,
    Preformatted,
    Section,
    TableCell,
    one_group,
)

ATTACK = "<script>alert(1)</script>\"'&{{7*7}}"


def page_of(*sections):
    return render_page(Page(ATTACK, ATTACK, [ATTACK], sections, banner=ATTACK))


def test_text_is_escaped_in_every_block():
    """One block of each kind, with an attempt to run a script in every field that holds text."""
    cell = TableCell(ATTACK)
    blocks = (
        Paragraph(ATTACK, soft=True),
        Heading(ATTACK, anchor="of-a-run"),
        Picture(ATTACK, ATTACK),
        PageTable((ATTACK,), one_group((cell,)), ATTACK, wide=True),
        Bullets((ATTACK,)),
        Cards((Card(ATTACK, (ATTACK,)),)),
        Preformatted(ATTACK),
        Folded(ATTACK, (Paragraph(ATTACK),)),
    )
    html = page_of(Section(ATTACK, "attack", blocks, (ATTACK,), link=ATTACK))
    assert "<script" not in without_own_script(html)
    assert html.count("&lt;script&gt;alert(1)") == 21
    assert html.count("{{7*7}}") == 21


def test_what_this_project_wrote_goes_in_as_it_is():
    emphasis = Markup("shown by <em>{}</em>").format("<b>")
    html = page_of(Section("One", "one", (Paragraph(emphasis), Picture(Markup("<svg></svg>")))))
    assert "shown by <em>&lt;b&gt;</em>" in html
    assert "<figure><svg></svg></figure>" in html


def test_sections_stand_in_the_order_of_their_ranks_and_have_links():
    """Of equal ranks the first given comes first."""
    html = page_of(Section("C", "c", (), rank=90), Section("A", "a", ()), Section("B", "b", (), link="to b"))
    places = [html.index(f'<section id="{anchor}">') for anchor in "abc"]
    assert places == sorted(places)
    assert '<a href="#a">A</a><a href="#b">to b</a><a href="#c">C</a>' in html


def test_without_an_answer_the_first_line_is_read_first():
    """And is not read twice."""
    html = render_page(Page("title", "", ["one", "two"], []))
    assert '<p class="answer">one</p>' in html
    assert html.count("one</") == 1
    assert "<li>two</li>" in html
    html = render_page(Page("title", "", ["one"], [], answer="zero"))
    assert html.index("zero") < html.index("<li>one</li>")


def test_a_section_says_what_it_does_not_show():
    html = page_of(Section("One", "one", (), ("Whether it holds elsewhere.",)))
    assert "Whether it holds elsewhere." in html
    assert "Not shown here" not in page_of(Section("One", "one", ()))


def test_a_table_without_rows_is_left_out():
    assert "<table" not in page_of(Section("One", "one", (PageTable(("a",), one_group()),)))

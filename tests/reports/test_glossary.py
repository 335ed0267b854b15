"""Does a word lead to what it means, once, and to the same words as in the documentation?"""

import re
from collections import Counter

from commands import ROOT
from markupsafe import Markup

from reports.glossary import GLOSSARY, TermLinks
from reports.page import Page, render_page
from reports.section import (
    Bullets,
    PageTable,
    Paragraph,
    Picture,
    Preformatted,
    Section,
    TableCell,
    one_group,
)

ATTACK = "<script>fork</script>"


def linked_words(html):
    return re.findall(r'<a class="term" href="#([\w-]+)">([^<]*)</a>', html)


def test_the_documentation_says_the_same_words():
    page = (ROOT / "docs/glossary.md").read_text()
    rows = [row for row in re.findall(r"^\| (.*) \|$", page, flags=re.M)][1:]
    assert rows == [f"{term.names} | {term.meaning}" for term in GLOSSARY]


def test_no_word_leads_to_two_entries():
    words = Counter(word.lower() for term in GLOSSARY for word in term.linked_words)
    assert max(words.values()) == 1
    assert len({term.anchor for term in GLOSSARY}) == len(GLOSSARY)


def test_the_first_use_of_a_term_is_a_link_and_no_other():
    terms = TermLinks()
    assert terms("Forks and the fork") == '<a class="term" href="#term-fork">Forks</a> and the fork'
    assert terms("the fork") == "the fork"
    assert [term.names for term in terms.used] == ["fork"]


def test_a_part_of_a_name_is_no_use_of_a_term():
    """Nor is what stands in code, in a link or in a figure."""
    terms = TermLinks()
    assert terms("gate_set of pre-fork forked") == "gate_set of pre-fork forked"
    inner = Markup("<code>fork</code><a href='#fork'>fork</a><svg><text>fork</text></svg>")
    assert terms(inner) == inner
    assert terms.used == []
    assert linked_words(terms(inner + "fork")) == [("term-fork", "fork")]


def test_what_was_escaped_stays_so_around_a_link():
    terms = TermLinks()
    html = terms(ATTACK)
    assert html == '&lt;script&gt;<a class="term" href="#term-fork">fork</a>&lt;/script&gt;'


def test_every_link_of_a_page_leads_to_an_entry_of_it():
    """From the answer, a caption, a head, a paragraph and a list; the section has the entries that are used alone."""
    blocks = (
        Picture(Markup("<svg></svg>"), "of the gate"),
        PageTable(("member",), one_group((TableCell("spare"),))),
        Paragraph("a pressure"),
        Bullets(("by rehearsal",)),
        Preformatted("monitor"),
    )
    html = render_page(Page("core", "", [], [Section("lane", "one", blocks)], answer="provenance"))
    links = linked_words(html)
    assert [word for _, word in links] == ["provenance", "gate", "member", "pressure", "rehearsal"]
    entries = re.findall(r'<div id="(term-[\w-]+)">', html)
    assert sorted(entries) == sorted(anchor for anchor, _ in links)
    assert html.index('<section id="one">') < html.index('<section id="words">')
    assert '<a href="#words">Words</a>' in html


def test_a_page_without_such_words_has_no_list_of_them():
    html = render_page(Page("title", "", [], [Section("One", "one", (Paragraph("nothing"),))]))
    assert 'id="words"' not in html
    assert "#words" not in html

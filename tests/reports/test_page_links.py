"""Links that a page gets: back from where a number comes from, and to words of method."""

import re

from evidence.pages import how_to_read
from evidence.reports import inspection, page_links

PLACES = """<p><a class="n" href="#n-a">1</a> and <a class="n" href="#n-b">2</a>,
again <a class="n" href="#n-a">1</a></p>
<article class="origin" id="n-a" tabindex="-1"><h4>1 <small>What</small></h4><dl></dl></article>
<table><tr id="n-b" tabindex="-1"><th scope="row">2</th><td>From</td></tr>
<tr id="n-c" tabindex="-1"><th scope="row">3</th><td>From</td></tr></table>
<ul><li id="p-d" tabindex="-1">4 <a href="https://e.org">Source</a></li></ul>
<p><a class="n" href="#p-d">4</a> <a class="n" href="#p-e">5</a></p>
<dl><dt id="p-e" tabindex="-1">5 of 6</dt><dd>Source</dd></dl>
<p><a class="n" href="#n-f">6</a></p>
<ul><li id="n-f" tabindex="-1"><b>6</b> what it is, <a href="#set-1">set 1</a></li></ul>
<p id="set-1">Set 1</p>"""


def test_each_place_leads_to_the_first_link_that_leads_to_it() -> None:
    page = page_links.with_ways_back(PLACES)
    assert page.count('id="from-n-a"') == 1
    assert page.index('id="from-n-a"') < page.index("again")
    assert '<h4>1 <small>What</small> <a class="back" href="#from-n-a" aria-label="back' in page
    assert (
        '<th scope="row">2 <a class="back" href="#from-n-b" aria-label="back to the text">' in page
    )
    back = 'aria-label="back to the text"></a>'
    assert f'Source</a> <a class="back" href="#from-p-d" {back}</li>' in page
    assert f'5 of 6 <a class="back" href="#from-p-e" {back}</dt>' in page
    assert f'<b>6</b> <a class="back" href="#from-n-f" {back} what it is' in page
    assert not [one for one in inspection.faults(page) if "links to" in one]


def test_a_place_that_no_number_leads_to_has_no_way_back() -> None:
    assert "from-n-c" not in page_links.with_ways_back(PLACES)


def test_without_them_a_page_is_as_before() -> None:
    page = page_links.with_ways_back(PLACES)
    assert re.search("back|from-", page)
    assert page_links.without_ways_back(page) == PLACES


ORIGINS = """<main><p><a class="n" href="#n-a">1</a></p>
<section class="provenance">
<details>
<summary class="again">Each number</summary>
<h3>Pooled results</h3>
<p>Sets of numbers:</p>
<ol class="sets">
<li id="set-1" tabindex="-1">B; <a href="#source-1">[1]</a></li>
<li id="set-2" tabindex="-1">A; <a href="#source-2">[2]</a></li>
</ol>
<ul class="lines">
<li id="n-b" tabindex="-1"><b>2</b> <span class="what">B</span>; <a href="#set-1">set 1</a></li>
<li id="n-a" tabindex="-1"><b>1</b> <span class="what">A</span>; <a href="#set-2">set 2</a></li>
</ul>
<h3 id="sources">Sources [in brackets]</h3>
<ol class="sources">
<li id="source-1" tabindex="-1">Of B</li>
<li id="source-2" tabindex="-1">Of A</li>
</ol>
</details>
</section></main>"""


def test_a_page_tells_what_it_shows_and_numbers_origins_anew() -> None:
    page = page_links.with_ways_back(page_links.without_what_is_not_shown(ORIGINS))
    assert "n-b" not in page
    assert "Of B" not in page
    assert '<li id="set-1" tabindex="-1">A; <a href="#source-1">[1]</a></li>' in page
    assert '<a href="#set-1">set 1</a>' in page
    assert '<li id="source-1" tabindex="-1">Of A</li>' in page
    assert not [one for one in inspection.faults(page) if "links to" in one]


def test_nothing_is_left_of_origins_where_no_number_is_shown() -> None:
    silent = ORIGINS.replace('<a class="n" href="#n-a">1</a>', "1")
    page = page_links.without_what_is_not_shown(silent)
    assert page == '<main><p>1</p>\n<section class="provenance">\n</section></main>'


def test_what_a_set_is_made_of_stays_where_no_card_tells_it() -> None:
    alone = ORIGINS.replace("A; <a", '<a href="#n-c">C</a> 3; <a')
    alone = alone.replace(
        "</ul>", '<li id="n-c" tabindex="-1"><b>3</b> <span class="what">C</span></li>\n</ul>', 1
    )
    page = page_links.with_ways_back(page_links.without_what_is_not_shown(alone))
    assert '<li id="n-c"' in page
    assert "n-b" not in page
    assert not [one for one in inspection.faults(page) if "links to" in one]


ON_CARDS = """<p><a class="n" href="#n-x.y">1</a> <a class="n" href="#n-x.y">1</a></p>
<details>
<summary class="again">Each number</summary>
<section class="on-cards">
<h3>Told whole in other reports</h3>
<ul class="lines">
<li id="n-x.y" tabindex="-1"><b><a href="trial-x.html#n-x.y">1</a></b> what</li>
</ul>
</section>
</details>
"""


def test_numbers_of_single_trials_lead_to_their_cards_where_these_are() -> None:
    page = page_links.to_cards(ON_CARDS, ["trial-x"])
    assert page == (
        '<p><a class="n" id="from-n-x.y" href="trial-x.html#n-x.y">1</a> '
        '<a class="n" href="trial-x.html#n-x.y">1</a></p>\n'
    )
    assert page_links.to_cards(ON_CARDS, ["trial-y"]) == ON_CARDS


WORDS = {"odds ratio": "h.html#o", "odds ratios": "h.html#o", "g": "h.html#g"}


def test_a_word_of_method_leads_to_its_meaning_where_it_first_stands() -> None:
    page = (
        "<title>Odds ratio</title><nav>Odds ratio</nav><main><h1>Odds ratio</h1>"
        '<p><a href="#a">odds ratio</a> <code>g</code> of Odds ratios &lt;g-1&gt;, odds ratio'
        "<svg><text>g</text></svg> g.</p></main><footer>g</footer>"
    )
    made = page_links.with_terms(page, WORDS)
    assert re.findall(r'<a class="term" href="([^"]+)">([^<]+)</a>', made) == [
        ("h.html#o", "Odds ratios"),
        ("h.html#g", "g"),
    ]
    assert "</svg> <a" in made
    assert page_links.without_terms(made) == page


def test_each_word_of_reports_has_a_line_in_the_glossary() -> None:
    page = how_to_read.glossary().html
    for word, address in how_to_read.addresses().items():
        assert word == word.lower()
        assert f'<dt id="{address.partition("#")[2]}">' in page

"""A page of a report with all that pages have, and text that could be taken for markup."""

HOSTILE = (
    '<script>alert(1)</script> &amp; #set page(paper: "a3") $x$ *b* _i_ `c` @ref <lab> [l] {b} '
    "\\ ~ // c /* d */ -- --- ... -1.5 -? 'q' \"r\" https://e.org/a_b?c=1#d = + 1. %VAR% {{f}}"
)
"""Data that begin or look like markup of HTML, Markdown, typst or Word."""

ALT = 'Two "squares" <at> 0.52 and 0.23 \\ #set'
LONG_ID = "abft.depression.post.hedges_g.pooled.adjustment_ppc_imbalanced.convention_metapsy"


def text(data: str) -> str:
    """Return data as HTML."""
    return data.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def table(rows: int, *, caption: str = "Numbers of the trials") -> str:
    """Return a table with a named row, a link in it, and as many rows as asked for."""
    first = (
        f'<tr id="n-a.row_{rows}" tabindex="-1"><th scope="row">Diamond 2002<br>{text(HOSTILE)}'
        f'</th><td class="r"><a class="n" href="#n-b.c">0.65 (−0.06 to 1.36)</a></td>'
        f"<td><code>{LONG_ID}</code></td></tr>"
    )
    more = [
        f'<tr><th scope="row">Trial {number}</th><td class="r">{number / 7:.2f}</td>'
        '<td>usual care <span class="tag imputed">imputed</span></td></tr>'
        for number in range(1, rows)
    ]
    return (
        '<div class="scroll" role="region" tabindex="0" aria-label="x"><table>'
        f"<caption>{caption}</caption><thead><tr>"
        '<th scope="col">Trial</th><th scope="col" class="r">Estimate</th><th scope="col">Id</th>'
        f"</tr></thead><tbody>{first}{''.join(more)}</tbody></table></div>"
    )


def page(*, rows: int = 3, alt: str = ALT, extra: str = "") -> str:
    """Return a page with a figure and a table of so many rows."""
    return f"""<!doctype html>
<html lang="en"><head><title>T</title><style>p {{ color: red; }}</style></head><body>
<nav><ul><li><a href="index.html">All reports</a></li></ul></nav>
<main id="main" tabindex="-1">
<h1>Report &lt;one&gt;</h1>
<p class="lede">Adolescents. Data 1.2.0.</p>
<section class="answer" aria-label="Answer"><p class="say">It is not known.</p><p>So.</p>
</section>
<div class="pair">
<div class="est"><b><a class="n" href="#n-b.c">0.52</a> <small>(−0.29)</small></b>
<span>g</span></div>
<div class="est"><b>0.23 <small>(−0.16 to 0.63)</small></b><span>stress test</span></div>
</div>
<ul class="not"><li>First, <a class="n" href="#n-a.row_{rows}">4.2</a>.</li><li>Second.</li></ul>
<h2 id="trials">The trials</h2>
<p id="named">{text(HOSTILE)}</p>
<figure id="forest"><div class="scroll">
<svg viewBox="0 0 200 50" role="img" aria-labelledby="t d" font-family="inherit">
<title id="t">Forest</title><desc id="d">{text(alt)}</desc>
<text style="font-size: 8px" x="5" y="20">drawn 9.99</text><path d="M 0 0 L 100 40"/></svg>
</div><figcaption>Forest plot of 3 trials.</figcaption>
<details><summary>The figure as a table</summary>{table(rows)}</details></figure>
<h2 id="numbers">Where each number comes from</h2>
<section class="provenance"><h3>Single trials</h3>
<article class="origin" id="n-b.c" tabindex="-1">
<h4>0.52 (−0.29 to 1.33) <small>Diamond</small></h4>
<dl><dt>Printed</dt><dd>abft: mean 11.8<br>waitlist: -18.5</dd>
<dt>Read in</dt><dd><a href="https://doi.org/10.1000/a?b=c&amp;d=%3C">Diamond</a>.</dd>
<dt>Remarks</dt><dd><ul><li>One.</li><li>Two.</li></ul></dd>
<dt>Id</dt><dd><code>b.c</code></dd></dl></article></section>
<h2 id="cite">How to cite</h2><p class="cite">g = 0.52.</p>
<ol><li>Source 1.</li><li>Source 2.</li></ol>
{extra}
</main>
<footer><p>Report <code>one</code>; see <a href="index.html">the index</a>.</p></footer>
</body></html>
"""

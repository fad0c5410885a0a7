// Finds numbers in the list of the page, and hands out citations of them. Nothing is fetched.
(() => {
  "use strict";

  const at = (id) => document.getElementById(id);
  const data = JSON.parse(at("data").textContent);
  const form = at("find");
  const words = at("words");
  const selects = [...form.querySelectorAll("select")];
  const again = form.querySelector("[type=reset]");
  const dialog = at("citation");

  // Readers type a hyphen where the page has a minus or a dash; between words it is a space.
  const dashed = (text) => text.toLowerCase().replace(/[\u2010-\u2015\u2212]/g, "-");
  const plain = (text) => dashed(text).replace(/(?<=[\p{L}\d])-(?=[\p{L}\d])/gu, " ");
  const escaped = (text) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
  // Not within a word, an id or a number.
  const word = (text, flags = "u") =>
    new RegExp(`(?<![\\p{L}\\d_]|[\\p{L}\\d_]\\.)${text}(?![\\p{L}\\d_]|\\.[\\p{L}\\d_])`, flags);

  const saying = (item) => plain([...item.children].map((one) => one.textContent).join(" "));

  const list = document.querySelector(".numbers");
  const rows = [...list.children].map((item, place) => ({
    ...data.numbers[place],
    item,
    text: saying(item),
    shown: item.querySelector(".n").textContent,
    subject: item.querySelector("b").textContent,
    sentence: item.querySelector(".quote").textContent,
    origin: item.querySelector(".origin").textContent,
  }));
  const reports = [...document.querySelectorAll(".reports > li")].map((item) => ({
    item,
    id: item.querySelector("a").getAttribute("href").replace(".html", ""),
    text: saying(item),
  }));

  const options = selects.map((select) =>
    [...select.options].slice(1).map((option) => ({ option, label: option.textContent })),
  );

  // ---- finding

  const phrases = Object.keys(data.phrases).sort((one, other) => other.length - one.length);
  const phrase = word(`(?:${phrases.map(escaped).join("|")})`, "gu");
  const idle = new Set(
    ("a against an and are as at by compared do does effect effects for from has have help how in is it its " +
      "number numbers of on or per rate rates result results than that the therapies therapy to trial trials v versus vs what which with").split(" "),
  );

  // What is asked: phrases, each with the concepts that it can mean, and further words or digits.
  function understood(text) {
    const meant = [];
    const rest = plain(text).replace(phrase, (found) => {
      meant.push({ concepts: data.phrases[found], said: word(escaped(found)) });
      return " ";
    });
    const terms = rest
      .split(/[\s,;:?!()\[\]]+/)
      .map((one) => one.replace(/[.*]+$/, ""))
      .filter((one) => one && one !== "-" && !idle.has(one));
    const further = terms.map((one) => {
      if (!/^-?\d*\.?\d+$/.test(one)) return { said: new RegExp(escaped(one)), term: one };
      // The same number with fewer zeros behind or before the point.
      const digits = escaped(one).replace(/^(-?)\\\./, "$10?\\.") + (one.includes(".") ? "0*" : "");
      const said = `${digits}(?!\\d|\\.\\d)`;
      return { own: new RegExp(`^${said}`), said: new RegExp(`(?<![\\d.])${said}`) };
    });
    return { meant, further };
  }

  // A word that no number has would hide what the others find; digits are asked for as they are.
  function withoutUnknown({ meant, further }) {
    const lost = further.filter((one) => one.term && !rows.some((row) => one.said.test(row.text)));
    const rest = further.filter((one) => !lost.includes(one));
    const kept = meant.length + rest.length ? rest : further;
    return { question: { meant, further: kept }, lost };
  }

  const has = (row, { concepts }) => concepts.some((one) => row.of.includes(one));
  const fits = (row, { meant, further }) =>
    meant.every((one) => has(row, one) || one.said.test(row.text)) &&
    further.every((one) => one.said.test(row.text));

  const facet = (concept) => data.concepts[concept].split(":")[0];
  const many = (row, name) => row.of.filter((one) => facet(one) === name).length > 1;
  const comparator = selects.findIndex((one) => one.name === "comparator");

  // Smaller comes first: digits that are the number itself, words that it is known by, the asked
  // comparator alone before mixtures, then the place that it has among answers to any question.
  function order(row, { meant, further }) {
    const own = further.filter((one) => one.own && !one.own.test(dashed(row.shown)));
    const only = meant.filter((one) => !has(row, one));
    const alone = selects[comparator].value && row.at[comparator].length > 1 ? 1 : 0;
    const mixed = meant.filter((one) => {
      // Where words mean a class, its members together are no mixture.
      const name = ["class", "arm"].find((asked) => one.concepts.some((c) => facet(c) === asked));
      return name && many(row, name);
    });
    return [own.length, only.length, mixed.length + alone, row.rank];
  }

  function before(one, other) {
    const n = one.place.findIndex((value, at) => value !== other.place[at]);
    return n < 0 ? 0 : one.place[n] - other.place[n];
  }

  function arrange(asked, searching) {
    const ordered = rows.filter((row) => !row.item.hidden);
    if (searching) {
      for (const row of ordered) row.place = order(row, asked);
      ordered.sort(before);
    }
    for (const row of ordered) list.append(row.item);
    return ordered[0];
  }

  // Reports that tell of a word, or of one with the same beginning.
  const told = Object.entries(data.told.words);
  function tell(term) {
    const stem = term.replace(/isation/, "ization");
    const near = ([one]) => one.startsWith(stem) || (one.length > 4 && stem.startsWith(one));
    return new Set(stem.length < 3 ? [] : told.filter(near).flatMap(([, places]) => places).map((n) => data.told.reports[n]));
  }

  // Reports whose title or answer has what is asked, or which tell of what no number is found by;
  // else those that show the first number found.
  function choose(question, first, lost) {
    const sought = [...question.meant, ...new Set([...question.further, ...lost])];
    const asked = sought.map(({ said, concepts = [], term }) => ({
      ways: [said, ...names(concepts).map((one) => word(escaped(one)))],
      // Where titles can have all of it, what pages tell beside would only be more of them.
      ids: new Set(
        (term ? [term] : lost.length ? names(concepts) : []).flatMap((one) => [...tell(one)]),
      ),
    }));
    const said = reports.map(({ text, id }) =>
      asked.every(({ ways, ids }) => ids.has(id) || ways.some((one) => one.test(text))),
    );
    const shows = first ? first.at[selects.findIndex((one) => one.name === "report")] : [];
    reports.forEach(({ item, id }, n) => {
      item.hidden = !(said.some(Boolean) ? said[n] : shows.includes(id));
    });
    for (const one of at("reports").querySelectorAll("section")) {
      one.hidden = !one.querySelector("li:not([hidden])");
    }
    at("no-report").hidden = reports.some(({ item }) => !item.hidden);
  }

  // What no trial here reports, and what is near to it.
  function nothing({ meant }) {
    const lost = meant.flatMap((one) => one.concepts).find((one) => data.nothing[one]);
    const { said = "", instead = "" } = data.nothing[lost] || {};
    at("nothing").textContent = said;
    if (!instead) return;
    const other = element("button", `Look for ${instead}, another outcome`);
    other.type = "button";
    other.addEventListener("click", () => {
      words.value = instead;
      change();
      words.focus();
    });
    at("nothing").append(" ", other);
  }

  function update() {
    const asked = selects.map((select) => select.value);
    const { question, lost } = withoutUnknown(understood(words.value));
    const counts = selects.map(() => new Map());
    let shown = 0;
    for (const row of rows) {
      const misses = selects.map((_, n) => n).filter((n) => asked[n] && !row.at[n].includes(asked[n]));
      const said = fits(row, question);
      row.item.hidden = !said || misses.length > 0;
      shown += row.item.hidden ? 0 : 1;
      // What an answer would show if it were given, all others as they are.
      if (!said || misses.length > 1) continue;
      for (const n of misses.length ? misses : counts.keys()) {
        for (const value of row.at[n]) counts[n].set(value, (counts[n].get(value) || 0) + 1);
      }
    }
    options.forEach((several, n) => {
      for (const { option, label } of several) {
        const count = counts[n].get(option.value) || 0;
        option.textContent = `${label} (${count})`;
        option.disabled = !count && !option.selected;
      }
    });
    const searching = words.value.trim() !== "" || asked.some(Boolean);
    const first = arrange(question, searching);
    nothing(question);
    choose(question, first, lost);
    const named = lost.map((one) => `“${one.term}”`).join(", ");
    const unknown = lost.length ? `No number is found by ${named}` : "";
    at("count").textContent = shown
      ? `${shown} of ${rows.length} numbers${unknown && `. ${unknown}: shown without`}`
      : `No match. Remove a word or a filter.${unknown && ` ${unknown}; pages may tell of it in words.`}`;
    again.hidden = at("link").hidden = !searching;
    at("link").href = `#${asking()}`;
    // What was asked for stands right below the questions.
    (searching ? form : at("reports")).after(at("numbers"));
  }

  // All phrases of some concepts.
  function names(concepts) {
    return phrases.filter((one) => data.phrases[one].some((concept) => concepts.includes(concept)));
  }

  // ---- the address, so that a list or a citation can be linked

  let cited = null;

  function asking() {
    const found = new URLSearchParams();
    if (words.value.trim()) found.set("words", words.value.trim());
    for (const select of selects) if (select.value) found.set(select.name, select.value);
    return found;
  }

  let waiting = 0;

  function remember() {
    clearTimeout(waiting);
    waiting = setTimeout(() => {
      const found = asking();
      if (cited) found.set("cite", cited.id);
      history.replaceState(null, "", `#${found}`);
    }, 200);
  }

  function restore() {
    const address = location.hash.slice(1);
    // Without an equals sign it names a place of the page.
    if (address && !address.includes("=")) return;
    const found = new URLSearchParams(address);
    words.value = found.get("words") || "";
    for (const select of selects) {
      const value = found.get(select.name);
      select.value = [...select.options].some((one) => one.value === value) ? value : "";
    }
    update();
    const row = rows.find((one) => one.id === found.get("cite"));
    if (row) open(row);
    else if (dialog.open) dialog.close();
  }

  // ---- citing

  const style = () => dialog.querySelector("[name=style]:checked").value;

  function sentence() {
    return style() === "plain" ? cited.sentence : cited.subject + cited[style()];
  }

  function references() {
    if (cited.set === null) return [];
    return data.sets[cited.set][style() === "apa" ? "apa" : "ama"].map((n) => data.lines[n]);
  }

  function whole() {
    const listed = references().map((one) => `- ${one}`);
    return [sentence(), "", cited.origin, "", data.heading, ...listed].join("\n");
  }

  const of = (several) => data.sets[cited.set].items.map((n) => several[n]);
  const exports = {
    bibtex: { ending: "bib", type: "application/x-bibtex", text: () => of(data.bibtex).join("\n\n") },
    ris: {
      ending: "ris",
      type: "application/x-research-info-systems",
      text: () => of(data.ris).join("\n"),
    },
    csl: {
      ending: "json",
      type: "application/vnd.citationstyles.csl+json",
      text: () => JSON.stringify(of(data.items), null, 2),
    },
  };

  function element(name, text, href) {
    const made = document.createElement(name);
    made.textContent = text;
    if (href) made.href = href;
    return made;
  }

  function item(child) {
    const made = document.createElement("li");
    made.append(child);
    return made;
  }

  function fill() {
    const known = cited.set !== null;
    at("cited").textContent = cited.shown;
    at("sentence").textContent = sentence();
    at("origin").textContent = cited.origin;
    at("heading").textContent = known
      ? data.heading
      : "Its references are not known: its report was made from other data. Build all reports anew.";
    at("references").replaceChildren(...references().map(item));
    at("managers").hidden = at("copy-references").hidden = at("copy-whole").hidden = !known;
    for (const name of known ? Object.keys(exports) : []) at(name).textContent = exports[name].text();
    const titles = options[selects.findIndex((one) => one.name === "report")];
    const shownIn = cited.at[selects.findIndex((one) => one.name === "report")];
    const place = (report) => {
      const begins = data.away[report]?.[cited.id] ?? "n-";
      return begins ? `#${begins}${cited.id}` : "";
    };
    at("origins").replaceChildren(
      ...titles
        .filter(({ option }) => shownIn.includes(option.value))
        .map(({ option, label }) => element("a", label, `${option.value}.html${place(option.value)}`))
        .map(item),
    );
    at("said").textContent = "";
  }

  function open(row) {
    cited = row;
    fill();
    if (!dialog.open) dialog.showModal();
    remember();
  }

  async function copy(name, text, place) {
    try {
      await navigator.clipboard.writeText(text);
      at("said").textContent = `Copied: ${name}.`;
    } catch {
      const details = place.closest("details");
      if (details) details.open = true;
      getSelection().selectAllChildren(place);
      at("said").textContent =
        "This browser keeps pages from copying. The text is selected: press Ctrl+C or Command+C.";
    }
  }

  function download(name) {
    const { ending, type, text } = exports[name];
    const blob = new Blob([`${text()}\n`], { type: `${type};charset=utf-8` });
    const link = element("a", "", URL.createObjectURL(blob));
    link.download = `${cited.id}.${ending}`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10000);
    at("said").textContent = `Saved by the browser: ${link.download}.`;
  }

  // ---- what readers do

  for (const row of rows) {
    const button = element("button", "Cite");
    button.type = "button";
    button.setAttribute("aria-label", `Cite ${row.shown}, ${row.subject}`);
    button.addEventListener("click", () => open(row));
    row.item.append(button);
  }
  const change = () => {
    update();
    remember();
  };
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("input", change);
  form.addEventListener("reset", () => setTimeout(() => {
    change();
    words.focus();
  }));
  addEventListener("hashchange", restore);
  dialog.addEventListener("change", fill);
  dialog.addEventListener("close", () => {
    cited = null;
    remember();
  });
  at("close").addEventListener("click", () => dialog.close());
  at("copy-sentence").addEventListener("click", () => copy("the sentence", sentence(), at("sentence")));
  at("copy-references").addEventListener("click", () =>
    copy("the references", references().join("\n"), at("references")),
  );
  at("copy-whole").addEventListener("click", () => copy("sentence and references", whole(), at("whole")));
  for (const button of dialog.querySelectorAll("[data-copy]")) {
    const name = button.dataset.copy;
    button.addEventListener("click", () =>
      copy(button.textContent.replace("Copy ", ""), exports[name].text(), at(name)),
    );
  }
  for (const button of dialog.querySelectorAll("[data-download]")) {
    button.addEventListener("click", () => download(button.dataset.download));
  }

  form.hidden = false;
  restore();
  update();
})();

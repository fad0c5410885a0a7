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

  // Readers type a hyphen where the page has a minus or a dash.
  const plain = (text) => text.toLowerCase().replace(/[\u2010-\u2015\u2212]/g, "-");

  const rows = [...document.querySelectorAll(".numbers > li")].map((item, place) => ({
    ...data.numbers[place],
    item,
    text: plain(item.textContent),
    shown: item.querySelector(".n").textContent,
    subject: item.querySelector("b").textContent,
    sentence: item.querySelector(".quote").textContent,
    origin: item.querySelector(".origin").textContent,
  }));

  const options = selects.map((select) =>
    [...select.options].slice(1).map((option) => ({ option, label: option.textContent })),
  );

  // ---- finding

  function update() {
    const asked = selects.map((select) => select.value);
    const terms = plain(words.value).split(/\s+/).filter(Boolean);
    const counts = selects.map(() => new Map());
    let shown = 0;
    for (const row of rows) {
      const misses = selects.map((_, n) => n).filter((n) => asked[n] && !row.at[n].includes(asked[n]));
      const said = terms.every((term) => row.text.includes(term));
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
    const searching = terms.length > 0 || asked.some(Boolean);
    at("count").textContent =
      shown ? `${shown} of ${rows.length} numbers` : "No match. Remove a word or a filter.";
    again.hidden = at("link").hidden = !searching;
    at("link").href = `#${asking()}`;
    // What was asked for stands right below the questions.
    (searching ? form : at("reports")).after(at("numbers"));
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
    at("origins").replaceChildren(
      ...titles
        .filter(({ option }) => shownIn.includes(option.value))
        .map(({ option, label }) => element("a", label, `${option.value}.html#n-${cited.id}`))
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

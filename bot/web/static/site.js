// Search and filters of a site of files: everything is read from one file of lines. Where a server answers, forms are
// plain questions to it, and this does nothing. No page needs it to be read.
"use strict";
(() => {
  const root = document.body.dataset.root;
  const form = document.getElementById("filters");
  if ("live" in document.body.dataset || form === null) return;

  const AT_ONCE = 100;
  const GIL = { off: "GIL off", on: "GIL back on" };
  const asked = new URLSearchParams(location.search);
  let lines = null;
  let shown = AT_ONCE;

  const element = (name, attributes, ...inside) => {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    made.append(...inside);
    return made;
  };
  const mark = (name) => {
    const space = "http://www.w3.org/2000/svg";
    const made = document.createElementNS(space, "svg");
    made.setAttribute("class", `m m-${name}`);
    made.setAttribute("aria-hidden", "true");
    const use = document.createElementNS(space, "use");
    use.setAttribute("href", `#${name}`);
    made.append(use);
    return made;
  };
  const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
  const day = (iso) => {
    const [year, month, number] = iso.split("-").map(Number);
    return `${number} ${MONTHS[month - 1]} ${year}`;
  };

  const query = () => {
    const data = new FormData(form);
    const read = Object.fromEntries([...data].map(([name, value]) => [name, String(value).trim()]));
    read.q = read.q.toLowerCase().replace(/[-_.]+/g, "-");
    return read;
  };

  const fits = (line, about, wanted) => {
    const [verdict, gil, gained, covered, missing] = line[3][about];
    const bit = (platform) => 1 << lines.platforms.indexOf(platform);
    return (
      line[0].includes(wanted.q) &&
      (!wanted.verdict || verdict === wanted.verdict) &&
      (!wanted.gil || (gil ?? "unread") === wanted.gil) &&
      (!wanted.covers || (covered & bit(wanted.covers)) !== 0) &&
      (!wanted.lacks || (missing & bit(wanted.lacks)) !== 0) &&
      (!wanted.gained_since || (gained !== null && gained >= wanted.gained_since))
    );
  };

  const select = (wanted) => {
    const about = Math.max(0, lines.targets.indexOf(wanted.target));
    const found = lines.packages.filter((line) => fits(line, about, wanted));
    if (wanted.order === "name") found.sort((a, b) => (a[0] < b[0] ? -1 : 1));
    if (wanted.order === "gained") found.sort((a, b) => (b[3][about][2] ?? "").localeCompare(a[3][about][2] ?? ""));
    if (wanted.q) {
      const nearness = (name) => (name === wanted.q ? 0 : name.startsWith(wanted.q) ? 1 : 2);
      found.sort((a, b) => nearness(a[0]) - nearness(b[0]));
    }
    return found;
  };

  const cell = ([verdict, gil, gained]) => {
    const [shape, word] = lines.verdicts[verdict];
    const text = element("span", {}, word);
    if (GIL[gil]) text.append(" ", element("small", {}, GIL[gil]));
    if (gained) text.append(" ", element("small", {}, day(gained)));
    return element("td", {}, mark(gil === "on" && shape === "full" ? "part" : shape), " ", text);
  };
  const row = ([name, rank, version, targets]) => {
    const head = element("th", { scope: "row" }, element("a", { href: `${root}packages/${encodeURIComponent(name)}/` }, name));
    if (rank !== null) head.append(" ", element("span", { class: "rank" }, String(rank)));
    if (version !== null) head.append(" ", element("small", {}, version));
    return element("tr", {}, head, ...targets.map(cell));
  };

  const show = () => {
    const found = select(query());
    document.getElementById("count").textContent = `${found.length} package${found.length === 1 ? "" : "s"}`;
    document.getElementById("paging")?.remove();
    document.getElementById("more")?.remove();
    const place = document.getElementById("list");
    if (found.length === 0) {
      place.replaceWith(element("p", { id: "list" }, "No tracked package fits. Take a filter away, or search for less."));
      return;
    }
    const heads = lines.targets.map((target) => element("th", { scope: "col" }, target));
    const table = element(
      "table",
      { class: "list", id: "list" },
      element("thead", {}, element("tr", {}, element("th", { scope: "col" }, "Package"), ...heads)),
      element("tbody", {}, ...found.slice(0, shown).map(row)),
    );
    place.replaceWith(table);
    if (found.length > shown) {
      const more = element("button", { id: "more", type: "button", class: "quiet" }, `Show more (${found.length - shown})`);
      more.addEventListener("click", () => {
        const next = shown;
        shown += AT_ONCE;
        show();
        document.querySelector(`#list tbody tr:nth-child(${next + 1}) a`)?.focus();
      });
      table.after(more);
    }
  };

  const update = async () => {
    try {
      lines ??= await (await fetch(`${root}lists/packages.json`)).json();
    } catch {
      document.getElementById("count").textContent = "The list could not be loaded. Try again later.";
      return;
    }
    const wanted = new URLSearchParams(new FormData(form));
    for (const [name, value] of [...wanted]) if (!value || (name === "order" && value === "rank")) wanted.delete(name);
    history.replaceState(null, "", wanted.size ? `?${wanted}` : location.pathname);
    shown = AT_ONCE;
    show();
  };

  form.hidden = false;
  let filtered = false;
  for (const [name, value] of asked) {
    const field = form.elements.namedItem(name);
    if (field instanceof HTMLInputElement || field instanceof HTMLSelectElement) {
      field.value = value;
      filtered ||= name !== "q" && field.value !== "";
    }
  }
  form.querySelector("details").open = filtered;
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    update();
  });
  form.addEventListener("input", update);
  if ([...asked].length > 0) update();
})();

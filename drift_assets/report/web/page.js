// The report of one day: what is opened is drawn, and only then.
(() => {
  const { el, table, bar, shares, past, spark, strip } = parts;
  const page = JSON.parse(document.getElementById("data").textContent);
  const list = document.getElementById("list");
  const rows = [...list.children].map((row, i) => ({ row, i, column: page.columns[i], details: row.firstElementChild }));
  const byId = (id) => document.getElementById(id);
  const OUTCOMES = { breach: "breach", warning: "warn", ok: "ok" };
  let shapes = "bins";

  function drawBody(one) {
    const { column } = one;
    const body = one.details.lastElementChild;
    const heading = (text) => el("h4", {}, text);
    const left = el("div");
    const right = el("div");
    const parts = [el("p", { class: "reason" }, column.reason)];
    if (column.trend) parts.push(el("p", {}, el("b", {}, "Gradual drift: "), column.trend));
    const picture = shares(column, shapes);
    if (picture) left.append(heading("Baseline and current"), picture);
    if (column.moved.length) left.append(heading("Moved most"), table(["Bin", "Baseline", "Current"], column.moved));
    if (column.unseen) left.append(el("p", {}, "Not in the baseline: ", el("bdi", {}, column.unseen)));
    if (column.why) left.append(el("p", { class: "quiet" }, column.why));
    if (column.statistics.length) {
      const lines = column.statistics.map(([label, value, p, rule, outcome, lengths]) => [
        label, value, lengths ? bar(lengths, OUTCOMES[outcome] || "") : "", p, rule,
        outcome ? el("span", { class: `verdict ${OUTCOMES[outcome] || "not_evaluated"}` }, outcome) : "",
      ]);
      right.append(heading("Statistics beside their thresholds"),
        el("div", { class: "wide", tabindex: "0", role: "group", "aria-label": `Statistics of ${column.name}` },
          table(["Statistic", "Value", "", "p-value", "Breaches at", "By itself"], lines, "statistics")));
      if (column.noise) right.append(el("p", { class: "quiet" }, `Without drift, PSI stays under ${column.noise} on 19 of 20 days of this size (dashes). A p-value's bar grows as it falls.`));
    }
    right.append(heading("Both sides"), table(["", "Baseline", "Current"], column.summary));
    parts.push(el("div", { class: "halves" }, left, right));
    if (column.past.length) {
      parts.push(heading(`The last ${page.days.length} reported days`));
      for (const line of column.past) parts.push(past(line, column, page));
    }
    if (column.bins.length > column.moved.length) {
      const all = column.bins.map(([label, before, after, , , adds]) => [label, before, after, adds]);
      parts.push(el("details", { class: "all" }, el("summary", {}, "All bins, as a table"), table(["Bin", "Baseline", "Current", "Adds to PSI"], all)));
    }
    body.replaceChildren(...parts);
    one.drawn = shapes;
  }

  // Open ones are drawn as they come near; the small curves, too.
  const near = new IntersectionObserver((entries) => {
    for (const entry of entries) {
      if (!entry.isIntersecting) continue;
      const one = rows[Number(entry.target.id.slice(1)) - 1];
      if (!one.sparked) {
        one.sparked = true;
        if (one.column.past.length) one.details.firstElementChild.querySelector(".spark").append(spark(one.column, page.days));
      }
      if (one.details.open && one.drawn !== shapes) drawBody(one);
      if (one.drawn === shapes || !one.details.open) near.unobserve(entry.target);
    }
  }, { rootMargin: "600px" });
  function watch(one) {
    near.unobserve(one.row);
    near.observe(one.row);
  }
  for (const one of rows) {
    watch(one);
    one.details.addEventListener("toggle", () => { if (one.details.open && one.drawn !== shapes) watch(one); });
  }

  // --- What is shown, and in which order ---
  const search = byId("search");
  const chosen = new Set();
  let predictions = false;
  const shown = () => rows.filter((one) => !one.row.hidden);

  function filter() {
    const words = search.value.trim().toLowerCase();
    let count = 0;
    for (const one of rows) {
      const { column } = one;
      const hit = (!chosen.size || chosen.has(parts.VERDICTS[column.code])) && (!predictions || column.role === "prediction")
        && (!words || column.name.toLowerCase().includes(words));
      one.row.hidden = !hit;
      count += hit;
    }
    byId("shown").textContent = count === rows.length ? "" : `${count.toLocaleString("en")} of ${rows.length.toLocaleString("en")} columns shown`;
  }
  search.addEventListener("input", filter);
  for (const button of document.querySelectorAll("#controls button[aria-pressed]")) {
    button.addEventListener("click", () => {
      const on = button.getAttribute("aria-pressed") !== "true";
      button.setAttribute("aria-pressed", String(on));
      if (button.dataset.role) predictions = on;
      else if (on) chosen.add(button.dataset.verdict);
      else chosen.delete(button.dataset.verdict);
      filter();
    });
  }
  function clear() {
    search.value = "";
    predictions = false;
    chosen.clear();
    for (const button of document.querySelectorAll("#controls button[aria-pressed]")) button.setAttribute("aria-pressed", "false");
    filter();
  }

  const psiOf = (one) => (one.column.statistics.length ? one.psi ??= Number(one.column.statistics[0][1].split(" ")[0].replace(/,/g, "")) : -1);
  const ORDERS = {
    grave: (a, b) => a.i - b.i,
    psi: (a, b) => psiOf(b) - psiOf(a) || a.i - b.i,
    name: (a, b) => a.column.name.localeCompare(b.column.name, "en", { numeric: true }) || a.i - b.i,
  };
  byId("order").addEventListener("change", (event) => {
    const ordered = [...rows].sort(ORDERS[event.target.value]);
    list.append(...ordered.map((one) => one.row));
  });
  byId("shape").addEventListener("change", (event) => {
    shapes = event.target.value;
    for (const one of rows) if (one.details.open) watch(one);
  });
  byId("open-all").addEventListener("click", (event) => {
    const open = event.target.textContent === "Open all";
    for (const one of shown()) one.details.open = open;
    event.target.textContent = open ? "Close all" : "Open all";
  });
  function help() {
    const text = byId("keys-help");
    text.hidden = !text.hidden;
    byId("keys").setAttribute("aria-expanded", String(!text.hidden));
  }
  byId("keys").addEventListener("click", help);
  byId("controls").addEventListener("submit", (event) => event.preventDefault());

  // --- Keys ---
  function walk(step) {
    const here = document.activeElement.closest?.("#list > li");
    const inOrder = [...list.children].filter((row) => !row.hidden);
    const next = here ? inOrder[inOrder.indexOf(here) + step] : inOrder[0];
    if (!next) return;
    next.querySelector("summary").focus();
    next.scrollIntoView({ block: "nearest" });
  }
  document.addEventListener("keydown", (event) => {
    if (event.target === search && event.key === "Escape") {
      search.value = "";
      filter();
      search.blur();
    }
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest?.("input, select")) return;
    const action = { "/": () => search.focus(), j: () => walk(1), k: () => walk(-1), "?": help }[event.key];
    if (!action) return;
    event.preventDefault();
    action();
  });

  // --- Places ---
  function go() {
    const found = /^#c(\d+)$/.exec(location.hash);
    const one = found && rows[Number(found[1]) - 1];
    if (!one) return;
    if (one.row.hidden) clear();
    one.details.open = true;
    drawBody(one);
    one.row.scrollIntoView();
  }
  window.addEventListener("hashchange", go);
  window.addEventListener("beforeprint", () => {
    for (const one of shown()) {
      if (one.details.open || one.column.code === "b" || one.column.code === "w") {
        one.details.open = true;
        if (one.drawn !== shapes) drawBody(one);
      }
    }
  });

  // --- Commands to take along ---
  for (const code of document.querySelectorAll("#steps code")) {
    const button = el("button", { type: "button" }, "Copy");
    button.addEventListener("click", async () => {
      try {
        await navigator.clipboard.writeText(code.textContent);
        button.textContent = "Copied";
      } catch {
        // Not allowed here: selected, it is one key away.
        getSelection().selectAllChildren(code);
        button.textContent = "Selected";
      }
    });
    code.after(button);
  }

  const place = byId("strip");
  if (place) place.append(strip(page));
  byId("controls").hidden = false;
  // What drifts most stands open.
  for (const one of rows.slice(0, 1)) if (one.column.code === "b" || one.column.code === "w") one.details.open = true;
  go();
})();

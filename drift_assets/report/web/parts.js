"use strict";
// What any page is drawn from. Every text is set as text, every element made by its name:
// nothing here reads HTML.
const parts = (() => {
  const SVG = "http://www.w3.org/2000/svg";
  const VERDICTS = { b: "breach", w: "warn", o: "ok", n: "not_evaluated", "-": "" };
  const WORDS = { b: "breach", w: "warning", o: "ok", n: "not evaluated", "-": "not looked at" };

  function fill(node, attributes, children) {
    for (const [name, value] of Object.entries(attributes)) {
      if (value !== null) node.setAttribute(name, value);
    }
    node.append(...children.filter((child) => child !== null));
    return node;
  }
  const el = (tag, attributes = {}, ...children) => fill(document.createElement(tag), attributes, children);
  const shape = (tag, attributes = {}, ...children) => fill(document.createElementNS(SVG, tag), attributes, children);
  const path = (name, d) => shape("path", { class: name, d });
  const canvas = (width, height, ...children) =>
    shape("svg", { viewBox: `0 0 ${width} ${height}`, preserveAspectRatio: "none", "aria-hidden": "true" }, ...children);

  // Figures arrive as people read them, such as "< 0.1%" or "1,234".
  const number = (figure) => Number(figure.replace(/[<>%,]/g, ""));

  function table(headings, rows, name = "") {
    const cell = (tag, content, place) =>
      el(tag, { class: place ? "figure" : null, scope: tag === "th" ? "col" : null }, place || content instanceof Node ? content : el("bdi", {}, content));
    return el("table", { class: name || null },
      el("thead", {}, el("tr", {}, ...headings.map((heading, i) => cell("th", heading, i)))),
      el("tbody", {}, ...rows.map((row) => el("tr", {}, ...row.map((content, i) => cell("td", content, i))))));
  }

  // Length, threshold, warning and noise in thousandths; nothing for a statistic that nobody judges.
  function bar(lengths, verdict) {
    if (lengths === null) return el("span");
    const [length, limit, warning, noise] = lengths;
    const svg = canvas(1000, 10, path("ground", "M0 0h1000v10H0z"), path("length", `M0 1h${length}v8H0z`));
    const line = (name, at) => { if (at !== null) svg.append(path(name, `M${at} 0v10`)); };
    line("warning", warning);
    line("noise", noise);
    line("limit", limit);
    svg.setAttribute("class", `bar ${verdict}`);
    return svg;
  }

  // A picture whose points can be read: by pointer, by touch, and by arrow keys.
  function picture(name, svg, points, { vertical = false, below = [] } = {}) {
    const tip = el("div", { class: "tip", role: "status" });
    const surface = el("div", { class: "surface", tabindex: "0", role: "group", "aria-label": `${name}: arrow keys read the values` }, svg);
    const figure = el("div", { class: "picture" }, surface, ...below, tip);
    let at = -1;
    function show(i) {
      at = i;
      const box = surface.getBoundingClientRect();
      tip.textContent = points[i].text;
      const along = vertical ? 0.5 : points[i].at;
      const half = tip.offsetWidth / 2;
      const left = Math.min(Math.max(along * box.width, half), Math.max(box.width - half, half));
      tip.style.left = `${left}px`;
      tip.style.top = vertical ? `${points[i].at * box.height - 12}px` : "-.3rem";
    }
    function hide() {
      tip.textContent = "";
      at = -1;
    }
    function nearest(event) {
      const box = surface.getBoundingClientRect();
      const along = vertical ? (event.clientY - box.top) / box.height : (event.clientX - box.left) / box.width;
      let best = 0;
      points.forEach((point, i) => { if (Math.abs(point.at - along) < Math.abs(points[best].at - along)) best = i; });
      show(best);
    }
    if (points.length) {
      surface.addEventListener("pointermove", nearest);
      surface.addEventListener("pointerdown", nearest);
      surface.addEventListener("pointerleave", hide);
      surface.addEventListener("blur", hide);
      surface.addEventListener("keydown", (event) => {
        const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
        if (event.key === "Escape") hide();
        if (step === undefined) return;
        event.preventDefault();
        show(at < 0 ? (step > 0 ? 0 : points.length - 1) : Math.min(Math.max(at + step, 0), points.length - 1));
      });
    }
    return figure;
  }

  function legend(...entries) {
    return el("p", { class: "legend" }, ...entries.map(([name, d, text]) =>
      el("span", {}, shape("svg", { viewBox: "0 0 14 10", "aria-hidden": "true" }, path(name, d)), text)));
  }
  const SIDES = [["baseline", "M1 1h12v8H1z", "baseline"], ["current", "M4 1h6v8H4z", "current"]];

  const told = ([label, before, after]) => `${label}\nbaseline ${before}, current ${after}`;

  // Bins side by side, each as wide as the others: the baseline wide and pale, the current slim.
  function columnsOfBins(bins) {
    const high = Math.max(...bins.map((one) => Math.max(one[3], one[4]))) || 1;
    const slot = 1000 / bins.length;
    const block = (share, i, part) => {
      const tall = share ? Math.max((150 * share) / high, 1) : 0;
      const wide = slot * part;
      return tall ? `M${(slot * (i + 0.5) - wide / 2).toFixed(1)} 156h${wide.toFixed(1)}v-${tall.toFixed(1)}h-${wide.toFixed(1)}z` : "";
    };
    const svg = canvas(1000, 160,
      path("baseline", bins.map((one, i) => block(one[3], i, 0.84)).join("")),
      path("current", bins.map((one, i) => block(one[4], i, 0.4)).join("")),
      path("axis", "M0 156.5H1000"));
    svg.style.height = "10rem";
    return { svg, points: bins.map((one, i) => ({ at: (i + 0.5) / bins.length, text: told(one) })), slot };
  }

  // Bins as wide as they are: height is share by width, so that area is share.
  function density(bins, edges) {
    const widths = edges.slice(1).map((edge, i) => edge - edges[i]);
    // A far outlier would press all else into one stroke: the window ends near the inner edges.
    const inner = edges[edges.length - 2] - edges[1] || edges[edges.length - 1] - edges[0];
    const low = Math.max(edges[0], edges[1] - inner / 2);
    const high = Math.min(edges[edges.length - 1], edges[edges.length - 2] + inner / 2);
    const x = (value) => (1000 * (Math.min(Math.max(value, low), high) - low)) / (high - low);
    const top = Math.max(...bins.map((one, i) => Math.max(one[3], one[4]) / widths[i]));
    const y = (share, i) => 156 - (150 * share) / widths[i] / top;
    const outline = (side) => {
      let d = "M0 156";
      bins.forEach((one, i) => { d += `H${x(edges[i]).toFixed(1)}V${y(one[side], i).toFixed(1)}H${x(edges[i + 1]).toFixed(1)}`; });
      return `${d}V156`;
    };
    const svg = canvas(1000, 160, path("baseline", `${outline(3)}z`), path("current-line", outline(4)), path("axis", "M0 156.5H1000"));
    svg.style.height = "10rem";
    const points = bins.map((one, i) => ({ at: (x(edges[i]) + x(edges[i + 1])) / 2000, text: told(one) }));
    return { svg, points };
  }

  function ticks(texts) {
    const row = el("div", { class: "ticks", "aria-hidden": "true" });
    texts.forEach(([at, text]) => {
      const tick = el("span", {}, text);
      tick.style.left = `${100 * at}%`;
      row.append(tick);
    });
    return row;
  }

  function categories(bins) {
    const high = Math.max(...bins.map((one) => Math.max(one[3], one[4]))) || 1;
    const length = (share) => (share ? Math.max((1000 * share) / high, 2) : 0).toFixed(0);
    const rows = bins.flatMap((one) => {
      const svg = canvas(1000, 20,
        path("baseline", one[3] ? `M0 1h${length(one[3])}v18H0z` : ""), path("current", one[4] ? `M0 6h${length(one[4])}v8H0z` : ""));
      return [el("bdi", { title: one[0] }, one[0]), svg, el("span", { class: "figure" }, `${one[1]} → ${one[2]}`)];
    });
    return el("div", { class: "picture categories" }, ...rows);
  }

  // What a column looked like on both sides.
  function shares(column, shapes) {
    const { bins, edges } = column;
    const note = column.left_out ? `${column.left_out} more bins, with little in them, are not drawn` : "";
    if (!bins.length) return null;
    let drawn;
    if (column.kind === "categorical") {
      drawn = categories(bins);
    } else if (shapes === "values" && edges.length) {
      const { svg, points } = density(bins, edges);
      drawn = picture(`Density of ${column.name}`, svg, points, {
        below: [el("div", { class: "ends", "aria-hidden": "true" }, el("span", {}, bins[0][0]), el("span", {}, bins[bins.length - 1][0]))],
      });
    } else {
      const { svg, points } = columnsOfBins(bins);
      drawn = picture(`Shares of ${column.name}`, svg, points, {
        below: [el("div", { class: "ends", "aria-hidden": "true" }, ...[...new Set([0, Math.floor(bins.length / 2), bins.length - 1])].map((i) => el("span", {}, bins[i][0])))],
      });
    }
    return el("div", {}, legend(...SIDES), drawn, note ? el("p", { class: "quiet" }, note) : null);
  }

  // The pieces of a line: a day without a value ends one.
  function curve(values, x, y) {
    let d = "";
    let open = false;
    values.forEach((value, i) => {
      if (value === null) { open = false; return; }
      d += `${open ? "L" : "M"}${x(i).toFixed(1)} ${y(value).toFixed(1)}`;
      // A piece of one day is a dot; on paper it needs a length.
      if (!open) d += "h.1";
      open = true;
    });
    return d;
  }

  function dots(values, codes, wanted, x, y) {
    return values.map((value, i) => (value !== null && wanted.includes(codes[i]) ? `M${x(i).toFixed(1)} ${y(value).toFixed(1)}h.1` : "")).join("");
  }

  function steps(limits, n, x, y) {
    return limits.map(([from, text], k) => {
      const until = k + 1 < limits.length ? limits[k + 1][0] : n - 1;
      return `M${x(from).toFixed(1)} ${y(number(text)).toFixed(1)}H${x(until).toFixed(1)}`;
    }).join("");
  }

  // Where a day lies along a time axis: by the calendar, so that a missing day leaves a gap.
  function calendar(days) {
    const times = days.map((day) => Date.parse(day));
    const span = times[times.length - 1] - times[0] || 1;
    return (i) => (times[i] - times[0]) / span;
  }

  function past([label, figures, limits], column, page) {
    const values = figures.map((figure) => (figure === "" ? null : number(figure)));
    const along = calendar(page.days);
    const x = (i) => 8 + 984 * along(i);
    const known = values.filter((value) => value !== null);
    const tallest = Math.max(...known, ...limits.map((limit) => number(limit[1])), 0) || 1;
    const y = (value) => 96 - (86 * value) / tallest;
    // A line without a threshold did not decide, and has no mark.
    const codes = limits.length ? column.verdicts : "o".repeat(values.length);
    const svg = canvas(1000, 100, path("axis", "M0 96.5H1000"),
      path("change", page.changes.map(([i]) => `M${((x(i - 1) + x(i)) / 2).toFixed(1)} 0V96`).join("")),
      path("limit", steps(limits, values.length, x, y)), path("curve", curve(values, x, y)),
      path("dots warn", dots(values, codes, "w", x, y)), path("dots breach", dots(values, codes, "b", x, y)),
      path("dots", dots(values.map((v, i) => (i === values.length - 1 ? v : null)), codes, "on", x, y)));
    svg.style.height = "6.5rem";
    const started = new Map(page.changes);
    const points = page.days.map((day, i) => ({
      at: x(i) / 1000,
      text: `${day}: ${label} ${figures[i] || "unknown"}${limits.length ? `, ${WORDS[codes[i]]}` : ""}${started.has(i) ? `\n${started.get(i)}` : ""}`,
    }));
    const ends = el("div", { class: "ends" }, el("span", {}, page.days[0]), el("span", {}, `today ${figures[figures.length - 1] || "unknown"}`), el("span", {}, page.days[page.days.length - 1]));
    const named = [["curve", "M0 5h14", label]];
    if (limits.length) named.push(["limit", "M0 5h14", `threshold ${limits[limits.length - 1][1]}`]);
    if (codes.includes("b")) named.push(["dots breach", "M7 5h.1", "the column breached"]);
    if (codes.includes("w")) named.push(["dots warn", "M7 5h.1", "the column warned"]);
    if (page.changes.length) named.push(["change", "M7 0v10", "another baseline or method"]);
    const drawn = picture(`${label} of ${column.name} over ${page.days.length} days`, svg, points, { below: [ends] });
    drawn.prepend(legend(...named));
    return drawn;
  }

  function spark(column, days) {
    const [, figures, limits] = column.past[0];
    const values = figures.map((figure) => (figure === "" ? null : number(figure)));
    const along = calendar(days);
    const x = (i) => 10 + 980 * along(i);
    const tallest = Math.max(...values.filter((value) => value !== null), ...limits.map((limit) => number(limit[1])), 0) || 1;
    const y = (value) => 28 - (25 * value) / tallest;
    return canvas(1000, 30, path("limit", steps(limits, values.length, x, y)), path("curve", curve(values, x, y)),
      path("dots", dots(values, column.verdicts, "b", x, y)));
  }

  // One mark a day: how many columns breached.
  function strip(page) {
    const along = calendar(page.days);
    // A day's mark leaves a gap to the next, however narrow the page is.
    const length = (Date.parse(page.days[page.days.length - 1]) - Date.parse(page.days[0])) / 86400000;
    const wide = Math.min(Math.max(600 / (length + 1), 2), 30);
    const x = (i) => wide / 2 + (1000 - wide) * along(i);
    const most = Math.max(...page.breached, 1);
    const columns = { breach: "", warn: "", ok: "", not_evaluated: "" };
    page.days.forEach((_, i) => {
      const tall = page.breached[i] ? 6 + (26 * page.breached[i]) / most : 4;
      columns[VERDICTS[page.verdicts[i]]] += `M${x(i).toFixed(1)} 40v-${tall.toFixed(1)}`;
    });
    const svg = canvas(1000, 44, path("axis", "M0 41H1000"), path("change", page.changes.map(([i]) => `M${((x(i - 1) + x(i)) / 2).toFixed(1)} 0V41`).join("")),
      ...Object.entries(columns).map(([verdict, d]) => shape("path", { class: `day ${verdict}`, d, "stroke-width": wide.toFixed(1) })));
    svg.style.height = "2.75rem";
    const started = new Map(page.changes);
    const points = page.days.map((day, i) => ({
      at: x(i) / 1000,
      text: `${day}: ${WORDS[page.verdicts[i]]}, ${page.breached[i]} breached${started.has(i) ? `\n${started.get(i)}` : ""}`,
    }));
    const ends = el("div", { class: "ends" }, el("span", {}, page.days[0]), el("span", {}, page.days[page.days.length - 1]));
    const drawn = picture("Columns that breached, day by day", svg, points, { below: [ends] });
    drawn.prepend(el("p", { class: "legend" }, `Columns that breached on each of the last ${page.days.length} reported days${page.changes.length ? "; dots: another baseline or method" : ""}`));
    return drawn;
  }

  return { el, shape, path, canvas, table, bar, picture, legend, curve, dots, number, shares, past, spark, strip, VERDICTS, WORDS };
})();

// The dashboard: one page, which reads what it shows from small files beside it. They are
// scripts that hand over their content, because a page from a disk may fetch nothing.
const dashboard = (() => {
  const { el, shape, path, canvas, picture, legend, curve, dots, number, table } = parts;
  const VERDICTS = { ...parts.VERDICTS, "-": "none" };
  const WORDS = { ...parts.WORDS, "-": "no data" };
  const LOOK_SECONDS = 20;
  const STALE_HOURS = 48;
  const STRIP = 90;
  // Whose last day is further back is drawn up to it, and not up to today.
  const LATE = 31;
  const DAY = 86400000;
  const byId = (id) => document.getElementById(id);
  const own = document.currentScript.src.split("?v=")[1];

  // --- Reading ---
  const waiting = new Map();
  const known = new Map();
  const take = (content) => waiting.get(document.currentScript)?.(content);

  function read(place, version) {
    const script = document.createElement("script");
    const found = new Promise((resolve, reject) => {
      const done = (then, what) => {
        waiting.delete(script);
        script.remove();
        then(what);
      };
      waiting.set(script, (content) => done(resolve, content));
      script.addEventListener("error", () => done(reject, new Error(`${place} cannot be read`)));
      script.addEventListener("load", () => done(reject, new Error(`${place} holds nothing`)));
    });
    script.src = `data/${place}.js?v=${version}`;
    document.head.append(script);
    return found;
  }
  function once(place, version) {
    const key = `${place}?${version}`;
    if (!known.has(key)) {
      const found = read(place, version);
      known.set(key, found);
      found.catch(() => known.delete(key));
    }
    return known.get(key);
  }

  // --- Words ---
  const plural = (n, word) => `${n.toLocaleString("en")} ${word}${n === 1 ? "" : "s"}`;
  const dayNumber = (iso) => Math.round(Date.parse(iso) / DAY);
  const isoDay = (n) => new Date(n * DAY).toISOString().slice(0, 10);
  const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
  const WEEKDAYS = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
  const weekday = (iso) => WEEKDAYS[new Date(Date.parse(iso)).getUTCDay()];
  function today() {
    const now = new Date();
    return Math.round(Date.UTC(now.getFullYear(), now.getMonth(), now.getDate()) / DAY);
  }
  function ageOfDay(iso) {
    const n = today() - dayNumber(iso);
    if (n <= 0) return n ? "in the future" : "today";
    if (n === 1) return "yesterday";
    return n < 730 ? `${n} days ago` : `${Math.floor(n / 365.25)} years ago`;
  }
  function age(instant) {
    const minutes = Math.max(0, (Date.now() - Date.parse(instant)) / 60000);
    if (minutes < 1) return "just now";
    if (minutes < 90) return `${Math.round(minutes)} min ago`;
    return minutes < 48 * 60 ? `${Math.round(minutes / 60)} h ago` : `${Math.round(minutes / 1440)} days ago`;
  }
  const hoursSince = (instant) => (Date.now() - Date.parse(instant)) / 3600000;
  const when = (instant) => el("time", { datetime: instant, "data-age": "instant", title: instant }, age(instant));
  const whenDay = (iso) => el("time", { datetime: iso, "data-age": "day" }, ageOfDay(iso));
  const moment = (instant) => instant.replace("T", " ").replace(/:\d\dZ$/, " UTC");

  function mark(code) {
    const one = shape("svg", { class: "mark", viewBox: "0 0 12 12", "aria-hidden": "true" });
    one.append(shape("use", { href: `#mark-${VERDICTS[code]}` }));
    return one;
  }
  const verdict = (code, word = WORDS[code]) => el("span", { class: `verdict ${VERDICTS[code]}` }, mark(code), ` ${word}`);
  const bdi = (text) => el("bdi", {}, text);
  const quiet = (...content) => el("span", { class: "quiet" }, ...content);

  // --- Which days there are none of, and who is silent ---
  const gaps = (one) => (one.strip || "").slice(-30).split("-").length - 1;
  const isStale = (one) => !one.last || hoursSince(one.measured) > STALE_HOURS;
  const openAlerts = (one) => (one.alerts.failed || 0) + (one.alerts.pending || 0) + (one.alerts.delivered || 0);
  function attention(one) {
    const grave = { b: 0, w: 2, n: 3, "-": 3, o: 5 }[one.code];
    if (grave > 1 && (one.failing.length || one.alerts.failed || one.actions[1])) return 1;
    if (grave > 3 && isStale(one)) return 4;
    if (grave === 5 && (one.creeping[0] || openAlerts(one))) return 4;
    return grave;
  }
  const share = (one) => (one.n_columns ? one.n_breach / one.n_columns : 0);
  const byName = (a, b) => a.name.localeCompare(b.name, "en", { numeric: true });

  function flags(one) {
    const found = [];
    const add = (grave, text) => found.push(el("li", { class: grave || null }, text));
    if (!one.last) add("warn", "never reported");
    else if (isStale(one)) add("warn", el("span", {}, "silent: measured ", when(one.measured)));
    if (one.alerts.failed) add("breach", `${plural(one.alerts.failed, "alert")} not delivered`);
    const others = openAlerts(one) - (one.alerts.failed || 0);
    if (others) add("", `${plural(others, "alert")} open`);
    if (one.alerts.acknowledged) add("", `${one.alerts.acknowledged} acknowledged`);
    if (one.alerts.suppressed) add("", `${plural(one.alerts.suppressed, "alert")} not sent on purpose`);
    if (one.failing.length) add("breach", `data: ${one.failing.slice(0, 2).join(", ")}${one.failing.length > 2 ? " …" : ""}`);
    if (one.creeping[0]) add("warn", `${one.creeping[0]} near a threshold`);
    if (one.creeping[1]) add("", `${one.creeping[1]} creeping`);
    if (one.actions[1]) add("breach", `${plural(one.actions[1], "action")} failed`);
    if (one.actions[0]) add("", `${plural(one.actions[0], "action")} pending`);
    if (gaps(one)) add("", `${gaps(one)} of 30 days missing`);
    return found.length ? el("ul", { class: "flags" }, ...found) : null;
  }
  function much(one) {
    const rest = [[one.n_breach && one.n_warn, "warn"], [one.n_silent, "not evaluated"]].filter(([n]) => n).map(([n, word]) => `, ${n.toLocaleString("en")} ${word}`);
    const [n, word] = !one.n_breach && one.n_warn ? [one.n_warn, "warn"] : [one.n_breach, "drift"];
    return `${n.toLocaleString("en")} of ${plural(one.n_columns, "column")} ${word}${rest.join("")}`;
  }
  const since = (one) => `since ${one.since}, ${plural(one.n_since, "day")}`;

  // --- A day is a block: tall, half, low, hanging, or nothing. Read without any colour ---
  const BLOCKS = { b: [0, 20], w: [9, 11], o: [17, 3], n: [0, 5] };
  function blocks(codes, tight) {
    const drawn = { o: "", n: "", w: "", b: "" };
    const gap = tight ? 0 : 1.2;
    for (let i = 0; i < codes.length; i += 1) {
      const code = codes[i];
      if (code === "-") continue;
      let n = 1;
      // Side by side they are one path anyway; with no gap they are one block.
      while (tight && codes[i + n] === code) n += 1;
      const [top, tall] = BLOCKS[code];
      drawn[code] += `M${10 * i + gap / 2} ${top}h${10 * n - gap}v${tall}h${gap - 10 * n}z`;
      i += n - 1;
    }
    return Object.entries(drawn).map(([code, d]) => path(`cell ${VERDICTS[code]}`, d));
  }
  const cellsOf = (codes, changes = "") =>
    canvas(10 * codes.length, 20, ...blocks(codes, codes.length > 120), path("change", changes));

  function key() {
    const one = (code, word) => {
      const svg = shape("svg", { class: "cells", viewBox: "0 0 10 20", "aria-hidden": "true" }, ...blocks(code, false));
      return el("span", {}, svg, word);
    };
    return el("p", { class: "legend key" }, one("b", "breach"), one("w", "warning"), one("o", "ok"), one("n", "not evaluated"),
      one("-", "no data"), el("span", {}, shape("svg", { class: "cells", viewBox: "0 0 10 20", "aria-hidden": "true" }, path("change", "M5 0v20")), "another baseline or method"));
  }

  // --- All monitors ---
  const state = { index: null, mark: "", view: null, search: "", chosen: new Set(), order: "attention", length: 90, monitors: new Map() };

  function controls(list, { placeholder, orders, order, counts, more = [] }) {
    const search = el("input", { type: "search", id: "search", autocomplete: "off", spellcheck: "false", placeholder });
    search.value = list.search;
    const shown = el("p", { class: "quiet", role: "status", id: "shown" });
    const pick = el("select", { id: "order" }, ...orders.map(([value, text]) => el("option", { value }, text)));
    pick.value = order;
    const buttons = Object.entries(counts).filter(([, n]) => n).map(([code, n]) => {
      const button = el("button", { type: "button", class: VERDICTS[code], "data-code": code, "aria-pressed": String(list.chosen.has(code)) },
        mark(code), el("span", {}, ` ${WORDS[code]} ${n.toLocaleString("en")}`));
      button.addEventListener("click", () => {
        const on = !list.chosen.has(code);
        if (on) list.chosen.add(code); else list.chosen.delete(code);
        button.setAttribute("aria-pressed", String(on));
        list.apply();
      });
      return button;
    });
    const help = el("p", { id: "keys-help", hidden: "" });
    const keys = [["/", "search"], ["Esc", "clears it, then leads up"], ["j", "next"], ["k", "previous"], ["Enter", "opens"], ["← → ↑ ↓", "walk over days and columns"], ["?", "these keys"]];
    keys.forEach(([name, text], i) => help.append(i ? "; " : "", el("kbd", {}, name), ` ${text}`));
    const keysButton = el("button", { type: "button", id: "keys", "aria-expanded": "false", "aria-controls": "keys-help" }, "Keys");
    keysButton.addEventListener("click", () => {
      help.hidden = !help.hidden;
      keysButton.setAttribute("aria-expanded", String(!help.hidden));
    });
    search.addEventListener("input", () => { list.search = search.value; list.apply(); });
    pick.addEventListener("change", () => { list.order = pick.value; list.apply(); });
    const form = el("form", { class: "controls" },
      el("label", { class: "search" }, el("span", {}, "Search"), " ", search),
      el("fieldset", {}, el("legend", {}, "Show only"), ...buttons),
      el("label", {}, "Order ", pick), ...more, keysButton, help, shown);
    form.addEventListener("submit", (event) => event.preventDefault());
    return form;
  }
  function said(count, total, what) {
    byId("shown").textContent = count === total ? "" : `${count.toLocaleString("en")} of ${plural(total, what)} shown`;
  }

  // The same days for all, up to today; of one that is long silent, its own.
  function stripOf(one) {
    const late = Math.max(today() - dayNumber(one.last), 0);
    return `${one.strip}${"-".repeat(late > LATE ? 0 : late)}`.slice(-STRIP).padStart(STRIP, "-");
  }
  function monitorLine(one) {
    const strip = one.last ? cellsOf(stripOf(one)) : null;
    const bar = canvas(1000, 10, path("ground", "M0 0h1000v10H0z"), path("length", `M0 1h${Math.round(1000 * share(one))}v8H0z`));
    bar.setAttribute("class", `bar ${VERDICTS[one.code]}`);
    const last = one.last ? [el("span", { class: "figure" }, one.last), " ", quiet(whenDay(one.last))] : [quiet("no day")];
    const why = one.leading.length
      ? [...one.leading.flatMap((name, i) => (i ? [", ", bdi(name)] : [bdi(name)])), one.n_breach + one.n_warn > one.leading.length ? ` and ${one.n_breach + one.n_warn - one.leading.length} more` : ""]
      : [];
    const row = el("li", { class: VERDICTS[one.code] },
      verdict(one.code, one.last ? WORDS[one.code] : "never reported"),
      el("div", { class: "who" }, el("h2", {}, el("a", { href: `#/${one.key}` }, bdi(one.name))), why.length ? el("p", { class: "why" }, ...why) : null),
      el("div", { class: "much" }, ...(one.last ? [bar, el("p", {}, much(one)), el("p", { class: "quiet" }, since(one))] : [])),
      el("div", { class: "strip" }, strip),
      el("p", { class: "last" }, el("span", {}, ...last), " ", one.page ? el("a", { href: `../reports/${one.key}/${one.last}.html` }, "report") : quiet("no page")),
      flags(one) ?? el("span", { class: "quiet flags" }, "nothing open"));
    return { one, row };
  }

  function showIndex() {
    const monitors = state.index.monitors;
    document.title = "Drift, all monitors";
    const count = (code) => monitors.filter((one) => one.code === code).length;
    const named = (list) => list.slice(0, 4).flatMap((one, i) => [i ? ", " : "", el("a", { href: `#/${one.key}` }, bdi(one.name))]).concat(list.length > 4 ? [` and ${list.length - 4} more`] : []);
    const drifting = monitors.filter((one) => one.code === "b").sort((a, b) => share(b) - share(a) || byName(a, b));
    const code = drifting.length ? "b" : ["w", "n", "o"].find(count) || "-";
    const text = drifting.length
      ? [`Drift in ${drifting.length} of ${plural(monitors.length, "monitor")}: `, ...named(drifting), "."]
      : [{ w: `No drift, but ${plural(count("w"), "monitor")} of ${monitors.length} warn${count("w") === 1 ? "s" : ""}.`, n: `No drift, but ${plural(count("n"), "monitor")} could not be evaluated.`, o: `No drift in ${plural(monitors.length, "monitor")}.`, "-": "No monitor has reported yet." }[code]];
    const silent = monitors.filter(isStale);
    const list = state;
    const rows = monitors.map(monitorLine);
    const ol = el("ol", { class: "monitors", id: "list" });
    list.apply = () => {
      const words = list.search.trim().toLowerCase();
      const orders = {
        attention: (a, b) => attention(a.one) - attention(b.one) || share(b.one) - share(a.one) || byName(a.one, b.one),
        name: (a, b) => byName(a.one, b.one),
        last: (a, b) => (a.one.last || "").localeCompare(b.one.last || "") || byName(a.one, b.one),
      };
      let n = 0;
      for (const { one, row } of rows) {
        row.hidden = !((!list.chosen.size || list.chosen.has(one.code)) && (!words || one.name.toLowerCase().includes(words)));
        n += !row.hidden;
      }
      ol.append(...[...rows].sort(orders[list.order]).map(({ row }) => row));
      said(n, rows.length, "monitor");
    };
    byId("top").replaceChildren(el("header", {}, el("h1", {}, "Drift, all monitors"),
      el("p", { class: `headline ${VERDICTS[code]}` }, mark(code), " ", el("span", {}, ...text)),
      silent.length ? el("p", {}, el("b", {}, "Silent"), ` (not measured for ${STALE_HOURS} h): `, ...named(silent)) : null));
    const counts = Object.fromEntries([..."bwno-"].map((one) => [one, count(one)]));
    byId("main").replaceChildren(
      controls(list, { placeholder: "monitor", order: list.order, counts, orders: [["attention", "what needs attention first"], ["name", "by name"], ["last", "oldest report first"]] }),
      ol, key());
    list.apply();
  }

  // --- One monitor ---
  const pageOf = (head, day) => (head.pageSet.has(day) ? `../reports/${head.key}/${day}.html` : "");

  function prepared(line, head) {
    head.key = line.key;
    head.pageSet = new Set(head.pages);
    head.byDay = new Map((head.days || []).map((day) => [day[0], day]));
    head.rows = new Map(head.columns.map((column, i) => [column[0], i]));
    head.told = new Map(head.trends.map((trend) => [trend[0], trend]));
    return head;
  }

  // The days that are drawn: up to today, unless the last report is long past.
  function span(head, length) {
    const last = dayNumber(head.last);
    const now = today();
    const end = now > last && now - last <= LATE ? now : last;
    const start = Math.max(end - length + 1, Math.min(dayNumber(head.first), end - 6));
    return Array.from({ length: end - start + 1 }, (_, i) => isoDay(start + i));
  }

  async function verdictsOf(head, days) {
    const wanted = head.months.filter(([month]) => month >= days[0].slice(0, 7));
    const months = await Promise.all(wanted.map(async ([month, version]) => [month, await once(`${head.key}/${month}`, version)]));
    const places = new Map(days.map((day, i) => [day, i]));
    const found = new Map();
    for (const [month, { names, cells }] of months) {
      names.forEach((name, k) => {
        if (!found.has(name)) found.set(name, new Array(days.length).fill("-"));
        const row = found.get(name);
        [...cells[k]].forEach((code, n) => {
          const at = places.get(`${month}-${String(n + 1).padStart(2, "0")}`);
          if (at !== undefined) row[at] = code;
        });
      });
    }
    return found;
  }

  // From which day on another baseline or method judged.
  function changesOf(head, days) {
    const found = [];
    let before = null;
    days.forEach((day, i) => {
      const seen = head.byDay.get(day);
      if (!seen) return;
      if (before !== null && seen[8] !== before) {
        const [a, b] = [head.judged_by[before], head.judged_by[seen[8]]];
        found.push([i, a[0] !== b[0] ? `baseline ${b[0]}` : `method version ${b[1]}`]);
      }
      before = seen[8];
    });
    return found;
  }

  function lasting(codes) {
    let i = codes.length - 1;
    while (i >= 0 && "-n".includes(codes[i])) i -= 1;
    const code = codes[i];
    let first = i;
    let n = 0;
    for (; i >= 0; i -= 1) {
      if ("-n".includes(codes[i])) continue;
      if (codes[i] !== code) break;
      first = i;
      n += 1;
    }
    return { first, n, whole: i < 0 };
  }

  const wide = (label, content) => el("div", { class: "wide", tabindex: "0", role: "group", "aria-label": label }, content);
  function section(id, title, note, ...content) {
    return el("section", { id, "aria-labelledby": `${id}-heading` }, el("h2", { id: `${id}-heading` }, title), note ? el("p", { class: "quiet" }, note) : null, ...content);
  }
  const dayLink = (head, day) => (pageOf(head, day) ? el("a", { href: pageOf(head, day), class: "figure" }, day) : el("span", { class: "figure" }, day));

  function monitorHeader(head) {
    const leading = head.columns.filter((column) => "bw".includes(column[3]));
    const items = leading.slice(0, 5).map(([name, , , code, psi, threshold, reason]) => {
      const link = el("a", { href: `#/${head.key}/${encodeURIComponent(name)}` }, bdi(name));
      return el("li", {}, link, " ", verdict(code), psi ? ` PSI ${psi} (threshold ${threshold})` : "", " ", el("b", { class: "lasts", "data-name": name }), " ", el("span", { class: "quiet reason" }, bdi(reason)));
    });
    if (leading.length > items.length) items.push(el("li", { class: "more" }, `and ${leading.length - items.length} more, below`));
    const glance = [];
    const say = (name, ...content) => glance.push(el("div", {}, el("dt", {}, name), el("dd", {}, ...content)));
    if (head.last) {
      const day = head.byDay.get(head.last);
      const stale = isStale(head);
      say("Last day", dayLink(head, head.last), " ", quiet(whenDay(head.last), ", "), el(stale ? "b" : "span", { class: stale ? "warn" : "quiet" }, stale ? "silent: " : "", "measured ", when(head.measured)));
      say(`${WORDS[head.code][0].toUpperCase()}${WORDS[head.code].slice(1)}`, since(head));
      say("Rows", day[7]);
      if (day[6]) say("Share of the features, by weight", day[6]);
      say("Baseline", el("code", {}, head.judged_by[day[8]][0]));
    }
    const passed = head.checks.filter((row) => row[0] >= (head.last || "") && row[2] === "passed").length;
    if (head.n_checks) say("Data checks", el("a", { href: `#/${head.key}`, "data-go": "checks" }, `${passed} of ${head.n_checks} passed`), head.failing.length ? el("b", { class: "breach" }, ` failing: ${head.failing.join(", ")}`) : null);
    if (head.n_trends) say("Gradual drift", head.creeping[0] + head.creeping[1] ? el("a", { href: `#/${head.key}`, "data-go": "trends" }, `${head.creeping[0]} near a threshold, ${head.creeping[1]} creeping`) : `none in ${plural(head.n_trends, "column")}`);
    const alerts = Object.entries(head.alerts).map(([name, n]) => `${n} ${name}`).join(", ");
    if (head.alert_list.length) say("Alerts", el("a", { href: `#/${head.key}`, "data-go": "alerts" }, alerts || "none open"));
    if (head.action_list.length) say("Actions", el("a", { href: `#/${head.key}`, "data-go": "actions" }, head.actions[1] ? `${head.actions[1]} failed` : head.actions[0] ? `${head.actions[0]} pending` : plural(head.action_list.length, "action")));
    const missing = missingOf(head);
    if (missing.length) say("Missing", `${plural(missing.length, "day")} of the last 30: ${missing.slice(-3).join(", ")}${missing.length > 3 ? " and earlier" : ""}`);
    return el("header", {}, el("p", { class: "up" }, el("a", { href: "#/" }, "All monitors")), el("h1", {}, bdi(head.name)),
      el("p", { class: `headline ${VERDICTS[head.code]}` }, mark(head.code), " ", el("span", {}, head.headline)),
      items.length ? el("ol", { class: "leading", "aria-label": "What moved" }, ...items) : null,
      el("dl", { class: "glance" }, ...glance));
  }
  function missingOf(head) {
    if (!head.last) return [];
    const last = dayNumber(head.last);
    const first = Math.max(dayNumber(head.first), last - 29);
    return Array.from({ length: last - first + 1 }, (_, i) => isoDay(first + i)).filter((day) => !head.byDay.has(day));
  }

  function heat(head, view) {
    const days = span(head, view.length);
    const changes = changesOf(head, days);
    const lines = changes.map(([i]) => `M${10 * i} 0v20`).join("");
    const whole = days.map((day) => head.byDay.get(day)?.[1] || "-");
    const readout = el("p", { class: "readout", role: "status" }, "Point at a day, or walk with the arrow keys.");
    const rows = [];
    const ol = el("ol", { class: "heat", id: "list" });
    const cursor = el("span", { class: "cursor", "aria-hidden": "true" });

    function tell(one, i) {
      view.day = days[i];
      const day = head.byDay.get(days[i]);
      const code = one.codes[i];
      const said_ = one.name === null
        ? (day ? `${WORDS[code]}: ${day[2]} of ${plural(day[5], "column")} breached, ${day[7]} rows` : "no report")
        : WORDS[code];
      const change = changes.find(([at]) => at === i);
      const href = pageOf(head, days[i]);
      readout.replaceChildren(one.name === null ? "Whole day" : bdi(one.name), ` · ${weekday(days[i])} ${days[i]} · `,
        code === "-" ? said_ : verdict(code, said_), change ? `, ${change[1]} from here on` : "", " ",
        href ? el("a", { href }, "open the report") : quiet("no report page"));
      cursor.style.left = `${(100 * (i + 0.5)) / days.length}%`;
      one.cells.append(cursor);
    }
    const at = (one, event) => {
      const box = one.cells.getBoundingClientRect();
      return Math.min(Math.max(Math.floor(((event.clientX - box.left) / box.width) * days.length), 0), days.length - 1);
    };
    function walk(one, event) {
      const step = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowDown: [0, 1], ArrowUp: [0, -1], Home: [-1e6, 0], End: [1e6, 0] }[event.key];
      const now = Math.max(days.indexOf(view.day), 0);
      if (event.key === "Enter") {
        const href = pageOf(head, days[now]);
        if (href) location.href = href;
      }
      if (!step) return;
      event.preventDefault();
      const shown = [...ol.children].filter((row) => !row.hidden).map((row) => rows.find((other) => other.row === row));
      const next = shown[Math.min(Math.max(shown.indexOf(one) + step[1], 0), shown.length - 1)];
      one.cells.tabIndex = -1;
      next.cells.tabIndex = 0;
      next.cells.focus({ preventScroll: true });
      next.row.scrollIntoView({ block: "nearest" });
      tell(next, view.day === undefined || !days.includes(view.day) ? days.length - 1 : Math.min(Math.max(now + step[0], 0), days.length - 1));
    }

    function add(name, codes, column) {
      const toggle = name === null ? el("span", { class: "name" }, "Whole day") : el("button", { type: "button", class: "name", "aria-expanded": "false" }, bdi(name), column?.[1] === "prediction" ? el("small", {}, " prediction") : null);
      const cells = el("div", { class: "cells", tabindex: name === null ? "0" : "-1", role: "img", "aria-label": `${name ?? "Whole day"}, ${days.length} days: arrow keys read them` });
      const code = name === null ? head.code : column?.[3] ?? "-";
      const psi = column?.[4] ? el("span", { class: "figure psi" }, el("small", {}, "PSI "), column[4]) : el("span", { class: "psi" });
      const line = el("div", { class: "across" }, el("span", { class: `verdict ${VERDICTS[code]}`, title: WORDS[code] }, mark(code), el("span", { class: "word" }, ` ${name !== null && !column ? "not watched" : WORDS[code]}`)), toggle, psi, cells);
      const row = el("li", { class: VERDICTS[code] }, line);
      const one = { name, codes, column, code, row, cells, toggle, i: rows.length };
      rows.push(one);
      cells.addEventListener("pointermove", (event) => { if (event.pointerType !== "touch") tell(one, at(one, event)); });
      cells.addEventListener("click", (event) => {
        const i = at(one, event);
        tell(one, i);
        const href = pageOf(head, days[i]);
        // A finger first reads; the link is in the line above.
        if (!href || event.pointerType === "touch") return;
        if (event.ctrlKey || event.metaKey) window.open(href);
        else location.href = href;
      });
      cells.addEventListener("focus", () => tell(one, days.includes(view.day) ? days.indexOf(view.day) : days.length - 1));
      cells.addEventListener("keydown", (event) => walk(one, event));
      if (name !== null) toggle.addEventListener("click", () => open(one, toggle.getAttribute("aria-expanded") !== "true"));
      return one;
    }

    function open(one, wanted) {
      one.toggle.setAttribute("aria-expanded", String(wanted));
      if (wanted) view.open.add(one.name); else view.open.delete(one.name);
      if (!wanted) { one.body?.remove(); one.body = null; return Promise.resolve(); }
      if (one.body) return Promise.resolve();
      one.body = el("div", { class: "body" }, quiet("Reading …"));
      one.row.append(one.body);
      return columnBody(head, one, days, changes).then((parts_) => one.body?.replaceChildren(...parts_), (error) => one.body?.replaceChildren(el("p", {}, `${error.message}: reload the page.`)));
    }

    const near = new IntersectionObserver((entries) => {
      for (const entry of entries) {
        if (!entry.isIntersecting) continue;
        near.unobserve(entry.target);
        draw(rows[Number(entry.target.dataset.i)]);
      }
    }, { rootMargin: "800px" });
    function draw(one) {
      if (one.drawn) return;
      one.drawn = true;
      one.cells.append(cellsOf(one.codes.join(""), lines));
    }

    const first = add(null, whole);
    const scale = el("div", { class: "scale", "aria-hidden": "true" });
    days.forEach((day, i) => {
      if (day.slice(8) !== "01" || i > days.length - Math.ceil(days.length / 14)) return;
      const tick = el("span", {}, `${MONTHS[Number(day.slice(5, 7)) - 1]}${day.slice(5, 7) === "01" ? ` ${day.slice(0, 4)}` : ""}`);
      tick.style.left = `${(100 * i) / days.length}%`;
      scale.append(tick);
    });

    const place = el("div", { class: "grid" }, readout, el("div", { class: "across ruler" }, el("span"), el("span"), el("span"), scale), ol);
    const ready = verdictsOf(head, days).then((found) => {
      const blank = new Array(days.length).fill("-");
      for (const column of head.columns) add(column[0], found.get(column[0]) || blank, column);
      for (const [name, codes] of found) if (!head.rows.has(name)) add(name, codes, null);
      for (const one of rows) {
        one.row.dataset.i = one.i;
        near.observe(one.row);
        one.breaches = one.codes.reduce((n, code) => n + (code === "b"), 0);
      }
      for (const note of document.querySelectorAll(".lasts")) {
        const one = rows[1 + (head.rows.get(note.dataset.name) ?? -1)];
        if (!one?.column) continue;
        const { first: from, n, whole: beyond } = lasting(one.codes);
        if (from >= 0) note.textContent = `since ${beyond ? "before " : ""}${days[from]}, ${plural(n, "day")}`;
      }
      view.apply();
      return Promise.all(rows.filter((one) => view.open.has(one.name)).map((one) => open(one, true)));
    }, () => { readout.textContent = "The months cannot be read: reload the page."; });

    view.apply = () => {
      const words = view.search.trim().toLowerCase();
      const orders = {
        attention: (a, b) => a.i - b.i,
        days: (a, b) => b.breaches - a.breaches || a.i - b.i,
        name: (a, b) => byName(a, b),
      };
      const columns = rows.slice(1);
      let n = 0;
      for (const one of columns) {
        one.row.hidden = !((!view.chosen.size || view.chosen.has(one.code)) && (!words || one.name.toLowerCase().includes(words)));
        n += !one.row.hidden;
      }
      ol.append(first.row, ...[...columns].sort(orders[view.order]).map((one) => one.row));
      if (columns.length) said(n, columns.length, "column");
    };
    view.drawAll = () => rows.forEach(draw);
    view.openNamed = (name) => {
      const one = rows.find((other) => other.name === name);
      if (!one) return;
      if (one.row.hidden) { view.search = ""; view.chosen.clear(); byId("search").value = ""; document.querySelectorAll("[data-code]").forEach((button) => button.setAttribute("aria-pressed", "false")); view.apply(); }
      open(one, true).then(() => { one.row.scrollIntoView({ block: "start" }); one.toggle.focus({ preventScroll: true }); });
    };
    return { place, ready };
  }

  // --- The past of one column ---
  async function columnBody(head, one, days, changes) {
    const lines = new Map();
    const wanted = head.months.filter(([month]) => month >= days[0].slice(0, 7));
    const months = await Promise.all(wanted.map(async ([month, version]) => {
      const { names } = await once(`${head.key}/${month}`, version);
      const k = names.indexOf(one.name);
      if (k < 0) return [month, []];
      const part = await once(`${head.key}/${month}.${Math.floor(k / head.part)}`, version);
      return [month, part[k % head.part]];
    }));
    const places = new Map(days.map((day, i) => [day, i]));
    for (const [month, found] of months) {
      for (const [label, figures, limits, noise, p, marks] of found) {
        if (!lines.has(label)) lines.set(label, { label, figures: [], limits: [], noise: [], p: [], marks: [] });
        const line = lines.get(label);
        const put = (target, joined) => joined.split("|").forEach((text, n) => {
          const at = places.get(`${month}-${String(n + 1).padStart(2, "0")}`);
          if (at !== undefined && text) target[at] = text;
        });
        put(line.figures, figures);
        limits.forEach((series, k) => put(line.limits[k] ??= [], series));
        put(line.noise, noise);
        put(line.p, p);
        put(line.marks, [...marks].join("|"));
      }
    }
    const out = [];
    if (one.column) out.push(el("p", { class: "reason" }, bdi(one.column[6])));
    const trend = head.told.get(one.name);
    if (trend) out.push(el("p", {}, el("b", {}, "Gradual drift: "), verdict(trend[1]), " ", bdi(trend[3]), ".",
      trend[5] > head.last ? ` Its line reaches the threshold about ${trend[5]} (${trend[6] || "any day"} to ${trend[7] || "over a year from now"}).` : ""));
    const drawn = [...lines.values()].filter((line) => line.figures.some((text) => text));
    for (const line of drawn) out.push(past(line, one, days, changes, trend && trend[2] === line.label ? trend : null));
    if (!drawn.length) out.push(quiet("No figures in these days."));
    const last = [...days].reverse().find((day) => pageOf(head, day) && one.codes[days.indexOf(day)] !== "-");
    if (last) out.push(el("p", {}, el("a", { href: pageOf(head, last) }, `Report of ${last}`), quiet(": bins, both sides, and what to do")));
    return out;
  }

  function past({ label, figures, limits, noise, p, marks }, one, days, changes, trend) {
    const values = days.map((_, i) => (figures[i] ? number(figures[i]) : null));
    const ahead = trend && trend[8].length ? forecast(trend, days) : null;
    const n = days.length + (ahead ? ahead.more : 0);
    const x = (i) => 6 + (988 * i) / Math.max(n - 1, 1);
    const series = limits.map((limit) => days.map((_, i) => (limit[i] ? number(limit[i]) : null)));
    const floor = days.map((_, i) => (noise[i] ? number(noise[i]) : null));
    const all = [...values, ...series.flat(), ...floor, ...(ahead ? [ahead.from[1], ahead.to[1]] : [])].filter((value) => value !== null);
    const top = Math.max(...all) || 1;
    // Shares live near their limits, not near zero.
    const low = series.length > 1 ? Math.min(...all) : 0;
    const y = (value) => 92 - (84 * (value - low)) / (top - low || 1);
    // A column drifts by some of its figures: only those have a mark.
    const codes = days.map((_, i) => marks[i] || "-");
    const word = (i) => (codes[i] !== "-" ? `, ${WORDS[codes[i]]}` : "bw".includes(one.codes[i]) ? `\n${WORDS[one.codes[i]]} by other figures` : `, ${WORDS[one.codes[i]]}`);
    const svg = canvas(1000, 100, path("axis", "M0 96.5H1000"),
      path("change", changes.map(([i]) => `M${(x(i) - 494 / Math.max(n - 1, 1)).toFixed(1)} 0V96`).join("")),
      path("noise-line", held(floor, x, y)), ...series.map((limit) => path("limit", held(limit, x, y))),
      path("curve", curve(values, x, y)),
      path("dots warn", dots(values, codes, "w", x, y)), path("dots breach", dots(values, codes, "b", x, y)),
      path("ahead", ahead ? `M${x(ahead.from[0]).toFixed(1)} ${y(ahead.from[1]).toFixed(1)}L${x(ahead.to[0]).toFixed(1)} ${y(ahead.to[1]).toFixed(1)}` : ""));
    svg.style.height = "5.5rem";
    const started = new Map(changes);
    const points = days.flatMap((day, i) => (figures[i] ? [{
      at: x(i) / 1000,
      text: [`${day}: ${label} ${figures[i]}${word(i)}`, p[i] ? `p ${p[i]}` : "", limits.filter((limit) => limit[i]).map((limit) => `threshold ${limit[i]}`).join(", "),
        noise[i] ? `chance alone: up to ${noise[i]} on 19 of 20 days` : "", started.get(i) || ""].filter((text) => text).join("\n"),
    }] : []));
    const last = figures.findLastIndex((text) => text);
    const named = [["curve", "M0 5h14", `${label} ${figures[last]} on ${days[last]}`]];
    limits.forEach((limit) => { if (limit[last]) named.push(["limit", "M0 5h14", `threshold ${limit[last]}`]); });
    if (noise[last]) named.push(["noise-line", "M0 5h14", `chance ${noise[last]}`]);
    if (codes.includes("b")) named.push(["dots breach", "M7 5h.1", "breach"]);
    if (codes.includes("w")) named.push(["dots warn", "M7 5h.1", "warning"]);
    if (changes.length) named.push(["change", "M7 0v10", "another baseline or method"]);
    if (ahead) named.push(["ahead", "M0 5h14", `forecast: ${ahead.words}`]);
    const ends = el("div", { class: "ends" }, el("span", {}, days[0]), el("span", {}, ahead ? isoDay(dayNumber(days[0]) + n - 1) : days[days.length - 1]));
    const drawn = picture(`${label} of ${one.name} over ${days.length} days`, svg, points, { below: [ends] });
    drawn.prepend(el("h3", {}, label), legend(...named));
    return drawn;
  }
  // A line at a height that holds from a known day to the next.
  function held(values, x, y) {
    let d = "";
    let before = null;
    values.forEach((value, i) => {
      if (value === null) return;
      d += before === null ? `M${x(i).toFixed(1)} ${y(value).toFixed(1)}h.1` : `H${x(i).toFixed(1)}V${y(value).toFixed(1)}`;
      before = value;
    });
    return d;
  }
  function forecast(trend, days) {
    const [level, slope, threshold, on] = trend[8];
    const at = dayNumber(on) - dayNumber(days[0]);
    // What is reached already needs no forecast.
    if (at < 0 || at >= days.length || (trend[5] && trend[5] <= on)) return null;
    const reached = trend[5] ? dayNumber(trend[5]) - dayNumber(days[0]) : at + days.length;
    const most = at + Math.ceil(days.length / 2);
    const end = Math.max(Math.min(reached, most), at + 1);
    return { from: [at, level], to: [end, end === reached ? threshold : level + slope * (end - at)], more: Math.max(end - days.length + 1, 0), words: trend[5] ? `reached about ${trend[5]}` : "not within a year" };
  }

  // --- What else is known of a monitor ---
  // No answer is never a pass: columns with too few days are named beside the others.
  function judgedTrends(head) {
    const silent = head.n_trends - head.n_judged_trends;
    return plural(head.n_judged_trends, "column") + (silent ? `; ${silent} not evaluated, with too few days` : "");
  }
  // Who took an alert on need not be who, or what, ended it.
  function standing(alertState, by) {
    if (!by) return alertState;
    return alertState === "acknowledged" ? `acknowledged by ${by}` : `${alertState}, acknowledged by ${by}`;
  }
  function lists(head) {
    const out = [];
    const rows = (id, title, note, headings, list, none) =>
      out.push(section(id, title, note, list.length ? wide(title, table(headings, list)) : el("p", { class: "quiet" }, none)));
    if (head.n_trends) {
      rows("trends", "Gradual drift", "", ["Column", "Verdict", "Statistic", "Slope a day", "Reached about", "Why"],
        head.trends.map(([name, code, statistic, reason, slope, reached]) => [name, verdict(code), statistic, slope, reached, bdi(reason)]), `None in ${judgedTrends(head)}.`);
    }
    rows("alerts", "Alerts", head.alert_list.length ? "The open ones first. drift-assets alerts ack takes one on." : "", ["Day", "What", "State", "Since", "Severity", "Whom", "Why, or what went wrong"],
      head.alert_list.map(([day, cause, title, state_, severity, from, why, by, detail, whom]) => [
        dayLink(head, day), bdi(title || cause), el("span", { class: `state ${{ failed: "breach", pending: "warn", resolved: "ok" }[state_] || ""}` }, standing(state_, by)), from, severity, bdi(whom), bdi([why, detail].filter((text) => text).join("; "))]), "None.");
    rows("checks", "Data checks", "Those of the last day, and what failed before.", ["Day", "Check", "Result", "Found"],
      head.checks.map(([day, name, outcome, severity, reason]) => {
        const code = outcome === "passed" ? "o" : outcome === "failed" ? (severity === "error" ? "b" : "w") : "n";
        return [dayLink(head, day), bdi(name), verdict(code, outcome.replace("_", " ")), bdi(reason)];
      }), "None are kept.");
    rows("actions", "Actions", "What drift has started.", ["Day", "Action", "Kind", "State", "Why", "What it said", "Changed"],
      head.action_list.map(([day, name, kind, outcome, reason, detail, changed]) => [
        dayLink(head, day), bdi(name), kind, el("span", { class: `state ${{ failed: "breach", pending: "warn", done: "ok" }[outcome] || ""}` }, outcome), bdi(reason), bdi(detail), moment(changed)]), "None.");
    rows("baselines", "Baselines", "", ["When", "What", "Baseline", "Before", "Rows", "Who", "Why", "How"],
      head.baselines.map(([instant, event, id, previous, who, reason, detail, n]) => [
        moment(instant), event, el("code", {}, id), previous ? el("code", {}, previous) : "", n, bdi(who), bdi(reason), bdi(detail)]), "Nothing is known.");
    return out;
  }

  async function showMonitor(line, name) {
    const head = prepared(line, await once(`${line.key}/head`, line.version));
    if (state.wanted !== line.key) return;
    document.title = `${head.name}: ${WORDS[head.code]}`;
    const kept = state.monitors.get(line.key) || { search: "", chosen: new Set(), order: "attention", length: state.length, open: new Set() };
    state.monitors.set(line.key, kept);
    state.view = kept;
    byId("top").replaceChildren(monitorHeader(head));
    for (const link of document.querySelectorAll("[data-go]")) {
      link.addEventListener("click", (event) => { event.preventDefault(); byId(link.dataset.go).scrollIntoView(); });
    }
    if (!head.last) {
      byId("main").replaceChildren(el("p", {}, "No day of this monitor was reported yet."), ...lists(head));
      return;
    }
    const drawn = heat(head, kept);
    const length = el("select", { id: "length" }, ...[[30, "30 days"], [90, "90 days"], [365, "365 days"]].map(([value, text]) => el("option", { value }, text)));
    length.value = kept.length;
    length.addEventListener("change", () => {
      kept.length = Number(length.value);
      state.length = kept.length;
      const again = heat(head, kept);
      document.querySelector(".grid").replaceWith(again.place);
    });
    const counts = { b: 0, w: 0, n: 0, o: 0 };
    for (const column of head.columns) counts[column[3]] += 1;
    byId("main").replaceChildren(
      section("columns", "Columns, day by day", "", controls(kept, { placeholder: "column name", order: kept.order, counts, orders: [["attention", "gravest first"], ["days", "most breaches first"], ["name", "by name"]], more: [el("label", {}, "Show ", length)] }), key(), drawn.place),
      ...lists(head));
    await drawn.ready;
    if (name !== null) kept.openNamed(name);
  }

  // --- Where one is ---
  async function route({ again = false } = {}) {
    const [, wanted = "", name = null] = /^#\/([^/]*)(?:\/(.*))?$/.exec(location.hash) || [];
    const line = state.index.monitors.find((one) => one.key === wanted);
    state.wanted = line ? wanted : "";
    const top = scrollY;
    if (line) {
      let column = null;
      try { if (name !== null && !again) column = decodeURIComponent(name); } catch { /* no name of ours */ }
      await showMonitor(line, column);
    } else {
      state.view = null;
      showIndex();
    }
    if (again) scrollTo(0, top);
    else if (name === null) scrollTo(0, 0);
  }
  function foot(text) {
    byId("foot").replaceChildren(`Made of the published history; looks for news every ${LOOK_SECONDS} s. `, text);
  }

  // --- News ---
  async function look() {
    try {
      const now = await read("state", Date.now());
      if (now.script !== own && state.mark) { location.reload(); return; }
      if (now.index === state.mark) { foot(""); return; }
      const index = await once("index", now.index);
      const first = !state.mark;
      state.index = index;
      state.mark = now.index;
      const focus = document.activeElement?.id;
      await route({ again: !first });
      if (!first && focus) byId(focus)?.focus({ preventScroll: true });
      foot("");
    } catch (error) {
      foot(el("b", { class: "warn" }, `${error.message}: shown is what was read before.`));
      if (!state.mark) byId("main").replaceChildren(el("p", {}, "Nothing to show: the data files beside this page cannot be read. Make them with "), el("code", {}, "drift-assets dashboard --write"));
    }
  }
  function tick() {
    for (const one of document.querySelectorAll("time[data-age]")) {
      one.textContent = one.dataset.age === "day" ? ageOfDay(one.dateTime) : age(one.dateTime);
    }
  }

  // --- Keys ---
  function step(n) {
    const rows = [...document.querySelectorAll("#list > li:not([hidden])")];
    const here = document.activeElement.closest?.("#list > li");
    const next = rows[here ? rows.indexOf(here) + n : 0];
    if (!next) return;
    next.querySelector("a, button, .cells").focus();
    next.scrollIntoView({ block: "nearest" });
  }
  document.addEventListener("keydown", (event) => {
    const search = byId("search");
    if (event.key === "Escape") {
      const list = state.view ?? state;
      if (search && search.value) {
        search.value = "";
        list.search = "";
        list.apply();
      } else if (event.target === search) search.blur();
      else if (state.view) location.hash = "#/";
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest?.("input, select")) return;
    const action = { "/": () => search?.focus(), j: () => step(1), k: () => step(-1), "?": () => byId("keys")?.click() }[event.key];
    if (!action) return;
    event.preventDefault();
    action();
  });
  window.addEventListener("hashchange", () => { if (state.index) route(); });
  window.addEventListener("beforeprint", () => state.view?.drawAll?.());
  document.querySelector(".skip").addEventListener("click", (event) => { event.preventDefault(); byId("main").focus(); });
  setInterval(look, 1000 * LOOK_SECONDS);
  setInterval(tick, 30000);
  look();

  return { take, look };
})();

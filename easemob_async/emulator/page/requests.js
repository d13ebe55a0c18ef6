// Requests, live: a row opens the request and its answer.

import { get } from "./api.js";
import { announce, arrows, field, h, pager, pretty, show } from "./dom.js";
import { latest } from "./loading.js";
import { number, t, time } from "./text.js";

const PAGE = 200;
const SHOWN = 200;
const KEPT = 1000;

export default function requests() {
  const body = arrows(h("tbody"));
  const table = h("table", { class: "requests" },
    h("thead", {}, h("tr", {}, ...["time", "method", "path", "operation", "status", "duration"]
      .map((name) => h("th", { scope: "col", class: name }, t(name))))),
    body);
  const empty = h("p", { class: "empty", hidden: true });
  const status = h("select", { onchange: draw },
    ...["", "2", "4", "5"].map((first) =>
      h("option", { value: first }, first ? `${first}xx` : t("all"))));
  const words = h("input", { type: "search", autocomplete: "off", oninput: draw });
  const pause = h("button", { type: "button", class: "quiet", "aria-pressed": "false",
    onclick: stop }, t("pause"));
  const pages = pager(t("newer"), t("older"), turn);
  let rows = [];
  let total = 0;
  let more = false; // whether there are older ones
  let last; // the number before which those are
  let held = []; // those that came while paused
  let paused = false;
  let cursors = [null];
  const open = new Set();

  const reload = latest(
    () => get("requests", { limit: PAGE + 1, before: cursors.at(-1) }),
    (answer) => {
      more = answer.requests.length > PAGE;
      rows = answer.requests.slice(0, PAGE);
      total = answer.total;
      held = [];
      label();
      draw();
    },
  );

  function turn(step) {
    if (step < 0) cursors.pop();
    else cursors.push(last);
    reload();
  }

  function draw() {
    const wanted = words.value.trim().toLowerCase();
    const all = rows.filter((row) =>
      (!status.value || String(row.status ?? "").startsWith(status.value)) &&
      (!wanted || searched(row).includes(wanted)));
    const found = all.slice(0, SHOWN);
    const cut = all.length > SHOWN;
    last = (cut ? found : rows).at(-1)?.number;
    const shown = found.flatMap((row) =>
      open.has(row.number) ? [{ ...row, open: true }, { inside: row }] : [{ ...row, open: false }]);
    show(body, shown, (row) => row.number ?? `inside ${row.inside.number}`,
      (row) => (row.inside ? inside(row.inside) : make(row)));
    table.hidden = found.length === 0;
    empty.hidden = found.length > 0;
    empty.textContent = rows.length ? t("nothingFound") : t("noRequests");
    pages.set(total ? t("shownOf", number(found.length), number(total)) : "",
      cursors.length > 1, more || cut);
  }

  function make(row) {
    const flip = () => {
      if (!open.delete(row.number)) open.add(row.number);
      draw();
    };
    return h("tr", { class: row.open ? "open" : null, onclick: flip },
      h("td", { class: "time" }, h("time", {}, time(row.time))),
      h("td", { class: "method" }, row.method),
      h("td", { class: "path" },
        h("button", {
          type: "button", class: "plain", "data-stop": true, tabindex: -1,
          "aria-expanded": String(row.open),
        }, row.path)),
      h("td", { class: "operation" }, row.operation || "–"),
      h("td", { class: "status" }, h("span", { class: `code s${String(row.status)[0]}` },
        row.status ?? t("closed"))),
      h("td", { class: "ms" }, t("ms", number(Math.round(row.ms * 10) / 10))),
    );
  }

  function inside(row) {
    return h("tr", { class: "inside" }, h("td", { colspan: 6 }, h("div", { class: "pair" },
      h("div", {}, h("h4", {}, t("request")), h("pre", {}, pretty(row.request) || "–")),
      h("div", {}, h("h4", {}, t("answer")), h("pre", {}, pretty(row.answer) || "–")))));
  }

  function stop() {
    paused = !paused;
    pause.ariaPressed = String(paused);
    if (!paused && held.length) {
      add(held);
      held = [];
      draw();
    }
    label();
  }

  function add(fresh) {
    const all = [...fresh, ...rows];
    more ||= all.length > KEPT;
    rows = all.slice(0, KEPT);
  }

  function label() {
    pause.textContent = !paused ? t("pause") : held.length ? t("resumeWith", number(held.length))
      : t("resume");
  }

  reload();
  return {
    element: h("div", {},
      h("h2", {}, t("requests")),
      h("div", { class: "filters" }, field(t("status"), status), field(t("filter"), words), pause),
      empty,
      table,
      pages.element),
    reload,
    live(batch) {
      const known = new Set(rows.map((row) => row.number));
      const fresh = (batch.request ?? []).filter((row) => !known.has(row.number)).toReversed();
      if (!fresh.length) return;
      total += fresh.length;
      if (cursors.length > 1) return;
      if (paused) {
        held = [...fresh, ...held].slice(0, KEPT);
        label();
        return;
      }
      add(fresh);
      announce(t("newRequests", fresh.length));
      draw();
    },
  };
}

function searched(row) {
  return [row.method, row.path, row.operation, row.request, row.answer].join(" ").toLowerCase();
}

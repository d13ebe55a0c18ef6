// Quotas: how much of each window is used.

import { get } from "./api.js";
import { h, show } from "./dom.js";
import { latest, seldom } from "./loading.js";
import { number, t } from "./text.js";

const EVERY = 2000; // windows empty themselves without an event

export default function quotas() {
  const list = h("ul", { class: "rows bars", "aria-label": t("quotas") });
  const scale = h("p");
  const empty = h("p", { class: "empty", hidden: true }, t("noQuotas"));

  const reload = latest(() => get("quotas"), (answer) => {
    scale.textContent = answer.scale === null ? t("noLimits") : t("scaled", number(answer.scale));
    const rows = answer.quotas.toSorted((a, b) =>
      b.refused - a.refused || b.used / b.units - a.used / a.units);
    show(list, rows, (row) => `${row.name} ${row.seconds} ${row.unit}`, bar);
    empty.hidden = answer.scale === null || rows.length > 0;
  });

  const soon = seldom(reload);
  const timer = setInterval(reload, EVERY);
  reload();
  return {
    element: h("div", {}, h("h2", {}, t("quotas")), scale, empty, list),
    reload,
    live: (batch) => batch.request && soon(),
    close: () => clearInterval(timer),
  };
}

function bar(row) {
  const share = Math.min(1, row.used / row.units);
  const level = share >= 1 ? "full" : share >= 0.8 ? "high" : "";
  const fill = h("span", { class: `fill ${level}` });
  fill.style.width = `${share * 100}%`;
  const window = t("window", number(row.units), t(`unit_${row.unit}`), number(row.seconds));
  return h("li", {},
    h("div", { class: "about" },
      h("span", { class: "name" }, row.name),
      h("span", { class: "more" }, window),
      row.refused ? h("span", { class: "tag bad" }, t("refused", number(row.refused))) : null,
      h("span", { class: "count" }, `${number(row.used)} / ${number(row.units)}`)),
    h("div", {
      class: "bar", role: "meter", "aria-valuemin": 0, "aria-valuemax": row.units,
      "aria-valuenow": row.used, "aria-label": row.name,
    }, fill));
}

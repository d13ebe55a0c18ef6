// Webhooks: the rules, and the posted events with the answers.

import { get, post, remove } from "./api.js";
import { announce, arrows, field, form, h, pretty, show } from "./dom.js";
import { latest } from "./loading.js";
import { number, t, time } from "./text.js";

const SHOWN = 200;

export default function webhooks() {
  const rules = h("ul", { class: "rows rules" });
  const noRules = h("p", { class: "empty", hidden: true }, t("noRules"));
  const suspended = h("p", { class: "notice bad", role: "alert", hidden: true });
  const list = arrows(h("ul", { class: "rows posted", "aria-label": t("deliveries") }));
  const empty = h("p", { class: "empty", hidden: true }, t("noDeliveries"));
  let posted = [];

  const ask = () => Promise.all([get("webhooks"), get("clock")]);
  const reload = latest(ask, ([answer, clock]) => {
    show(rules, answer.rules, (rule) => `${rule.url} ${rule.before_delivery}`, ruleRow);
    noRules.hidden = answer.rules.length > 0;
    suspended.hidden = !(answer.suspended_until > clock.now);
    suspended.textContent = t("suspendedUntil", time(answer.suspended_until));
    posted = answer.posted.slice(0, SHOWN);
    draw();
  });

  function draw() {
    show(list, posted, (row) => row.number, postedRow);
    empty.hidden = posted.length > 0;
  }

  const url = h("input", { type: "url", required: true, placeholder: "http://127.0.0.1:8080/" });
  const secret = h("input", { required: true, autocomplete: "off", value: "secret" });
  const before = h("input", { type: "checkbox" });
  const deliver = h("input", { type: "checkbox", checked: true });
  const adding = form({ class: "stack" }, async () => {
    await post("webhooks", {
      url: url.value,
      secret: secret.value,
      before_delivery: before.checked,
      deliver_on_failure: deliver.checked,
    });
    url.value = "";
    reload();
    return t("ruleAdded");
  },
    field(t("url"), url), field(t("secret"), secret),
    h("label", { class: "check" }, before, h("span", {}, t("beforeDelivery"))),
    h("label", { class: "check" }, deliver, h("span", {}, t("deliverOnFailure"))),
    h("button", {}, t("addRule")));
  const clearing = form({}, async () => {
    await remove("webhooks");
    reload();
    return t("rulesRemoved");
  }, h("button", { class: "quiet" }, t("removeRules")));

  reload();
  return {
    element: h("div", {},
      h("h2", {}, t("webhooks")), suspended,
      h("div", { class: "columns" },
        h("section", { class: "panel" }, h("h3", {}, t("rules")), noRules, rules, clearing),
        h("section", { class: "panel" }, h("h3", {}, t("newRule")), adding)),
      h("h3", {}, t("deliveries")), empty, list),
    reload,
    live(batch) {
      if (!batch.webhook) return;
      announce(t("newDeliveries", batch.webhook.length));
      reload();
    },
  };
}

function ruleRow(rule) {
  return h("li", {},
    h("code", {}, rule.url),
    h("span", { class: "tag" }, rule.before_delivery ? t("beforeDelivery") : t("afterDelivery")),
    rule.before_delivery ? h("span", { class: "more" },
      rule.deliver_on_failure ? t("deliverOnFailure") : t("dropOnFailure"),
      ` · ${t("ms", number(rule.wait * 1000))}`) : null);
}

function postedRow(row) {
  const code = (status) => h("span", { class: `code s${String(status)[0]}` },
    status ?? t("noAnswer"));
  return h("li", {}, h("details", {},
    h("summary", { "data-stop": true, tabindex: -1 },
      h("time", {}, time(row.time)),
      h("span", { class: "tag" }, row.kind),
      h("span", { class: "said" }, row.url),
      ...(row.statuses.length ? row.statuses.map(code)
        : [h("span", { class: "tag bad" }, t("suspended"))]),
      row.statuses.length > 1 ? h("span", { class: "more" }, t("retried")) : null),
    h("div", { class: "pair" },
      h("div", {}, h("h4", {}, t("event")), h("pre", {}, pretty(row.event))),
      h("div", {}, h("h4", {}, t("answer")), h("pre", {}, row.answer ? pretty(row.answer) : "–"))),
  ));
}

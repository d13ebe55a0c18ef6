// The overview: counts, health, apps and how to connect.

import { get } from "./api.js";
import { h } from "./dom.js";
import { latest, seldom } from "./loading.js";
import { number, t, time } from "./text.js";

const COUNTS = [
  ["users", "users"],
  ["online", "users"],
  ["groups", "groups"],
  ["rooms", "rooms"],
  ["messages", "users"],
  ["requests", "requests"],
  ["refusals", "requests"],
  ["tokens", "faults"],
];

export default function overview() {
  const cards = h("div", { class: "cards" });
  const health = h("dl");
  const variables = h("pre", { tabindex: 0, "aria-label": t("connect") });
  const copied = h("output", { class: "result", role: "status" });
  const first = h("p", { class: "hint", hidden: true }, t("firstSteps"));

  const reload = latest(
    () => Promise.all([get("state"), get("health")]),
    ([state, about]) => {
      cards.replaceChildren(
        ...COUNTS.map(([name, part]) => card(t(`count_${name}`), state[name], part)),
        card(t("count_posted"), state.webhooks.posted, "webhooks"),
      );
      health.replaceChildren(
        h("dt", {}, t("health")),
        h("dd", {}, h("span", { class: "dot on" }), ` ${t("healthy")}`),
        h("dt", {}, t("version")), h("dd", {}, about.version),
        h("dt", {}, t("started")), h("dd", {}, time(about.started)),
        h("dt", {}, t("now")), h("dd", {}, time(about.now)),
        h("dt", {}, t("apps")), h("dd", {}, about.apps.join(", ")),
      );
      variables.textContent = Object.entries({
        EASEMOB_BASE_URL: location.origin,
        EASEMOB_APP_KEY: state.app,
        EASEMOB_CLIENT_ID: state.client_id,
        EASEMOB_CLIENT_SECRET: state.client_secret,
      }).map(([name, value]) => `export ${name}=${quoted(value)}`).join("\n");
      first.hidden = state.users > 0;
    },
  );

  async function copy() {
    try {
      await navigator.clipboard.writeText(variables.textContent);
      copied.textContent = t("copied");
    } catch {
      getSelection().selectAllChildren(variables);
      copied.textContent = t("selected");
    }
  }

  reload();
  return {
    element: h("div", {},
      h("h2", {}, t("overview")), first, cards,
      h("div", { class: "columns" },
        h("section", { class: "panel" }, h("h3", {}, t("connect")), h("p", {}, t("connectWith")),
          variables,
          h("div", { class: "row" }, h("button", { type: "button", onclick: copy }, t("copy")),
            copied)),
        h("section", { class: "panel" }, h("h3", {}, t("theEmulator")), health))),
    reload,
    live: seldom(reload),
  };
}

function card(label, value, part) {
  return h("a", { class: "card", href: `#${part}` },
    h("strong", {}, number(value)), h("span", {}, label));
}

// As a shell takes it.
function quoted(value) {
  return /^[\w./:-]+$/.test(value) ? value : `'${value.replaceAll("'", "'\\''")}'`;
}

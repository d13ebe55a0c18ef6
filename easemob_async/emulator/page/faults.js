// Faults and the clock: requests that fail on purpose, time, tokens, and starting anew.

import { get, post, put, remove } from "./api.js";
import { field, form, h, show } from "./dom.js";
import { latest } from "./loading.js";
import { t } from "./text.js";

const STEPS = [["minute", 60], ["hour", 3600], ["day", 86_400], ["days60", 5_184_000]];

export default function faults() {
  const parts = [ordered(), clock(), tokens(), anew()];
  const reload = () => parts.forEach((part) => part.reload?.());
  reload();
  return {
    element: h("div", {}, h("h2", {}, t("faults")),
      h("div", { class: "columns" }, ...parts.map((part) => part.element))),
    reload,
    live(batch) {
      if (batch.request) parts[0].reload();
      if (batch.reset) reload();
    },
  };
}

function ordered() {
  const list = h("ul", { class: "rows faults" });
  const empty = h("p", { class: "empty", hidden: true }, t("noFaults"));
  const reload = latest(() => get("faults"), (answer) => {
    show(list, answer.faults.map((fault, at) => ({ ...fault, at })), (row) => row.at, (fault) =>
      h("li", {},
        h("span", { class: "method" }, fault.method === "*" ? t("anyMethod") : fault.method),
        h("code", {}, fault.path),
        h("span", { class: `code s${String(fault.status)[0]}` }, fault.status ?? t("closed")),
        h("span", { class: "more" }, t("timesLeft", fault.times),
          fault.processed ? ` · ${t("processed")}` : ""),
        fault.body ? h("code", {}, typeof fault.body === "string" ? fault.body
          : JSON.stringify(fault.body)) : null));
    empty.hidden = answer.faults.length > 0;
  });

  const method = h("select", {}, ...["*", "GET", "POST", "PUT", "DELETE"].map((name) =>
    h("option", { value: name }, name === "*" ? t("anyMethod") : name)));
  const path = h("input", { required: true, value: "/", autocomplete: "off" });
  const status = h("input", { type: "number", min: 200, max: 599, value: "503" });
  const body = h("textarea", { rows: 2, spellcheck: "false" });
  const times = h("input", { type: "number", min: 1, value: "1", required: true });
  const processed = h("input", { type: "checkbox" });
  const adding = form({ class: "stack" }, async () => {
    await post("faults", {
      method: method.value,
      path: path.value,
      status: status.value ? Number(status.value) : null,
      times: Number(times.value),
      processed: processed.checked,
      ...(body.value.trim() ? { body: content(body.value) } : {}),
    });
    reload();
    return t("faultAdded");
  },
    h("div", { class: "grid" }, field(t("method"), method), field(t("pathBegins"), path),
      field(t("statusOrNone"), status), field(t("times"), times)),
    field(t("faultBody"), body),
    h("label", { class: "check" }, processed, h("span", {}, t("processed"))),
    h("button", {}, t("addFault")));
  const clearing = form({}, async () => {
    await remove("faults");
    reload();
    return t("faultsCleared");
  }, h("button", { class: "quiet" }, t("clearFaults")));
  return {
    element: h("section", { class: "panel tall" }, h("h3", {}, t("faultsOnly")),
      h("p", {}, t("faultsWhy")), empty, list, clearing, adding),
    reload,
  };
}

// JSON, if it is JSON; else the text.
function content(text) {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function clock() {
  const now = h("p", { class: "now" });
  const reload = latest(() => get("clock"), (answer) => {
    now.replaceChildren(h("time", {}, new Date(answer.now).toLocaleString("sv-SE")), " ",
      h("span", { class: answer.real ? "tag" : "tag warm" },
        answer.real ? t("realClock") : t("setClock")));
  });
  const step = ([name, seconds]) => form({}, async () => {
    await put("clock", { advance: seconds });
    reload();
  }, h("button", { class: "quiet" }, `+ ${t(name)}`));
  const real = form({}, async () => {
    await remove("clock");
    reload();
  }, h("button", { class: "quiet" }, t("backToReal")));
  return {
    element: h("section", { class: "panel" }, h("h3", {}, t("clock")), h("p", {}, t("clockWhy")),
      now, h("div", { class: "row" }, ...STEPS.map(step), real)),
    reload,
  };
}

function tokens() {
  const username = h("input", { autocomplete: "off" });
  return {
    element: h("section", { class: "panel" }, h("h3", {}, t("tokens")),
      form({ class: "inline" }, async () => {
        const name = username.value.trim();
        const answer = await post("tokens/expire", name ? { username: name } : {});
        return t("expired", answer.expired);
      }, field(t("userOrAll"), username), h("button", {}, t("expireTokens")))),
  };
}

function anew() {
  const done = h("output", { class: "result", role: "status" });
  const dialog = h("dialog", { "aria-labelledby": "reset-title" },
    h("h3", { id: "reset-title" }, t("resetSure")), h("p", {}, t("resetWhat")),
    h("div", { class: "row" },
      h("button", { type: "button", class: "quiet", autofocus: true,
        onclick: () => dialog.close() }, t("cancel")),
      h("button", { type: "button", class: "danger", onclick: reset }, t("reset"))));

  async function reset() {
    dialog.close();
    await remove("state");
    done.textContent = t("wasReset");
  }

  return {
    element: h("section", { class: "panel" },
      h("h3", {}, t("startAnew")), h("p", {}, t("resetWhat")),
      h("button", { type: "button", class: "danger", onclick: () => dialog.showModal() },
        t("resetMore")), done, dialog),
  };
}

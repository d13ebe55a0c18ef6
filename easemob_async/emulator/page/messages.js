// Messages: a row for each, and the mailbox of a user, a group or a room, live.

import { get } from "./api.js";
import { announce, arrows, h, pager, pretty, show } from "./dom.js";
import { latest } from "./loading.js";
import { number, t, time } from "./text.js";

const PAGE = 100;
const WINDOW = 200;

export function textOf(message) {
  const body = message.body ?? {};
  if (typeof body === "string") return body;
  return typeof body.msg === "string" ? body.msg : JSON.stringify(body);
}

function row(message) {
  return h("li", {}, h("details", {},
    h("summary", { "data-stop": true, tabindex: -1 },
      h("time", {}, time(message.timestamp)),
      h("span", { class: "who" }, `${message.from} → ${message.to}`),
      h("span", { class: "tag" }, t("chatType", message.chat_type)),
      message.type === "txt" ? null : h("span", { class: "tag" }, message.type),
      h("span", { class: "said" }, textOf(message)),
    ),
    h("pre", {}, pretty(message)),
  ));
}

// The mailbox of a target, the newest first. `path` is where it is read.
export function mailbox(path, target) {
  const list = arrows(h("ul", { class: "rows messages", "aria-label": t("messages") }));
  const empty = h("p", { class: "empty", hidden: true }, t("noMessages"));
  const pages = pager(t("newer"), t("older"), turn);
  let cursors = [null]; // of the pages up to this one
  let rows = [];
  let total = 0;
  let more = false; // whether there are older ones

  const reload = latest(
    () => get(path, { limit: PAGE + 1, before: cursors.at(-1) }),
    (answer) => {
      more = answer.messages.length > PAGE;
      rows = answer.messages.slice(-PAGE).toReversed();
      total = answer.total;
      draw();
    },
  );

  function draw() {
    show(list, rows, (message) => message.id, row);
    empty.hidden = rows.length > 0;
    pages.set(total ? t("newestOf", number(rows.length), number(total)) : "",
      cursors.length > 1, more);
  }

  function turn(step) {
    if (step < 0) cursors.pop();
    else cursors.push(rows.at(-1).id);
    reload();
  }

  reload();
  return {
    element: h("section", { class: "mailbox" }, h("h3", {}, t("messages")), empty, list,
      pages.element),
    reload,
    live(batch) {
      const known = new Set(rows.map((message) => message.id));
      const mine = (batch.message ?? [])
        .filter((event) => event.to === target && !known.has(event.message.id))
        .map((event) => event.message);
      if (!mine.length) return;
      total += mine.length;
      announce(t("newMessages", mine.length));
      if (cursors.length === 1) {
        const all = [...mine.toReversed(), ...rows];
        more ||= all.length > WINDOW;
        rows = all.slice(0, WINDOW);
      }
      draw();
    },
  };
}

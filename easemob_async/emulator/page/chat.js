// The chat: speak as a user, and see whether it was delivered.

import { get, post } from "./api.js";
import { announce, field, form, h, show } from "./dom.js";
import { latest, typed } from "./loading.js";
import { textOf } from "./messages.js";
import { t, time } from "./text.js";

const SHOWN = 100;
const OFFERED = 20;
const KINDS = {
  chat: { path: "users", stored: "users", offer: (user) => [user.username, user.nickname] },
  groupchat: { path: "groups", stored: "chatgroups", offer: (group) => [group.id, group.name] },
  chatroom: { path: "rooms", stored: "chatrooms", offer: (room) => [room.id, room.name] },
};

export default function chat(chosen) {
  const kind = h("select", { onchange: turn },
    ...Object.keys(KINDS).map((name) => h("option", { value: name }, t("chatType", name))));
  const sender = h("input", { required: true, autocomplete: "off", list: "senders",
    value: chosen ?? "" });
  const target = h("input", { required: true, autocomplete: "off", list: "targets" });
  const senders = h("datalist", { id: "senders" });
  const targets = h("datalist", { id: "targets" });
  const text = h("textarea", { required: true, rows: 2, onkeydown: enter });
  const log = h("ol", { class: "talk", role: "log", "aria-label": t("talk"), tabindex: 0 });
  const empty = h("p", { class: "empty" }, t("noTalk"));
  let messages = []; // of the mailboxes of both
  let refused = []; // by a callback or a word list; no mailbox has them
  let replaced = new Map(); // message id to the text as it was written

  const offer = (input, list, kindOf) => latest(
    () => get(KINDS[kindOf()].path, { limit: OFFERED, q: input.value.trim() }),
    (answer) => {
      const { path, offer: names } = KINDS[kindOf()];
      list.replaceChildren(...answer[path].map((row) => {
        const [value, label] = names(row);
        return h("option", { value }, label ?? "");
      }));
    });
  const offerSenders = offer(sender, senders, () => "chat");
  const offerTargets = offer(target, targets, () => kind.value);
  const again = typed(reload);
  sender.addEventListener("input", () => { offerSenders(); again(); });
  target.addEventListener("input", () => { offerTargets(); again(); });

  const read = latest(
    (from, to) => Promise.all(boxes(kind.value, from, to).map((box) =>
      get(`${box}/messages`, { limit: SHOWN }).catch(() => ({ messages: [] })))),
    (answers) => {
      messages = answers.flatMap((answer) => answer.messages).filter(ours);
      draw();
    },
  );

  function ours(message) {
    const [from, to] = [sender.value.trim(), target.value.trim()];
    if (message.chat_type !== KINDS[kind.value].stored) return false;
    if (kind.value !== "chat") return message.to === to;
    return (message.from === from && message.to === to) ||
      (message.from === to && message.to === from);
  }

  function reload() {
    const [from, to] = [sender.value.trim(), target.value.trim()];
    if (from && to) {
      read(from, to);
    } else {
      messages = [];
      draw();
    }
  }

  function turn() {
    target.value = "";
    offerTargets();
    reload();
  }

  function draw() {
    const all = [...messages, ...refused.filter(ours)];
    const once = new Map(all.map((message) => [message.id, message]));
    const rows = [...once.values()].sort((a, b) => a.timestamp - b.timestamp).slice(-SHOWN)
      .map((message) => ({
        ...message,
        mine: message.from === sender.value.trim(),
        written: replaced.get(message.id),
      }));
    const atEnd = log.scrollTop + log.clientHeight >= log.scrollHeight - 40;
    show(log, rows, (message) => message.id, bubble);
    if (atEnd) log.scrollTop = log.scrollHeight;
    empty.hidden = rows.length > 0;
    log.hidden = rows.length === 0;
  }

  const sending = form({ class: "stack" }, async () => {
    const [from, to, words] = [sender.value.trim(), target.value.trim(), text.value];
    const said = await post("say", {
      sender: from, target: to, body: words, chat_type: kind.value,
    });
    text.value = "";
    if (!said.delivered) {
      refused.push({
        id: said.message_id, from, to, chat_type: KINDS[kind.value].stored, type: "txt",
        body: { msg: words }, code: said.code,
        timestamp: Math.max(Date.now(), ...messages.map((message) => message.timestamp)),
      });
      refused = refused.slice(-SHOWN);
    } else if (said.body) {
      replaced.set(said.message_id, words);
    }
    reload();
    log.scrollTop = log.scrollHeight;
    if (!said.delivered) return t("wasRefused", said.code);
    return said.body ? t("wasReplaced", textOf(said)) : t("wasDelivered");
  },
    h("div", { class: "grid" }, field(t("sender"), sender), field(t("kind"), kind),
      field(t("target"), target)),
    senders, targets, field(t("text"), text),
    h("button", {}, t("send")));

  // Enter sends, Shift+Enter begins a line; an input method that is at work keeps its Enter.
  function enter(event) {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    sending.requestSubmit();
  }

  offerSenders();
  offerTargets();
  reload();
  return {
    element: h("div", { class: "chat" }, h("h2", {}, t("chat")), h("p", {}, t("chatWhy")),
      empty, log, sending),
    reload,
    live(batch) {
      const known = new Set(messages.map((message) => message.id));
      const fresh = (batch.message ?? []).map((event) => event.message)
        .filter((message) => ours(message) && !known.has(message.id));
      if (!fresh.length) return;
      messages = [...messages, ...fresh].slice(-2 * SHOWN);
      announce(t("newMessages", fresh.length));
      draw();
    },
  };
}

// Where the messages of a conversation are kept.
function boxes(kind, from, to) {
  const path = (name, id) => `${name}/${encodeURIComponent(id)}`;
  return kind === "chat" ? [path("users", from), path("users", to)] : [path(KINDS[kind].path, to)];
}

function bubble(message) {
  const kind = message.code === undefined ? "" : " refused";
  return h("li", { class: (message.mine ? "mine" : "theirs") + kind },
    h("div", { class: "who" }, message.from, " ", h("time", {}, time(message.timestamp))),
    h("div", { class: "said" }, textOf(message)),
    message.code === undefined ? null
      : h("div", { class: "code-line" }, t("wasRefused", message.code)),
    message.written === undefined ? null
      : h("div", { class: "code-line" }, t("wrote", message.written)));
}

// Users: the list, and one of them with devices, mailbox and pushes.

import { get, post, put, remove } from "./api.js";
import { field, form, h, pretty } from "./dom.js";
import { listing } from "./listing.js";
import { latest, seldom } from "./loading.js";
import { mailbox } from "./messages.js";
import { number, t, time } from "./text.js";

const MOST = 1000;
const PUSHES = 100;

export default function users(chosen) {
  return listing({ kind: "users", key: (one) => one.username, content, detail: user, adding },
    chosen);
}

function adding(added) {
  const name = h("input", { required: true, autocomplete: "off" });
  return form({ class: "inline" }, async () => {
    const answer = await post("users", { username: name.value.trim() });
    name.value = "";
    added();
    return t("added", answer.username);
  }, field(t("newUser"), name), h("button", {}, t("add")));
}

function content(user) {
  return [
    dot(user.online),
    h("span", { class: "name" }, user.username),
    user.nickname ? h("span", { class: "more" }, user.nickname) : null,
    user.activated ? null : h("span", { class: "tag bad" }, t("banned")),
    h("span", { class: "count", title: t("received") }, `↓ ${number(user.received)}`),
    user.pushed ? h("span", { class: "count", title: t("pushed") }, `⚑ ${number(user.pushed)}`)
      : null,
  ];
}

function dot(online) {
  return h("span", {
    class: online ? "dot on" : "dot",
    role: "img",
    "aria-label": online ? t("online") : t("offline"),
    title: online ? t("online") : t("offline"),
  });
}

// One user, among all whose names contain that name.
async function find(username) {
  for (let offset = 0; ; offset += MOST) {
    const answer = await get("users", { limit: MOST, offset, q: username });
    const found = answer.users.find((other) => other.username === username);
    if (found || offset + MOST >= answer.total) return found;
  }
}

// A user's own part.
function user(username) {
  const path = `users/${encodeURIComponent(username)}`;
  const facts = h("div", { class: "facts" });
  const box = mailbox(`${path}/messages`, username);
  const pushes = h("pre");
  const opened = h("details", { class: "pushes", ontoggle: readPushes },
    h("summary", {}, t("pushes")), pushes);
  const device = h("input", { value: "web_1", required: true, autocomplete: "off" });

  const reload = latest(
    () => find(username),
    (found) => {
      if (!found) {
        facts.replaceChildren(h("p", { class: "empty" }, t("noSuchUser")));
        return;
      }
      const devices = Object.entries(found.devices).map(([id, label]) => `${id} (${label})`);
      facts.replaceChildren(h("dl", {},
        h("dt", {}, t("state")),
        h("dd", {}, dot(found.online), " ", found.online ? t("online") : t("offline"),
          found.activated ? null : h("span", { class: "tag bad" }, t("banned"))),
        h("dt", {}, t("devices")), h("dd", {}, devices.join(", ") || "–"),
        h("dt", {}, t("nickname")), h("dd", {}, found.nickname || "–"),
        h("dt", {}, t("created")), h("dd", {}, time(found.created)),
        h("dt", {}, t("received")), h("dd", {}, number(found.received)),
        h("dt", {}, t("pushed")), h("dd", {}, number(found.pushed)),
      ));
    },
  );

  async function readPushes() {
    if (!opened.open) return;
    const answer = await get(`${path}/pushes`);
    pushes.textContent = answer.pushes.length
      ? pretty(answer.pushes.toReversed().slice(0, PUSHES)) : t("noPushes");
  }

  const act = (work) => async () => {
    const words = await work();
    reload();
    return words;
  };
  const logIn = form({ class: "inline" }, act(async () => {
    await put(`${path}/online`, { device_id: device.value.trim() });
    return t("loggedIn");
  }), field(t("device"), device), h("button", {}, t("logIn")));
  const others = h("div", { class: "row" },
    form({}, act(async () => {
      await remove(`${path}/online`);
      return t("loggedOut");
    }), h("button", { class: "quiet" }, t("logOut"))),
    form({}, async () => {
      const answer = await post("tokens/expire", { username });
      return t("expired", answer.expired);
    }, h("button", { class: "quiet" }, t("expireTokensOf"))),
    h("a", { class: "button quiet", href: `#chat/${encodeURIComponent(username)}` },
      t("speakAs")));
  const soon = seldom(reload);
  reload();
  return {
    element: h("section", { class: "detail", "aria-label": username },
      h("a", { class: "up", href: "#users" }, `← ${t("users")}`),
      h("h2", {}, username), facts, logIn, others, box.element, opened),
    reload() {
      reload();
      box.reload();
    },
    live(batch, changed) {
      if (changed || batch.message?.some((event) => event.to === username)) soon();
      box.live(batch);
    },
  };
}

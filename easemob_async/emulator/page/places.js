// Groups and rooms: the list, and one of them with members and messages.

import { get } from "./api.js";
import { h, pretty } from "./dom.js";
import { listing } from "./listing.js";
import { latest, seldom } from "./loading.js";
import { mailbox } from "./messages.js";
import { number, t, time } from "./text.js";

const MEMBERS = 200;

export const groups = (chosen) => places("groups", chosen);
export const rooms = (chosen) => places("rooms", chosen);

function places(kind, chosen) {
  const detail = (id) => place(kind, id);
  return listing({ kind, key: (one) => one.id, content, detail }, chosen);
}

function marks(place) {
  return [
    place.disabled ? h("span", { class: "tag bad" }, t("banned")) : null,
    place.muted ? h("span", { class: "tag" }, t("muted")) : null,
  ];
}

function content(place) {
  return [
    h("span", { class: "name" }, place.name || place.id),
    h("span", { class: "more" }, place.id),
    ...marks(place),
    h("span", { class: "count" }, t("membersCount", place.members)),
    h("span", { class: "count", title: t("received") }, `↓ ${number(place.received)}`),
  ];
}

function place(kind, id) {
  const path = `${kind}/${encodeURIComponent(id)}`;
  const title = h("h2", {}, id);
  const facts = h("div", { class: "facts" });
  const box = mailbox(`${path}/messages`, id);

  const reload = latest(() => get(path), (found) => {
    const names = [...found.usernames].sort();
    const role = (name) => {
      if (name === found.owner) return t("owner");
      return found.admins.includes(name) ? t("admin") : null;
    };
    title.textContent = found.name || id;
    facts.replaceChildren(
      h("dl", {},
        h("dt", {}, "ID"), h("dd", {}, id, ...marks(found)),
        h("dt", {}, t("ownedBy")), h("dd", {}, found.owner),
        h("dt", {}, t("created")), h("dd", {}, time(found.created)),
        h("dt", {}, t("received")), h("dd", {}, number(found.received)),
      ),
      h("h3", {}, `${t("members")} (${number(names.length)})`),
      h("ul", { class: "chips" },
        ...names.slice(0, MEMBERS).map((name) =>
          h("li", {},
            h("a", { href: `#users/${encodeURIComponent(name)}` }, name,
              role(name) ? h("small", {}, ` ${role(name)}`) : null))),
        names.length > MEMBERS
          ? h("li", { class: "more" }, t("andMore", number(names.length - MEMBERS))) : null),
      h("details", {}, h("summary", {}, t("settings")), h("pre", {}, pretty(found.settings))),
    );
  });

  const soon = seldom(reload);
  reload();
  return {
    element: h("section", { class: "detail", "aria-label": id },
      h("a", { class: "up", href: `#${kind}` }, `← ${t(kind)}`), title, facts, box.element),
    reload() {
      reload();
      box.reload();
    },
    live(batch, changed) {
      if (changed || batch.message?.some((event) => event.to === id)) soon();
      box.live(batch);
    },
  };
}

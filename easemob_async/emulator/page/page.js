// The page: its parts, the address, the language and the events.

import { follow, get, setApp, Unreachable } from "./api.js";
import chat from "./chat.js";
import { announce, h, icon, news } from "./dom.js";
import faults from "./faults.js";
import overview from "./overview.js";
import { groups, rooms } from "./places.js";
import quotas from "./quotas.js";
import requests from "./requests.js";
import { language, setLanguage, t } from "./text.js";
import users from "./users.js";
import webhooks from "./webhooks.js";

const PARTS = { overview, users, groups, rooms, chat, requests, webhooks, quotas, faults };

let name;
let part;
let end;
const main = h("main", { id: "main", tabindex: -1 });
const gone = h("div", { class: "banner", role: "alert", hidden: true });
const problem = h("div", { class: "banner", role: "alert", hidden: true });
const state = h("span", { class: "live" });
const apps = h("select", { onchange: changeApp });
const appField = h("label", { class: "app", hidden: true });

function where() {
  const [first, ...rest] = location.hash.slice(1).split("/");
  let argument;
  try {
    argument = decodeURIComponent(rest.join("/")) || undefined;
  } catch {
    // Not an address that the page has made.
  }
  return [Object.hasOwn(PARTS, first) ? first : "overview", argument];
}

function draw() {
  document.documentElement.lang = language === "zh" ? "zh-CN" : "en";
  document.title = t("title");
  appField.replaceChildren(h("span", { class: "unseen" }, t("app")), apps);
  const links = Object.keys(PARTS).map((part) =>
    h("li", {}, h("a", { href: `#${part}`, "data-part": part },
      icon(part), h("span", {}, t(part)))));
  const nav = h("nav", { "aria-label": t("parts"), onkeydown: walk }, h("ul", {}, ...links));
  const other = language === "zh" ? "en" : "zh";
  document.body.replaceChildren(
    h("a", { class: "skip", href: "#main", onclick: skip }, t("skip")),
    h("header", {}, h("h1", {}, t("title")), state, appField,
      h("button", {
        type: "button", id: "language", class: "quiet", lang: other === "zh" ? "zh-CN" : "en",
        onclick: () => turn(other),
      }, other === "zh" ? "中文" : "English")),
    gone, problem, nav, main, news,
  );
  connection(gone.hidden);
  go();
}

function turn(other) {
  setLanguage(other);
  name = undefined;
  draw();
  document.getElementById("language").focus();
}

function skip(event) {
  event.preventDefault();
  main.focus();
}

// The arrow keys move along the parts.
function walk(event) {
  const links = [...event.currentTarget.querySelectorAll("a")];
  const at = links.indexOf(document.activeElement);
  const to = {
    ArrowDown: at + 1, ArrowRight: at + 1, ArrowUp: at - 1, ArrowLeft: at - 1,
    Home: 0, End: links.length - 1,
  }[event.key];
  if (to === undefined || at < 0) return;
  event.preventDefault();
  links[(to + links.length) % links.length].focus();
}

function go() {
  const [wanted, argument] = where();
  problem.hidden = true;
  if (wanted === name && part.choose) {
    part.choose(argument);
    return;
  }
  part?.close?.();
  name = wanted;
  part = PARTS[name](argument);
  main.replaceChildren(part.element);
  for (const link of document.querySelectorAll("nav a")) {
    if (link.dataset.part === name) {
      link.setAttribute("aria-current", "page");
      link.scrollIntoView({ block: "nearest", inline: "nearest" });
    } else {
      link.removeAttribute("aria-current");
    }
  }
}

function connection(fine) {
  gone.hidden = fine;
  gone.textContent = t("gone");
  state.className = fine ? "live on" : "live";
  state.textContent = fine ? t("live") : t("notLive");
}

function listen() {
  end?.();
  end = follow({
    some(batch) {
      if (batch.reset || batch.lost) part.reload();
      if (batch.lost) announce(t("lost"));
      part.live?.(batch);
    },
    gone: () => connection(false),
    back(again) {
      connection(true);
      if (again) {
        readApps();
        part.reload();
      }
    },
  });
}

async function readApps() {
  const about = await get("health");
  apps.replaceChildren(...about.apps.map((key) => h("option", { value: key }, key)));
  appField.hidden = about.apps.length < 2;
}

function changeApp() {
  setApp(apps.value);
  name = undefined;
  history.replaceState(null, "", `#${where()[0]}`);
  go();
  listen();
}

addEventListener("hashchange", go);
addEventListener("unhandledrejection", (event) => {
  event.preventDefault();
  if (event.reason instanceof Unreachable) return; // the other banner says it
  problem.textContent = t("problem", event.reason?.message ?? String(event.reason));
  problem.hidden = false;
});
draw();
readApps();
listen();

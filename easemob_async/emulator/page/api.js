// The control paths of the emulator, and its events.

import { t } from "./text.js";

const query = new URLSearchParams(location.search);
const key = query.get("key");

let app = query.get("app");

export function setApp(name) {
  app = name;
}

function url(path, params = {}) {
  const address = new URL(path, location.href.split(/[?#]/)[0]);
  for (const [name, value] of Object.entries({ ...params, app, key })) {
    if (value !== null && value !== undefined && value !== "") {
      address.searchParams.set(name, value);
    }
  }
  return address;
}

export class Unreachable extends Error {}

async function request(method, path, params, body) {
  const options = { method, cache: "no-store" };
  if (body !== undefined) {
    options.body = JSON.stringify(body);
    options.headers = { "Content-Type": "application/json" };
  }
  const answer = await fetch(url(path, params), options).catch(() => {
    throw new Unreachable(t("gone"));
  });
  const text = await answer.text();
  let fields;
  try {
    fields = JSON.parse(text);
  } catch {
    throw new Error(`${answer.status} ${answer.statusText}`);
  }
  if (!answer.ok) throw new Error(fields.error ?? `${answer.status} ${answer.statusText}`);
  return fields;
}

export const get = (path, params) => request("GET", path, params);
export const post = (path, body, params) => request("POST", path, params, body);
export const put = (path, body) => request("PUT", path, {}, body);
export const remove = (path) => request("DELETE", path);

const KINDS = ["request", "message", "webhook", "change", "reset", "lost"];
const KEPT = 1000; // of each kind in a round; the oldest are left out
const ROUND = 250;
const AGAIN = 1000;

// Follow the events: `some` gets those of a quarter of a second, by kind; `gone` and `back`
// tell of the connection. The answer ends it.
export function follow({ some, gone, back }) {
  let source, timer, round;
  let waiting = {};
  let lost = false;

  function hand() {
    round = undefined;
    const batch = waiting;
    waiting = {};
    some(batch);
  }

  function open() {
    source = new EventSource(url("events"));
    source.onopen = () => {
      back(lost);
      lost = false;
    };
    source.onerror = () => {
      source.close();
      lost = true;
      gone();
      timer = setTimeout(open, AGAIN);
    };
    for (const kind of KINDS) {
      source.addEventListener(kind, (event) => {
        const rows = (waiting[kind] ??= []);
        rows.push(JSON.parse(event.data));
        if (rows.length > KEPT) rows.shift();
        round ??= setTimeout(hand, ROUND);
      });
    }
  }

  open();
  return () => {
    clearTimeout(timer);
    clearTimeout(round);
    source.close();
  };
}

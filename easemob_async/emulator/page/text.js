// The texts of the page in the chosen language, and numbers and times as that language writes them.

import en from "./en.js";
import zh from "./zh.js";

const LANGUAGES = { en, zh };
const STORED = "easemob-emulator-language";

export let language = chosen();

function chosen() {
  let stored = null;
  try {
    stored = localStorage.getItem(STORED);
  } catch {
    // Storage may be switched off; the browser's language is used then.
  }
  if (stored in LANGUAGES) return stored;
  return navigator.language.toLowerCase().startsWith("zh") ? "zh" : "en";
}

export function setLanguage(name) {
  language = name;
  try {
    localStorage.setItem(STORED, name);
  } catch {
    // Without storage the choice lasts as long as the page.
  }
}

// The text of a name; what it tells of goes into the function behind the name.
export function t(name, ...values) {
  const text = LANGUAGES[language][name];
  return typeof text === "function" ? text(...values) : text;
}

export function number(value) {
  return new Intl.NumberFormat(language).format(value);
}

export function time(milliseconds) {
  if (!milliseconds) return "–";
  const then = new Date(milliseconds);
  const clock = then.toLocaleTimeString("en-GB");
  return then.toDateString() === new Date().toDateString() ? clock : `${date(then)} ${clock}`;
}

function date(then) {
  const two = (part) => String(part).padStart(2, "0");
  return `${then.getFullYear()}-${two(then.getMonth() + 1)}-${two(then.getDate())}`;
}

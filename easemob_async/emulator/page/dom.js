// Elements made of data. Data becomes text nodes and attributes, never markup.

const SVG = "http://www.w3.org/2000/svg";

// h("button", { class: "quiet", onclick: send }, "Send"): an element with children and texts.
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "value" || name === "checked") element[name] = value;
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return element;
}

const ICONS = {
  overview: "M3 3h6v6H3z M11 3h6v4h-6z M11 9h6v8h-6z M3 11h6v6H3z",
  users: "M10 10a3.5 3.5 0 1 0 0-7a3.5 3.5 0 0 0 0 7z M3 17c.6-3.4 3.4-5 7-5s6.4 1.6 7 5",
  groups: "M7 9.5a3 3 0 1 0 0-6a3 3 0 0 0 0 6z M1.5 16.5c.4-3 2.6-4.5 5.5-4.5s5.1 1.5 5.5 4.5 "
    + "M13 9.5a3 3 0 0 0 0-6 M14.5 12.2c2.2.4 3.7 1.8 4 4.3",
  rooms: "M3 17V4l8-1.5V17 M11 5h6v12 M1.5 17h17 M8.5 10v1.5",
  chat: "M3 4h14v9.5H9.5L6 16.8v-3.3H3z M6.5 7.5h7 M6.5 10h4.5",
  requests: "M3 7h12 M12 4l3 3l-3 3 M17 13H5 M8 10l-3 3l3 3",
  webhooks: "M7 8a3.5 3.5 0 1 1 5 1.5l-1.5 3 "
    + "M7.5 15.5a3.5 3.5 0 1 1-3-5 M10 15h4a2.5 2.5 0 1 0-.5-4.5",
  quotas: "M3 15a7.5 7.5 0 1 1 14 0 M10 13l3.5-5",
  faults: "M11 2.5L4.5 11.5H10L9 17.5l6.5-9H10z",
};

export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  const path = document.createElementNS(SVG, "path");
  svg.setAttribute("viewBox", "0 0 20 20");
  svg.setAttribute("aria-hidden", "true");
  path.setAttribute("d", ICONS[name]);
  svg.append(path);
  return svg;
}

// Show rows in a container. A row that stays as it was keeps its element, and so its focus.
export function show(container, rows, key, make) {
  const old = new Map([...container.children].map((element) => [element.dataset.key, element]));
  const elements = rows.map((row) => {
    const found = old.get(String(key(row)));
    const content = JSON.stringify(row);
    if (found?.shown === content) return found;
    const element = make(row);
    element.dataset.key = key(row);
    element.shown = content;
    return element;
  });
  const focused = container.contains(document.activeElement) && document.activeElement;
  const place = focused && focused.closest("[data-key]")?.dataset.key;
  if (elements.some((element, at) => container.children[at] !== element)) {
    const top = container.scrollTop;
    container.replaceChildren(...elements);
    container.scrollTop = top;
  } else {
    while (container.children.length > elements.length) container.lastChild.remove();
  }
  if (place && !container.contains(document.activeElement)) {
    const again = elements.find((element) => element.dataset.key === place);
    again?.querySelector("button, a, summary")?.focus({ preventScroll: true });
  }
  oneStop(container);
}

// Arrow keys, Home and End move between the rows of a list; Tab leaves it.
const STOPS = "[data-stop]";

export function arrows(container) {
  container.addEventListener("keydown", (event) => {
    const stops = [...container.querySelectorAll(STOPS)];
    const at = stops.indexOf(document.activeElement);
    if (at < 0) return;
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: stops.length - 1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    stops[Math.min(Math.max(to, 0), stops.length - 1)].focus();
  });
  container.addEventListener("focusin", (event) => oneStop(container, event.target));
  return container;
}

function oneStop(container, wanted) {
  const stops = [...container.querySelectorAll(STOPS)];
  const now = stops.find((stop) => stop === wanted) ?? stops.find((stop) => stop.tabIndex === 0);
  for (const stop of stops) stop.tabIndex = stop === (now ?? stops[0]) ? 0 : -1;
}

export function field(label, input) {
  return h("label", { class: "field" }, h("span", {}, label), input);
}

// A form that sends with Enter, and says below it what came of it.
export function form(attributes, send, ...children) {
  const output = h("output", { class: "result", role: "status" });
  const element = h("form", attributes, ...children, output);
  element.addEventListener("submit", async (event) => {
    event.preventDefault();
    output.className = "result";
    output.textContent = "";
    try {
      output.textContent = (await send(element)) ?? "";
    } catch (error) {
      output.className = "result bad";
      output.textContent = error.message;
    }
  });
  return element;
}

// JSON with indents, if the text is JSON; the text, if it is not.
export function pretty(value) {
  if (typeof value !== "string") return JSON.stringify(value, null, 2);
  try {
    return JSON.stringify(JSON.parse(value), null, 2);
  } catch {
    return value;
  }
}

// Where screen readers hear of new rows.
export const news = h("div", { class: "unseen", role: "status", "aria-live": "polite" });

export function announce(text) {
  news.textContent = text;
}

// Buttons for the page before and the page after, with a text between them.
export function pager(before, after, turn) {
  const button = (text, step) =>
    h("button", {
      type: "button",
      class: "quiet",
      onclick: (event) => {
        if (event.currentTarget.ariaDisabled === "true") return;
        turn(step);
        element.parentElement.scrollIntoView({ block: "start" });
      },
    }, text);
  const [back, on] = [button(before, -1), button(after, 1)];
  const text = h("span", { class: "of" });
  const element = h("div", { class: "pager" }, back, text, on);
  return {
    element,
    set(words, hasBefore, hasAfter) {
      text.textContent = words;
      // Not `disabled`, which would drop the focus.
      back.ariaDisabled = String(!hasBefore);
      on.ariaDisabled = String(!hasAfter);
      element.hidden = !words;
    },
  };
}

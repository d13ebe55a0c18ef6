// A list with a search beside the part of the chosen one: users, groups and rooms.

import { get } from "./api.js";
import { announce, arrows, field, h, pager, show } from "./dom.js";
import { latest, seldom, typed } from "./loading.js";
import { number, t } from "./text.js";

const PAGE = 100;

// `kind` is the name of the path, of the list in its answer, of the part in the address and of the
// texts; `key` takes the name of a row, `content` makes its inside, `detail` the part of one.
export function listing({ kind, key, content, detail, adding }, chosen) {
  const list = arrows(h("ul", { class: "rows names", "aria-label": t(kind) }));
  const empty = h("p", { class: "empty", hidden: true });
  const search = h("input", { type: "search", autocomplete: "off", oninput: typed(first) });
  const pages = pager(t("back"), t("next"), (step) => {
    offset += step * PAGE;
    list.scrollTop = 0;
    reload();
  });
  const element = h("div", { class: "split" });
  const left = h("section", { class: "list" }, h("h2", {}, t(kind)), field(t("search"), search),
    adding?.(() => reload()), empty, list, pages.element);
  let offset = 0;
  let one;

  const reload = latest(
    () => get(kind, { limit: PAGE, offset, q: search.value.trim() }),
    (answer) => {
      const found = answer[kind];
      show(list, found, key, (row) => h("li", {}, h("a", {
        href: `#${kind}/${encodeURIComponent(key(row))}`, "data-stop": true, tabindex: -1,
      }, ...content(row))));
      mark();
      empty.hidden = found.length > 0;
      empty.textContent = search.value ? t("nothingFound") : t(`no_${kind}`);
      const [from, to] = [offset + 1, offset + found.length];
      const words = t("range", number(from), number(to), number(answer.total));
      pages.set(found.length ? words : "", offset > 0, to < answer.total);
    },
  );

  function first() {
    offset = 0;
    reload();
  }

  function mark() {
    for (const row of list.children) {
      const link = row.firstChild;
      if (row.dataset.key === chosen) link.setAttribute("aria-current", "true");
      else link.removeAttribute("aria-current");
    }
  }

  function choose(name) {
    chosen = name;
    one = name ? detail(name) : null;
    element.classList.toggle("one", Boolean(one));
    element.replaceChildren(left, one?.element ?? h("p", { class: "hint" }, t(`choose_${kind}`)));
    mark();
  }

  const soon = seldom(reload);
  choose(chosen);
  reload();
  return {
    element,
    choose,
    reload() {
      reload();
      one?.reload();
    },
    live(batch) {
      const changed = batch.change?.some((change) => change.what === kind);
      if (changed) announce(t(`changed_${kind}`));
      if (changed || batch.message) soon();
      one?.live(batch, changed);
    },
  };
}

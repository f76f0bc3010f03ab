// Suggestions for the SQL box: tables, columns (of the tables that are named first), and SQL's own words.
(function () {
  const KEYWORDS = "select from where group by order by limit join on left with as and or not null is in between like case when then else end count sum avg min max distinct having union all desc asc filter over partition date_trunc round".split(" ");
  const MOST = 8;
  let words = {};

  function suggestions(text, word) {
    const start = word.toLowerCase();
    const named = Object.keys(words).filter((table) => new RegExp("\\b" + table + "\\b").test(text));
    const columns = named.flatMap((table) => words[table].map((name) => [name, table]));
    const all = [
      ...columns,
      ...Object.keys(words).map((table) => [table, "table"]),
      ...(named.length ? [] : Object.entries(words).flatMap(([table, names]) => names.map((name) => [name, table]))),
      ...KEYWORDS.map((keyword) => [keyword, "SQL"]),
    ];
    const seen = new Set();
    return all.filter(([name]) => name.toLowerCase().startsWith(start) && name !== word && !seen.has(name) && seen.add(name)).slice(0, MOST);
  }

  function wordBefore(box) {
    return /[A-Za-z_][A-Za-z0-9_]*$/.exec(box.value.slice(0, box.selectionStart))?.[0] || "";
  }

  // Where the caret is, for a box whose letters are equally wide.
  function placed(box, list) {
    const style = getComputedStyle(box);
    const pen = document.createElement("canvas").getContext("2d");
    pen.font = style.font;
    const rows = box.value.slice(0, box.selectionStart).split("\n");
    const left = parseFloat(style.paddingLeft) + rows.at(-1).length * pen.measureText("m").width;
    const line = parseFloat(style.lineHeight);
    const top = box.offsetTop + parseFloat(style.paddingTop) + rows.length * line - box.scrollTop;
    list.style.left = Math.min(left, Math.max(0, box.clientWidth - 260)) + "px";
    list.style.top = Math.min(top + 4, box.offsetTop + box.clientHeight + 2) + "px";
  }

  function connect(box) {
    const list = document.createElement("ul");
    Object.assign(list, { id: "sql-suggestions", className: "zip-suggestions", hidden: true });
    list.setAttribute("role", "listbox");
    list.setAttribute("aria-label", "Suggestions");
    const status = document.createElement("div");
    status.className = "zip-unseen";
    status.setAttribute("role", "status");
    box.after(list, status);
    box.setAttribute("aria-autocomplete", "list");
    box.setAttribute("autocomplete", "off");
    let shown = [], chosen = 0;

    function close() {
      shown = [];
      list.hidden = true;
      status.textContent = "";
      box.removeAttribute("aria-controls");
      box.removeAttribute("aria-activedescendant");
    }
    function mark() {
      [...list.children].forEach((item, at) => item.setAttribute("aria-selected", String(at === chosen)));
      box.setAttribute("aria-activedescendant", "sql-suggestion-" + chosen);
    }
    function open() {
      const word = wordBefore(box);
      shown = word.length > 0 ? suggestions(box.value, word) : [];
      if (!shown.length) return close();
      list.replaceChildren(...shown.map(([name, from], at) => {
        const item = document.createElement("li");
        item.id = "sql-suggestion-" + at;
        item.setAttribute("role", "option");
        const origin = document.createElement("span");
        origin.textContent = from;
        item.append(name, origin);
        item.addEventListener("pointerdown", (event) => { event.preventDefault(); chosen = at; take(); });
        return item;
      }));
      chosen = 0;
      list.hidden = false;
      box.setAttribute("aria-controls", list.id);
      status.textContent = shown.length + " suggestions, first: " + shown[0][0];
      placed(box, list);
      mark();
    }
    function take() {
      const start = box.selectionStart - wordBefore(box).length;
      const name = shown[chosen][0];
      const text = box.value.slice(0, start) + name + box.value.slice(box.selectionStart);
      close();
      // The page keeps the text itself: it has to hear of the change as of typing.
      Object.getOwnPropertyDescriptor(HTMLTextAreaElement.prototype, "value").set.call(box, text);
      box.dispatchEvent(new Event("input", { bubbles: true }));
      requestAnimationFrame(() => { box.setSelectionRange(start + name.length, start + name.length); close(); });
    }
    box.addEventListener("input", (event) => (event.isTrusted ? open() : close()));
    box.addEventListener("blur", close);
    box.addEventListener("keydown", (event) => {
      if (!shown.length || event.ctrlKey || event.metaKey) return;
      const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      if (step) { chosen = (chosen + step + shown.length) % shown.length; mark(); }
      else if (event.key === "Tab" && !event.shiftKey) take();
      else if (event.key === "Escape") close();
      else return;
      event.preventDefault();
    });
  }

  window.zipotifyComplete = function (given, id) {
    words = given || {};
    const box = document.getElementById(id);
    if (box && !box.dataset.completes) {
      box.dataset.completes = "yes";
      connect(box);
    }
    return false;
  };
})();

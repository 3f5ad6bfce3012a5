// Tables that sort by a column and filter by words, values and slices; without scripts they stand as they are.
"use strict";
globalThis.Roadloom = globalThis.Roadloom || {};
((R) => {
  // What a cell is sorted by: a number where it is one; nothing sorts last in both directions.
  R.keyOf = (text) => {
    const plain = text.trim();
    if (plain === "" || plain === "–") return null;
    return Number.isNaN(Number(plain)) ? plain.toLowerCase() : Number(plain);
  };
  R.order = (keys, descending) => {
    const sign = descending ? -1 : 1;
    const compare = (a, b) => {
      if (a === null || b === null) return (a === null) - (b === null);
      if (typeof a !== typeof b) return sign * (typeof a === "number" ? -1 : 1);
      return sign * (a < b ? -1 : a > b ? 1 : 0);
    };
    return keys.map((_, k) => k).sort((i, j) => compare(keys[i], keys[j]) || i - j);
  };
  // Whether a row has every word that is asked for; -word must not be there.
  R.matches = (text, query) => query.toLowerCase().split(/\s+/).filter(Boolean).every((word) => (
    word.length > 1 && word.startsWith("-") ? !text.includes(word.slice(1)) : text.includes(word)
  ));

  const startTable = (table) => {
    const body = table.tBodies[0], rows = [...body.rows], heads = [...table.tHead.rows[0].cells];
    const bar = table.id ? R.$('[data-filters="' + table.id + '"]') : null;
    const cells = (column) => rows.map((row) => {
      const cell = row.cells[column];
      return R.keyOf(cell.dataset.sort !== undefined ? cell.dataset.sort : cell.textContent);
    });
    heads.forEach((head, column) => {
      if (head.dataset.plain !== undefined) return;
      const button = document.createElement("button");
      button.type = "button";
      button.className = "sort";
      button.append(...head.childNodes);
      head.append(button);
      button.addEventListener("click", () => {
        const down = head.getAttribute("aria-sort") === "ascending";
        heads.forEach((other) => other.removeAttribute("aria-sort"));
        head.setAttribute("aria-sort", down ? "descending" : "ascending");
        body.append(...R.order(cells(column), down).map((k) => rows[k]));
      });
    });
    if (!bar) return;
    const texts = rows.map((row) => (row.textContent + " " + (row.dataset.words || "")).toLowerCase());
    const search = R.$("input[type=search]", bar), selects = R.all("select", bar), count = R.$("[role=status]", bar);
    const apply = () => {
      let shown = 0;
      rows.forEach((row, k) => {
        const kept = R.matches(texts[k], search.value) && selects.every((each) => !each.value || (row.dataset[each.name] || "").split(" ").includes(each.value));
        row.hidden = !kept;
        shown += kept;
      });
      count.textContent = shown + " of " + rows.length + " shown";
    };
    search.addEventListener("input", apply);
    selects.forEach((each) => each.addEventListener("change", apply));
    R.all("[data-slice]").forEach((link) => link.addEventListener("click", () => {
      const select = selects.find((each) => each.name === "slices");
      if (select) { select.value = link.dataset.slice; apply(); }
    }));
    R.all("[data-mode]").forEach((link) => link.addEventListener("click", () => {
      const select = selects.find((each) => each.name === "mode");
      if (select) { select.value = link.dataset.mode; apply(); }
    }));
    bar.hidden = false;
    apply();
  };

  R.startTables = () => R.all("table.sortable").forEach(startTable);
})(globalThis.Roadloom);

// The page itself: theme, tabs, dialogs, provenance, commands to copy. Every file adds its functions to `Roadloom`.
"use strict";
globalThis.Roadloom = globalThis.Roadloom || {};
((R) => {
  const $ = (selector, root = document) => root.querySelector(selector);
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  R.$ = $;
  R.all = all;

  // The reader's choice, else the system's.
  const theme = () => {
    let kept = null;
    try { kept = localStorage.getItem("roadloom-theme"); } catch (error) { kept = null; }
    const system = matchMedia("(prefers-color-scheme: dark)");
    const wanted = new URLSearchParams(location.search).get("theme");
    const setTheme = (name) => { document.documentElement.dataset.theme = name; document.dispatchEvent(new Event("theme")); };
    setTheme(wanted || kept || (system.matches ? "dark" : "light"));
    $("#theme").addEventListener("click", () => {
      const next = document.documentElement.dataset.theme === "dark" ? "light" : "dark";
      try { localStorage.setItem("roadloom-theme", next); } catch (error) { /* private mode: the choice lasts for this page */ }
      setTheme(next);
    });
  };

  // Tabs: the arrow keys go from one to the next.
  const tabs = () => {
    const found = all('[role="tab"]');
    const choose = (tab) => {
      found.forEach((other) => {
        const on = other === tab;
        other.setAttribute("aria-selected", String(on));
        other.tabIndex = on ? 0 : -1;
        $("#" + other.getAttribute("aria-controls")).hidden = !on;
      });
    };
    found.forEach((tab, k) => {
      tab.addEventListener("click", () => choose(tab));
      tab.addEventListener("keydown", (event) => {
        const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
        if (!step) return;
        const next = found[(k + step + found.length) % found.length];
        choose(next);
        next.focus();
      });
    });
  };

  // Dialogs, and pictures that open large.
  const dialogs = () => {
    all("dialog").forEach((dialog) => {
      dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });
      $("[data-close]", dialog).addEventListener("click", () => dialog.close());
    });
    all("[data-large]").forEach((button) => button.addEventListener("click", () => {
      const image = $("img", button), large = $("#large");
      $("img", large).src = button.dataset.large;
      $("img", large).alt = image.alt;
      $("p", large).textContent = image.alt;
      large.showModal();
    }));
  };

  // Provenance as a tree; text is set, never parsed.
  const provenance = () => {
    const kept = $("#provenance-data");
    const records = kept ? JSON.parse(kept.textContent) : {};
    const element = (name, css, text) => {
      const made = document.createElement(name);
      if (css) made.className = css;
      if (text !== undefined) made.textContent = text;
      return made;
    };
    const tree = (key, value, depth) => {
      if (value !== null && typeof value === "object") {
        const entries = Array.isArray(value) ? value.map((item, k) => [k, item]) : Object.entries(value);
        const short = Array.isArray(value) && value.length <= 8 && value.every((v) => v === null || typeof v !== "object");
        if (short) return leaf(key, "[" + value.map((v) => JSON.stringify(v)).join(", ") + "]", "n");
        const fold = element("details");
        fold.open = depth < 2 && entries.length <= 40;
        const head = element("summary");
        head.append(element("span", "k", key + " "), element("span", "muted", Array.isArray(value) ? entries.length + " items" : entries.length + " fields"));
        fold.append(head);
        const fill = () => { if (fold.childElementCount === 1) entries.forEach(([k, v]) => fold.append(tree(String(k), v, depth + 1))); };
        if (fold.open) fill();
        fold.addEventListener("toggle", fill);
        return fold;
      }
      return leaf(key, JSON.stringify(value), typeof value === "string" ? "s" : typeof value === "number" ? "n" : "b");
    };
    const leaf = (key, text, css) => {
      const row = element("div", "leaf");
      row.append(element("span", "k", key + ": "), element("span", css, text));
      return row;
    };
    all("[data-provenance]").forEach((button) => button.addEventListener("click", () => {
      const id = button.dataset.provenance, record = records[id] || {};
      $("#side-id").textContent = id;
      const body = $("#side-body");
      body.replaceChildren(...Object.entries(record).map(([k, v]) => tree(k, v, 1)));
      $("#side").showModal();
    }));
  };

  // A command goes to the clipboard; where a page from disk may not write there, it is selected.
  const copies = () => {
    document.addEventListener("click", async (event) => {
      const button = event.target.closest && event.target.closest("[data-copy]");
      if (!button) return;
      let done = false;
      try { await navigator.clipboard.writeText(button.dataset.copy); done = true; } catch (error) { done = false; }
      if (!done) getSelection().selectAllChildren($("code", button.parentElement));
      button.textContent = done ? "copied" : "selected";
      setTimeout(() => { button.textContent = "copy"; }, 1500);
    });
  };

  // A link to something that is folded away opens it.
  const folds = () => {
    const open = () => {
      const target = location.hash.length > 1 ? document.getElementById(decodeURIComponent(location.hash.slice(1))) : null;
      if (!target) return;
      for (let node = target; node; node = node.parentElement) if (node.tagName === "DETAILS") node.open = true;
      target.scrollIntoView();
    };
    addEventListener("hashchange", open);
    open();
  };

  R.start = () => {
    theme();
    tabs();
    dialogs();
    provenance();
    copies();
    R.startTables();
    R.startPlayers();
    folds();
    document.documentElement.dataset.ready = "yes";
  };
})(globalThis.Roadloom);

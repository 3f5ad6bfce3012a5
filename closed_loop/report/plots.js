// Time series of an episode as small plots with a common cursor; a click goes to that moment.
"use strict";
globalThis.Roadloom = globalThis.Roadloom || {};
((R) => {
  // Runs of known points as SVG path data in a box of `width` by `height`; gaps stay gaps.
  R.pathOf = (values, step_s, until_s, low, high, width, height) => {
    let text = "", pen = false;
    values.forEach((value, k) => {
      if (value === null) { pen = false; return; }
      const x = (k * step_s / until_s) * width, y = height - ((value - low) / (high - low)) * height;
      text += (pen ? "L" : "M") + x.toFixed(1) + " " + y.toFixed(1);
      pen = true;
    });
    return text;
  };
  // The ends of an axis over several lines: zero is in it, and it is never empty.
  R.axisOf = (lines, least) => {
    const known = lines.flat().filter((value) => value !== null);
    const low = Math.min(0, ...known), high = Math.max(least || 0, 0, ...known);
    return high - low > 1e-9 ? [low, high] : [low, low + 1];
  };
  const WIDTH = 400, HEIGHT = 70;
  // The name of SVG's elements; nothing is fetched from it.
  const SVG = ["http:", "", "www.w3.org", "2000", "svg"].join("/");
  const svg = (name, attributes) => {
    const made = document.createElementNS(SVG, name);
    Object.entries(attributes).forEach(([key, value]) => made.setAttribute(key, value));
    return made;
  };
  const text = (name, css, words) => {
    const made = document.createElement(name);
    made.className = css;
    made.textContent = words;
    return made;
  };
  const number = (value) => (value === null || value === undefined ? "–" : Math.abs(value) >= 100 ? value.toFixed(0) : value.toFixed(1));

  // Plots of some views into a box; gives a function that moves the cursor.
  R.drawPlots = (box, views, until_s, seek) => {
    box.replaceChildren();
    const names = (views[0].series || []).map((series) => series.id);
    const moves = names.map((id) => {
      const lines = views.map((view) => view.series.find((series) => series.id === id)).filter(Boolean);
      const [low, high] = R.axisOf(lines.map((line) => line.values), lines[0].least);
      const figure = text("figure", "plot", "");
      const head = text("figcaption", "", "");
      const name = text("span", "muted", lines[0].title + " in " + lines[0].unit);
      const now = lines.map((_, k) => text("b", k ? "baseline-ink" : "candidate-ink", ""));
      head.append(name, ...now);
      const picture = svg("svg", { viewBox: "0 0 " + WIDTH + " " + HEIGHT, preserveAspectRatio: "none", role: "img" });
      const known = lines.map((line) => line.values.filter((value) => value !== null));
      picture.setAttribute("aria-label", lines[0].title + ": " + lines.map((line, k) => (known[k].length ? "from " + number(Math.min(...known[k])) + " to " + number(Math.max(...known[k])) + " " + line.unit : "never defined")).join("; "));
      if (low < 0) picture.append(svg("path", { d: "M0 " + (HEIGHT + (low / (high - low)) * HEIGHT).toFixed(1) + "H" + WIDTH, class: "zero" }));
      views.forEach((view, k) => view.marks.forEach((mark) => {
        const at = ((mark.t / until_s) * WIDTH).toFixed(1);
        const line = svg("path", { d: "M" + at + " 0V" + HEIGHT, class: "mark " + (k ? "baseline-mark" : "") + (mark.bad ? " bad-mark" : "") });
        line.append(svg("title", {}));
        line.firstChild.textContent = mark.text;
        picture.append(line);
      }));
      lines.forEach((line, k) => picture.append(svg("path", { d: R.pathOf(line.values, line.step_s, until_s, low, high, WIDTH, HEIGHT), class: "line " + (k ? "baseline-line" : "candidate-line") })));
      const cursor = svg("path", { d: "M0 0V" + HEIGHT, class: "cursor" });
      picture.append(cursor);
      picture.addEventListener("pointerdown", (event) => {
        const frame = picture.getBoundingClientRect();
        seek(((event.clientX - frame.left) / frame.width) * until_s);
      });
      figure.append(head, picture, text("span", "top-end muted", number(high)), text("span", "low-end muted", number(low)));
      box.append(figure);
      return (t) => {
        cursor.setAttribute("transform", "translate(" + ((t / until_s) * WIDTH).toFixed(1) + " 0)");
        lines.forEach((line, k) => { now[k].textContent = number(line.values[Math.min(Math.floor(t / line.step_s + 1e-6), line.values.length - 1)]); });
      };
    });
    return (t) => moves.forEach((move) => move(t));
  };
})(globalThis.Roadloom);

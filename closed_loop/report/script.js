"use strict";
(() => {
  const $ = (selector, root = document) => root.querySelector(selector);
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const root = document.documentElement;

  // Theme: the reader's choice, else the system's.
  let kept = null;
  try { kept = localStorage.getItem("roadloom-theme"); } catch (error) { kept = null; }
  const system = matchMedia("(prefers-color-scheme: dark)");
  const wanted = new URLSearchParams(location.search).get("theme");
  const setTheme = (name) => { root.dataset.theme = name; document.dispatchEvent(new Event("theme")); };
  setTheme(wanted || kept || (system.matches ? "dark" : "light"));
  $("#theme").addEventListener("click", () => {
    const next = root.dataset.theme === "dark" ? "light" : "dark";
    try { localStorage.setItem("roadloom-theme", next); } catch (error) { /* private mode: the choice lasts for this page */ }
    setTheme(next);
  });

  // Tabs.
  const tabs = all('[role="tab"]');
  const choose = (tab) => {
    tabs.forEach((other) => {
      const on = other === tab;
      other.setAttribute("aria-selected", String(on));
      other.tabIndex = on ? 0 : -1;
      $("#" + other.getAttribute("aria-controls")).hidden = !on;
    });
  };
  tabs.forEach((tab, k) => {
    tab.addEventListener("click", () => choose(tab));
    tab.addEventListener("keydown", (event) => {
      const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      if (!step) return;
      const next = tabs[(k + step + tabs.length) % tabs.length];
      choose(next);
      next.focus();
    });
  });

  // Dialogs.
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

  // Provenance as a tree; text is set, never parsed.
  const provenance = JSON.parse($("#provenance-data").textContent);
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
    const id = button.dataset.provenance, record = provenance[id] || {};
    $("#side-id").textContent = id;
    const body = $("#side-body");
    body.replaceChildren(...Object.entries(record).map(([k, v]) => tree(k, v, 1)));
    $("#side").showModal();
  }));

  // Bird's-eye player.
  const scenes = JSON.parse($("#scenes-data").textContent);
  const canvas = $("#view");
  if (!canvas || !scenes.length) return;
  const context = canvas.getContext("2d");
  const scrub = $("#scrub"), play = $("#play"), follow = $("#follow");
  let scene = scenes[0], moment = 0, playing = false, following = true, last = 0, colors = {}, shown = -1;
  const at = (values, k) => (values.length === 1 ? values[0] : values[k]);
  const ego = () => scene.actors.find((actor) => actor.group === "ego");
  const names = ["ego", "car", "heavy", "two_wheeler", "person", "static", "other", "ground", "road", "sidewalk", "mark", "yellow", "kerb", "stripe", "card", "good", "bad", "open"];
  const readColors = () => {
    const style = getComputedStyle(root);
    names.forEach((name) => { colors[name] = style.getPropertyValue("--" + name).trim(); });
  };
  const between = (values, k, share) => {
    const here = at(values, k), next = at(values, Math.min(k + 1, scene.num - 1));
    return here === null || next === null ? here : here + (next - here) * share;
  };
  const path = (points, close) => {
    for (let i = 0; i < points.length; i += 2) {
      if (i) context.lineTo(points[i], points[i + 1]); else context.moveTo(points[i], points[i + 1]);
    }
    if (close) context.closePath();
  };
  const area = (polygons, color) => {
    context.fillStyle = color;
    polygons.forEach((rings) => { context.beginPath(); rings.forEach((ring) => path(ring, true)); context.fill("evenodd"); });
  };
  const drawMap = (pixel) => {
    const map = scene.map;
    area(map.side, colors.sidewalk);
    area(map.road, colors.road);
    area(map.crossings, colors.stripe);
    map.marks.forEach((mark) => {
      context.beginPath();
      path(mark.p, false);
      context.setLineDash(mark.kind === "broken" ? [300, 450] : []);
      context.strokeStyle = mark.kind === "kerb" ? colors.kerb : mark.color === "yellow" ? colors.yellow : colors.mark;
      context.lineWidth = Math.max(mark.kind === "kerb" ? 18 : mark.kind === "double" ? 30 : 14, pixel * 1.5);
      context.stroke();
    });
    context.setLineDash([]);
  };
  const signalColor = (state) => ({ 1: colors.good, 2: colors.open, 3: colors.bad, 4: colors.bad, 5: colors.open, 6: colors.bad })[state] || colors.kerb;
  const drawActor = (actor, k, share, pixel) => {
    const x = between(actor.x, k, share), y = between(actor.y, k, share);
    if (x === null) return;
    const [length, width] = actor.size, small = actor.group === "static" || actor.group === "person";
    const l = Math.max(length, pixel * 9) / 2, w = Math.max(width, pixel * 7) / 2, nose = small ? 0 : Math.min(length * 0.25, 60);
    context.save();
    context.translate(x, y);
    context.rotate(between(actor.h, k, share) / 1000);
    context.beginPath();
    path([l, w * 0.55, l, -w * 0.55, l - nose, -w, -l, -w, -l, w, l - nose, w], true);
    context.fillStyle = colors[actor.group];
    context.fill();
    context.lineWidth = pixel;
    context.strokeStyle = colors.card;
    context.stroke();
    context.restore();
  };
  const draw = () => {
    const box = canvas.getBoundingClientRect(), ratio = devicePixelRatio || 1;
    if (!box.width) return;
    if (canvas.width !== Math.round(box.width * ratio)) { canvas.width = Math.round(box.width * ratio); canvas.height = Math.round(box.height * ratio); }
    const k = Math.min(Math.floor(moment), scene.num - 1), share = moment - k, me = ego();
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.fillStyle = colors.ground;
    context.fillRect(0, 0, canvas.width, canvas.height);
    const [x0, y0, x1, y1] = scene.bounds;
    const whole = Math.min(canvas.width / (x1 - x0), canvas.height / (y1 - y0));
    const scale = following ? canvas.width / 10500 : whole;
    const cx = following ? between(me.x, k, share) + 1200 * Math.cos(between(me.h, k, share) / 1000) : (x0 + x1) / 2;
    const cy = following ? between(me.y, k, share) + 1200 * Math.sin(between(me.h, k, share) / 1000) : (y0 + y1) / 2;
    context.setTransform(scale, 0, 0, -scale, canvas.width / 2 - cx * scale, canvas.height / 2 + cy * scale);
    const pixel = ratio / scale;
    drawMap(pixel);
    scene.signals.forEach((signal) => {
      context.beginPath();
      path(signal.line, false);
      context.strokeStyle = signalColor(signal.state[k]);
      context.lineWidth = Math.max(60, pixel * 3);
      context.stroke();
    });
    context.beginPath();
    for (let j = 0; j <= k; j += 1) { if (at(me.x, j) !== null) { if (j) context.lineTo(at(me.x, j), at(me.y, j)); else context.moveTo(at(me.x, j), at(me.y, j)); } }
    context.strokeStyle = colors.ego;
    context.globalAlpha = 0.55;
    context.lineWidth = Math.max(35, pixel * 2);
    context.lineJoin = "round";
    context.stroke();
    context.globalAlpha = 1;
    scene.actors.filter((actor) => actor !== me).forEach((actor) => drawActor(actor, k, share, pixel));
    drawActor(me, k, share, pixel);
    if (k !== shown) tell(k, me);
  };
  const words = { collision: "collision", off_road: "off the road", signal_violation: "red light run", goal_reached: "goal reached" };
  const tell = (k, me) => {
    shown = k;
    scrub.value = String(k);
    $("#clock").textContent = (k * scene.step_s).toFixed(1) + " s";
    scrub.setAttribute("aria-valuetext", $("#clock").textContent);
    const speed = me.v ? at(me.v, k) : null;
    $("#speed").textContent = speed === null ? "" : (speed / 10).toFixed(1) + " m/s";
    const past = scene.events.filter((event) => event.k <= k && words[event.kind] && (event.who.length === 0 || event.who.includes(me.id)));
    const latest = past[past.length - 1];
    $("#event").textContent = latest ? words[latest.kind] : "";
    $("#event").classList.toggle("calm", Boolean(latest) && latest.kind === "goal_reached");
  };
  const tick = (now) => {
    if (!playing) return;
    moment += last ? (now - last) / 1000 / scene.step_s : 0;
    last = now;
    if (moment >= scene.num - 1) { moment = scene.num - 1; stop(); }
    draw();
    if (playing) requestAnimationFrame(tick);
  };
  const stop = () => { playing = false; play.textContent = "▶"; play.setAttribute("aria-label", "Play"); };
  const start = () => {
    if (moment >= scene.num - 1) moment = 0;
    playing = true; last = 0; play.textContent = "❚❚"; play.setAttribute("aria-label", "Pause");
    requestAnimationFrame(tick);
  };
  const pick = (k) => {
    stop();
    scene = scenes[k]; moment = 0; shown = -1;
    scrub.max = String(scene.num - 1);
    all(".pick").forEach((button) => { if (Number(button.dataset.scene) === k) button.setAttribute("aria-current", "true"); else button.removeAttribute("aria-current"); });
    all(".scene-about").forEach((part) => { part.hidden = Number(part.dataset.about) !== k; });
    draw();
  };
  play.addEventListener("click", () => (playing ? stop() : start()));
  scrub.addEventListener("input", () => { stop(); moment = Number(scrub.value); draw(); });
  follow.addEventListener("click", () => { following = !following; follow.setAttribute("aria-pressed", String(following)); draw(); });
  canvas.addEventListener("keydown", (event) => {
    if (event.key === " ") { event.preventDefault(); if (playing) stop(); else start(); }
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (step) { event.preventDefault(); stop(); moment = Math.min(Math.max(Math.round(moment) + step, 0), scene.num - 1); draw(); }
  });
  all(".pick").forEach((button) => button.addEventListener("click", () => { pick(Number(button.dataset.scene)); if (!matchMedia("(prefers-reduced-motion: reduce)").matches) start(); }));
  document.addEventListener("theme", () => { readColors(); draw(); });
  addEventListener("resize", draw);
  readColors();
  // `?scene=3&moment=20` opens a certain moment, so that it can be linked to.
  const asked = new URLSearchParams(location.search);
  pick(Math.min(Math.max(Number(asked.get("scene")) || 0, 0), scenes.length - 1));
  moment = Math.min(Math.max(Number(asked.get("moment")) || 0, 0), scene.num - 1);
  draw();
})();

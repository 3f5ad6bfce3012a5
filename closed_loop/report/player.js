// The player: one clock over one or two views of an episode; a list picks the episode.
"use strict";
globalThis.Roadloom = globalThis.Roadloom || {};
((R) => {
  // Data stay text until they are asked for, so that a page with many replays opens at once.
  R.openReplay = (text) => {
    const replay = JSON.parse(text);
    const views = replay.views.map((view) => ({
      ...view,
      scene: R.openScene(view.scene),
      series: view.series.map((line) => ({ ...line, step_s: view.scene.step_s, values: R.unpack(line.values).map((value) => (value === null ? null : value / 100)) })),
    }));
    return { ...replay, views, until_s: Math.max(0.1, ...views.map((view) => (view.scene.num - 1) * view.scene.step_s)) };
  };

  const startPlayer = (box) => {
    const $ = (selector) => R.$(selector, box);
    const canvases = R.all(".view", box), frames = R.all(".view-frame", box);
    const play = $(".play"), scrub = $(".scrub"), follow = $(".follow"), rate = $(".rate");
    const opened = new Map();
    let replay = null, time = 0, playing = false, following = true, last = 0, colors = R.readColors(), movePlots = () => {}, told = "";

    const draw = () => {
      replay.views.forEach((view, n) => {
        if (!canvases[n]) return;
        const moment = Math.min(time / view.scene.step_s, view.scene.num - 1);
        R.drawScene(canvases[n], view.scene, moment, following, colors);
      });
      tell();
    };
    const tell = () => {
      const now = time.toFixed(1);
      if (now === told) return;
      told = now;
      scrub.value = String(time);
      $(".clock").textContent = now + " s";
      scrub.setAttribute("aria-valuetext", now + " seconds");
      movePlots(time);
      replay.views.forEach((view, n) => {
        if (!frames[n]) return;
        const k = Math.min(Math.floor(time / view.scene.step_s + 1e-6), view.scene.num - 1), me = R.egoOf(view.scene);
        const speed = me.v ? R.at(me.v, k) : null, kind = R.eventAt(view.scene, k), event = R.$(".event", frames[n]);
        R.$(".speed", frames[n]).textContent = speed === null ? "" : (speed / 10).toFixed(1) + " m/s";
        if (event.textContent !== (R.words[kind] || "")) event.textContent = R.words[kind] || "";
        event.classList.toggle("calm", kind === "goal_reached");
      });
    };
    const stop = () => { playing = false; play.textContent = "▶"; play.setAttribute("aria-label", "Play"); };
    const start = () => {
      if (time >= replay.until_s) time = 0;
      playing = true;
      last = 0;
      play.textContent = "❚❚";
      play.setAttribute("aria-label", "Pause");
      requestAnimationFrame(tick);
    };
    const tick = (now) => {
      if (!playing) return;
      time += last ? ((now - last) / 1000) * Number(rate.value) : 0;
      last = now;
      if (time >= replay.until_s) { time = replay.until_s; stop(); }
      draw();
      if (playing) requestAnimationFrame(tick);
    };
    const seek = (seconds) => { stop(); time = Math.min(Math.max(seconds, 0), replay.until_s); told = ""; draw(); };
    const flags = () => {
      $(".flags").replaceChildren(...replay.views.flatMap((view, n) => view.marks.map((mark) => {
        const flag = document.createElement("i");
        flag.className = (mark.bad ? "bad-flag" : "") + (n ? " baseline-flag" : "");
        flag.style.left = ((100 * mark.t) / replay.until_s).toFixed(2) + "%";
        flag.title = mark.text;
        return flag;
      })));
    };
    const pick = (id) => {
      stop();
      if (!opened.has(id)) {
        if (opened.size > 12) opened.delete(opened.keys().next().value);
        opened.set(id, R.openReplay(document.getElementById(id).textContent));
      }
      replay = opened.get(id);
      time = 0;
      told = "";
      scrub.max = String(replay.until_s);
      scrub.step = String(replay.views[0].scene.step_s);
      R.all(".pick", box).forEach((button) => { if (button.dataset.replay === id) button.setAttribute("aria-current", "true"); else button.removeAttribute("aria-current"); });
      R.all(".scene-about", box).forEach((part) => { part.hidden = part.dataset.about !== id; });
      flags();
      movePlots = R.drawPlots($(".plots"), replay.views, replay.until_s, seek);
      draw();
    };
    const still = matchMedia("(prefers-reduced-motion: reduce)");
    const turn = (step) => { rate.selectedIndex = Math.min(Math.max(rate.selectedIndex + step, 0), rate.options.length - 1); };
    const setFollow = () => { following = !following; follow.setAttribute("aria-pressed", String(following)); draw(); };
    play.addEventListener("click", () => (playing ? stop() : start()));
    scrub.addEventListener("input", () => seek(Number(scrub.value)));
    follow.addEventListener("click", setFollow);
    box.addEventListener("keydown", (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      const field = event.target.closest("input, select"), button = event.target.closest("button");
      const step = replay.views[0].scene.step_s * (event.shiftKey ? 10 : 1);
      const acts = { ArrowRight: () => seek(time + step), ArrowLeft: () => seek(time - step), Home: () => seek(0), End: () => seek(replay.until_s), " ": () => (playing ? stop() : start()) };
      const anywhere = { "+": () => turn(1), "-": () => turn(-1), f: setFollow };
      const act = (field || (button && event.key === " ") ? null : acts[event.key]) || anywhere[event.key];
      if (act) { event.preventDefault(); act(); }
    });
    R.all(".pick", box).forEach((button) => button.addEventListener("click", () => { pick(button.dataset.replay); if (!still.matches) start(); }));
    document.addEventListener("theme", () => { colors = R.readColors(); draw(); });
    addEventListener("resize", draw);
    // `#watch-ID` in a link of the page, `?scene=3&moment=20` from outside.
    const ids = R.all(".pick", box).map((button) => button.dataset.replay);
    const fromHash = () => {
      const id = location.hash.slice(7);
      if (!location.hash.startsWith("#watch-") || !ids.includes(id)) return;
      pick(id);
      const mark = replay.views[0].marks.find((each) => each.bad);
      if (mark) seek(mark.t - 3);
      box.scrollIntoView();
      canvases[0].focus({ preventScroll: true });
    };
    addEventListener("hashchange", fromHash);
    const asked = new URLSearchParams(location.search);
    pick(ids[Math.min(Math.max(Number(asked.get("scene")) || 0, 0), ids.length - 1)]);
    if (asked.get("moment")) seek(Number(asked.get("moment")) * replay.views[0].scene.step_s);
    fromHash();
  };

  R.startPlayers = () => R.all("[data-player]").forEach(startPlayer);
})(globalThis.Roadloom);

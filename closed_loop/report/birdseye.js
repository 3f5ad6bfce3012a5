// Worlds from above: unpacks what Python wrote (`birdseye.pack_scene`) and draws one moment on a canvas.
"use strict";
globalThis.Roadloom = globalThis.Roadloom || {};
((R) => {
  // Differences from the last known number; null where there is none. The inverse of `birdseye.pack`.
  R.unpack = (packed) => {
    let last = 0;
    return packed.map((step) => (step === null ? null : (last += step)));
  };
  // [value, how often, value, how often, ...]. The inverse of `birdseye.run_lengths`.
  R.unroll = (runs) => {
    const found = [];
    for (let i = 0; i < runs.length; i += 2) for (let j = 0; j < runs[i + 1]; j += 1) found.push(runs[i]);
    return found;
  };
  R.openScene = (packed) => ({
    ...packed,
    actors: packed.actors.map((actor) => ({
      ...actor, x: R.unpack(actor.x), y: R.unpack(actor.y), h: R.unpack(actor.h), v: actor.v ? R.unpack(actor.v) : null,
    })),
    signals: packed.signals.map((signal) => ({ ...signal, state: R.unroll(signal.state) })),
  });
  // What never moves is written once.
  R.at = (values, k) => (values.length === 1 ? values[0] : values[k]);
  R.between = (values, k, share) => {
    const here = R.at(values, k), next = R.at(values, Math.min(k + 1, values.length - 1));
    if (here === null || next === null || next === undefined) return here;
    return here + (next - here) * share;
  };
  R.egoOf = (scene) => scene.actors.find((actor) => actor.group === "ego");
  // The last event that concerns the ego, up to a moment.
  R.words = { collision: "collision", off_road: "off the road", signal_violation: "red light run", goal_reached: "goal reached" };
  R.eventAt = (scene, k) => {
    const me = R.egoOf(scene);
    const past = scene.events.filter((event) => event.k <= k && R.words[event.kind] && (event.who.length === 0 || event.who.includes(me.id)));
    return past.length ? past[past.length - 1].kind : "";
  };

  const names = ["ego", "car", "heavy", "two_wheeler", "person", "static", "other", "ground", "road", "sidewalk", "mark", "yellow", "kerb", "stripe", "card", "good", "bad", "open"];
  R.readColors = () => {
    const style = getComputedStyle(document.documentElement), found = {};
    names.forEach((name) => { found[name] = style.getPropertyValue("--" + name).trim(); });
    return found;
  };

  const path = (context, points, close) => {
    for (let i = 0; i < points.length; i += 2) {
      if (i) context.lineTo(points[i], points[i + 1]); else context.moveTo(points[i], points[i + 1]);
    }
    if (close) context.closePath();
  };
  const area = (context, polygons, color) => {
    context.fillStyle = color;
    polygons.forEach((rings) => {
      context.beginPath();
      rings.forEach((ring) => path(context, ring, true));
      context.fill("evenodd");
    });
  };
  const drawMap = (context, map, colors, pixel) => {
    area(context, map.side, colors.sidewalk);
    area(context, map.road, colors.road);
    area(context, map.crossings, colors.stripe);
    map.marks.forEach((mark) => {
      context.beginPath();
      path(context, mark.p, false);
      context.setLineDash(mark.kind === "broken" ? [300, 450] : []);
      context.strokeStyle = mark.kind === "kerb" ? colors.kerb : mark.color === "yellow" ? colors.yellow : colors.mark;
      context.lineWidth = Math.max(mark.kind === "kerb" ? 18 : mark.kind === "double" ? 30 : 14, pixel * 1.5);
      context.stroke();
    });
    context.setLineDash([]);
  };
  // Signs that say who goes first, upright: red octagon, triangle on its point, yellow diamond.
  const plateLook = { stop: [8, Math.PI / 8, "#fff", "#be282d", 0.86], yield: [3, -Math.PI / 2, "#be282d", "#fff", 0.6], priority: [4, 0, "#fff", "#f2be28", 0.66] };
  const drawPlate = (context, plate, pixel) => {
    const [count, first, edge, face, inner] = plateLook[plate.kind], radius = Math.max(110, pixel * 6);
    [[1.18, "#282c34"], [1, edge], [inner, face]].forEach(([share, color]) => {
      context.beginPath();
      const corner = (j) => first + (2 * Math.PI * j) / count;
      path(context, [...Array(count).keys()].flatMap((j) => [plate.p[0] + share * radius * Math.cos(corner(j)), plate.p[1] + share * radius * Math.sin(corner(j))]), true);
      context.fillStyle = color;
      context.fill();
    });
  };
  const signalColor = (state, colors) => ({ 1: colors.good, 2: colors.open, 3: colors.bad, 4: colors.bad, 5: colors.open, 6: colors.bad })[state] || colors.kerb;
  const drawActor = (context, actor, k, share, colors, pixel) => {
    const x = R.between(actor.x, k, share), y = R.between(actor.y, k, share);
    if (x === null) return;
    const [length, width] = actor.size, small = actor.group === "static" || actor.group === "person";
    const l = Math.max(length, pixel * 9) / 2, w = Math.max(width, pixel * 7) / 2, nose = small ? 0 : Math.min(length * 0.25, 60);
    context.save();
    context.translate(x, y);
    context.rotate(R.between(actor.h, k, share) / 1000);
    context.beginPath();
    path(context, [l, w * 0.55, l, -w * 0.55, l - nose, -w, -l, -w, -l, w, l - nose, w], true);
    context.fillStyle = colors[actor.group];
    context.fill();
    context.lineWidth = pixel;
    context.strokeStyle = colors.card;
    context.stroke();
    context.restore();
  };
  // The way that the ego has come.
  const drawWay = (context, me, k, color, pixel) => {
    context.beginPath();
    let begun = false;
    for (let j = 0; j <= k; j += 1) {
      const x = R.at(me.x, j);
      if (x === null || x === undefined) continue;
      if (begun) context.lineTo(x, R.at(me.y, j)); else context.moveTo(x, R.at(me.y, j));
      begun = true;
    }
    context.strokeStyle = color;
    context.globalAlpha = 0.55;
    context.lineWidth = Math.max(35, pixel * 2);
    context.lineJoin = "round";
    context.stroke();
    context.globalAlpha = 1;
  };

  // Draws a scene at a moment (in steps, with a fraction); the whole of it, or around the ego.
  R.drawScene = (canvas, scene, moment, following, colors) => {
    const box = canvas.getBoundingClientRect(), ratio = devicePixelRatio || 1, context = canvas.getContext("2d");
    if (!box.width) return;
    const width = Math.round(box.width * ratio), height = Math.round(box.height * ratio);
    if (canvas.width !== width || canvas.height !== height) { canvas.width = width; canvas.height = height; }
    const k = Math.min(Math.floor(moment), scene.num - 1), share = moment - k, me = R.egoOf(scene);
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.fillStyle = colors.ground;
    context.fillRect(0, 0, width, height);
    const [x0, y0, x1, y1] = scene.bounds;
    const scale = following ? Math.max(width / 10500, height / 7000) : Math.min(width / (x1 - x0), height / (y1 - y0));
    const heading = R.between(me.h, k, share) / 1000;
    const here = following && R.between(me.x, k, share) !== null;
    const cx = here ? R.between(me.x, k, share) + 1200 * Math.cos(heading) : (x0 + x1) / 2;
    const cy = here ? R.between(me.y, k, share) + 1200 * Math.sin(heading) : (y0 + y1) / 2;
    context.setTransform(scale, 0, 0, -scale, width / 2 - cx * scale, height / 2 + cy * scale);
    const pixel = ratio / scale;
    drawMap(context, scene.map, colors, pixel);
    scene.map.plates.forEach((plate) => drawPlate(context, plate, pixel));
    scene.signals.forEach((signal) => {
      context.beginPath();
      path(context, signal.line, false);
      context.strokeStyle = signalColor(signal.state[k], colors);
      context.lineWidth = Math.max(60, pixel * 3);
      context.stroke();
    });
    drawWay(context, me, k, colors.ego, pixel);
    scene.actors.filter((actor) => actor !== me).forEach((actor) => drawActor(context, actor, k, share, colors, pixel));
    drawActor(context, me, k, share, colors, pixel);
  };
})(globalThis.Roadloom);

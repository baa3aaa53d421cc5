"use strict";
// Draws the charts of each result once it is unfolded; colours come from the style sheet, so that print has its own.
(() => {
  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
  const number = (value, digits = 2) =>
    value == null ? "–" : value.toLocaleString("en", { maximumFractionDigits: digits, minimumFractionDigits: 0 });
  const price = (value) => (value == null ? "–" : value.toLocaleString("en", { maximumSignificantDigits: 6 }));
  const short = (value) =>
    Math.abs(value) >= 1e4 ? value.toLocaleString("en", { notation: "compact", maximumFractionDigits: 2 }) : price(value);
  const moment = (seconds) => new Date(seconds * 1000).toISOString().slice(0, 16).replace("T", " ");
  const plots = [];

  function decades(u, axis, low, high) { // 1, 2 and 5 of each power of ten; whole powers alone where there are many
    const found = [];
    for (let power = Math.floor(Math.log10(low)); 10 ** power <= high; power++)
      for (const digit of [1, 2, 5]) if (digit * 10 ** power >= low && digit * 10 ** power <= high) found.push(digit * 10 ** power);
    return found.length > 8 ? found.filter((v) => Math.log10(v) % 1 === 0) : found.length > 1 ? found : [low, (low * high) ** 0.5, high];
  }

  function axes(label, log) {
    const line = { stroke: () => colour("line"), width: 1 };
    return [
      { stroke: () => colour("muted"), grid: line, ticks: line, font: "12px system-ui" },
      { stroke: () => colour("muted"), grid: line, ticks: line, font: "12px system-ui", size: 62, values: (u, all) => all.map(label), ...(log ? { splits: decades, filter: (u, all) => all } : {}) },
    ];
  }

  function size(element) {
    const legend = matchMedia("print").matches ? 0 : 28;
    return { width: Math.max(200, element.clientWidth), height: element.clientHeight - legend };
  }

  function plot(element, key, label, series, columns, more = {}) {
    const tight = (u, low, high) => [low * 0.96, high * 1.04]; // a logarithmic axis would else reach to the next power of ten
    const log = more.log ? { y: { distr: 3, range: tight } } : {};
    const made = new uPlot(
      {
        ...size(element),
        tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), "Etc/UTC"),
        cursor: { sync: { key }, drag: { x: true, y: false } },
        legend: { live: true },
        scales: { x: { time: true }, ...log, ...(more.scales || {}) },
        axes: axes(label, more.log),
        series: [{ value: (u, seconds) => (seconds == null ? "–" : moment(seconds)) }, ...series],
        bands: more.bands || [],
        hooks: more.hooks || {},
      },
      columns,
      element,
    );
    plots.push([made, element]);
    return made;
  }

  function drawTrades(u, trades) {
    const { ctx } = u, ratio = devicePixelRatio || 1, { min, max } = u.scales.x;
    const seen = trades.filter((t) => t[2] >= min && t[0] <= max);
    const radius = (seen.length > 250 ? 2 : seen.length > 60 ? 3 : 4) * ratio;
    ctx.save();
    ctx.beginPath();
    ctx.rect(u.bbox.left, u.bbox.top, u.bbox.width, u.bbox.height);
    ctx.clip();
    for (const [opened, average, closed, exit, direction, net] of seen) {
      const [x0, y0, x1, y1] = [u.valToPos(opened, "x", true), u.valToPos(average, "y", true), u.valToPos(closed, "x", true), u.valToPos(exit, "y", true)];
      ctx.fillStyle = ctx.strokeStyle = colour(net > 0 ? "good" : "bad");
      ctx.lineWidth = ratio;
      ctx.beginPath();
      ctx.moveTo(x0, y0);
      ctx.lineTo(x1, y1);
      ctx.stroke();
      ctx.beginPath(); // the entry, pointing where it hopes to go
      ctx.moveTo(x0, y0 - direction * radius * 1.3);
      ctx.lineTo(x0 - radius, y0 + direction * radius);
      ctx.lineTo(x0 + radius, y0 + direction * radius);
      ctx.fill();
      ctx.beginPath();
      ctx.arc(x1, y1, radius * 0.8, 0, 7);
      ctx.stroke();
    }
    ctx.restore();
  }

  function nearestTrade(u, trades) {
    const seconds = u.cursor.left >= 0 ? u.posToVal(u.cursor.left, "x") : null;
    if (seconds == null || !trades.length) return null;
    const away = (t) => Math.max(t[0] - seconds, seconds - t[2], 0);
    const best = trades.reduce((a, b) => (away(b) < away(a) ? b : a));
    return Math.abs(u.valToPos(u.posToVal(u.cursor.left, "x") + away(best), "x") - u.cursor.left) < 14 ? best : null;
  }

  function draw(result, index) {
    const data = JSON.parse(result.querySelector(".data").textContent);
    const at = (name) => result.querySelector(`[data-chart=${name}]`);
    const hint = result.querySelector(".hint"), hinted = hint.textContent, key = `result-${index}`;
    const line = (label, name, value, more = {}) => ({ label, stroke: () => colour(name), width: 1.5, points: { show: false }, value: (u, v) => value(v), ...more });
    const values = [...data.equity, ...data.free], least = Math.min(...values);
    plot(at("equity"), key, short,
      [line("net", "accent", number, { fill: () => colour("fill") }), line("without costs", "free", number, { dash: [4, 3], width: 1 })],
      [data.time, data.equity, data.free], { log: least > 0 && Math.max(...values) > 8 * least });
    plot(at("drawdown"), key, (v) => `${number(v, 1)}%`,
      [line("drawdown", "bad", (v) => (v == null ? "–" : `${number(v)} %`), { fill: () => colour("low"), fillTo: 0, width: 1 })],
      [data.time, data.drawdown], { scales: { y: { range: (u, low) => [Math.min(low * 1.06, -0.01), 0] } } });
    const reach = Math.max(...data.high) > 8 * Math.min(...data.low);
    plot(at("price"), key, short,
      [line("high", "free", price, { width: 0.6 }), line("low", "free", price, { width: 0.6 }), line("close", "text", price, { width: 1 })],
      [data.time, data.high, data.low, data.close],
      {
        log: reach,
        bands: [{ series: [1, 2], fill: () => colour("fill") }],
        hooks: {
          draw: [(u) => drawTrades(u, data.trades)],
          setCursor: [(u) => {
            const t = nearestTrade(u, data.trades);
            hint.textContent = t ? `${t[4] > 0 ? "long" : "short"} ${moment(t[0])} at ${price(t[1])}, ${t[6]} ${moment(t[2])} at ${price(t[3])}: ${t[5] > 0 ? "+" : ""}${number(t[5])} USDT` : hinted;
          }],
        },
      });
    result.dataset.drawn = "yes";
  }

  unfolding(draw, () => plots.forEach(([u, element]) => element.clientWidth && u.setSize(size(element))));
})();

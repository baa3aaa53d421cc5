"use strict";
// Draws the curves of each result once it is unfolded, and the grid over the two parameters that are chosen.
(() => {
  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
  const number = (value, digits = 2) => (value == null ? "–" : value.toLocaleString("en", { maximumFractionDigits: digits }));
  const day = (seconds) => new Date(seconds * 1000).toISOString().slice(0, 10);
  const plots = [];

  function size(element) {
    return { width: Math.max(200, element.clientWidth), height: element.clientHeight - (matchMedia("print").matches ? 0 : 28) };
  }

  function windows(u, edges) { // a line where each window begins
    const { ctx } = u;
    ctx.save();
    ctx.strokeStyle = colour("line");
    ctx.setLineDash([2, 4]);
    for (const seconds of edges) {
      if (seconds < u.scales.x.min || seconds > u.scales.x.max) continue;
      const x = Math.round(u.valToPos(seconds, "x", true));
      ctx.beginPath();
      ctx.moveTo(x, u.bbox.top);
      ctx.lineTo(x, u.bbox.top + u.bbox.height);
      ctx.stroke();
    }
    ctx.restore();
  }

  function decades(u, axis, low, high) { // 1, 2 and 5 of each power of ten; whole powers alone where there are many
    const found = [];
    for (let power = Math.floor(Math.log10(low)); 10 ** power <= high; power++)
      for (const digit of [1, 2, 5]) if (digit * 10 ** power >= low && digit * 10 ** power <= high) found.push(digit * 10 ** power);
    return found.length > 8 ? found.filter((v) => Math.log10(v) % 1 === 0) : found.length > 1 ? found : [low, (low * high) ** 0.5, high];
  }

  function plot(element, key, data, name, series, scales, label) {
    const splits = scales.y && scales.y.distr === 3 ? { splits: decades, filter: (u, all) => all } : {};
    const grid = { stroke: () => colour("line"), width: 1 };
    const axis = { stroke: () => colour("muted"), grid, ticks: grid, font: "12px system-ui" };
    const made = new uPlot({
      ...size(element),
      tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), "Etc/UTC"),
      cursor: { sync: { key }, drag: { x: true, y: false } },
      scales: { x: { time: true }, ...scales },
      axes: [{ ...axis, grid: { show: false } }, { ...axis, size: 58, values: (u, all) => all.map(label), ...splits }],
      series: [{ value: (u, seconds) => (seconds == null ? "–" : day(seconds)) }, series],
      hooks: { drawClear: [(u) => windows(u, data.edges)] },
    }, [data.time, data[name]], element);
    plots.push([made, element]);
  }

  function draw(result, index) {
    const data = JSON.parse(result.querySelector(".data").textContent), key = `result-${index}`;
    const at = (name) => result.querySelector(`[data-chart=${name}]`);
    const log = data.equity.length && Math.min(...data.equity) > 0 && Math.max(...data.equity) > 4 * Math.min(...data.equity);
    const y = log ? { y: { distr: 3, range: (u, low, high) => [low * 0.94, high * 1.06] } } : {};
    plot(at("equity"), key, data, "equity",
      { label: "equity", stroke: () => colour("accent"), fill: () => colour("fill"), width: 1.6, points: { show: false }, value: (u, v) => number(v) },
      y, (v) => number(v, 0));
    plot(at("drawdown"), key, data, "drawdown",
      { label: "drawdown", stroke: () => colour("bad"), fill: () => colour("low"), fillTo: 0, width: 1, points: { show: false }, value: (u, v) => (v == null ? "–" : `${number(v)} %`) },
      { y: { range: (u, low) => [Math.min(low * 1.06, -0.01), 0] } }, (v) => `${number(v, 1)}%`);
    surface(result);
    result.dataset.drawn = "yes";
  }

  function shade(value, low, high) { // red below 0, green above; strongest at the largest, weakest at the least or at 0
    const least = low > 0 ? low : high < 0 ? -high : 0, reach = Math.max(Math.abs(low), Math.abs(high)) - least;
    const strength = reach ? 10 + 60 * (Math.abs(value) - least) / reach : 10;
    return `color-mix(in srgb, ${colour(value >= 0 ? "good" : "bad")} ${strength.toFixed(0)}%, ${colour("card")})`;
  }

  function surface(result) {
    const source = result.querySelector(".surfaces");
    if (!source) return;
    const data = JSON.parse(source.textContent), [pairs, figures] = result.querySelectorAll("select");
    const cell = (tag, text, extra = {}) => Object.assign(document.createElement(tag), { textContent: text, ...extra });
    const show = () => {
      const pair = data.pairs[+pairs.value], rows = pair.cells[figures.value], across = data.axes[pair.columns];
      const down = pair.rows < 0 ? { name: "", labels: [""], chosen: 0 } : data.axes[pair.rows];
      const known = rows.flat().filter((v) => v != null), low = Math.min(...known), high = Math.max(...known);
      const table = document.createElement("table");
      table.className = "surface";
      const head = table.createTHead().insertRow();
      head.append(cell("th", down.name ? `${down.name} ↓  ${across.name} →` : across.name), ...across.labels.map((t) => cell("th", t)));
      rows.forEach((row, r) => {
        const line = table.insertRow();
        line.append(cell("th", down.labels[r]));
        row.forEach((value, c) => {
          const made = cell("td", value == null ? "" : number(value, Math.abs(value) < 100 ? 2 : 0));
          if (value != null) made.style.background = shade(value, low, high);
          if (r === down.chosen && c === across.chosen) { made.className = "here"; made.title = "to be deployed"; }
          line.append(made);
        });
      });
      result.querySelector(".surface-place").replaceChildren(table);
    };
    pairs.replaceChildren(...data.pairs.map((p, i) => cell("option", p.rows < 0 ? data.axes[p.columns].name : `${data.axes[p.rows].name} × ${data.axes[p.columns].name}`, { value: i })));
    figures.replaceChildren(...data.figures.map((name) => cell("option", name, { value: name })));
    pairs.onchange = figures.onchange = show;
    show();
  }

  unfolding(draw, () => plots.forEach(([u, element]) => element.clientWidth && u.setSize(size(element))));
})();

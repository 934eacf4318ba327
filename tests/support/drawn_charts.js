// What the cards of MLflow's page of charts have drawn, in the order of the page.
//
// The page has no interface for this. A chart of Plotly keeps its traces and its layout in its
// element; the UI puts the ids of the runs into the traces, each kind of chart at another place.

(() => {
  const HEADER = "[data-testid=experiment-view-compare-runs-section-header]";
  const CARD = "[data-testid=experiment-view-compare-runs-card]";
  const MARKS = ".js-line, .point, .points path, .contour path, .heatmaplayer image";

  const numbers = (values) => Array.from(values ?? []).map(Number).filter(Number.isFinite);
  const unique = (values) => [...new Set(values)];

  function plotted(plot) {
    const traces = plot.data ?? [];
    const types = unique(traces.map((trace) => trace.type));
    const lines = traces.filter((trace) => trace.metricKey !== undefined);
    const axis = (name) => plot._fullLayout?.[name] ?? {};
    const common = {
      marks: plot.querySelectorAll(MARKS).length,
      axes: ["xaxis", "yaxis"].map((name) => axis(name).type ?? ""),
      titles: ["xaxis", "yaxis"].map((name) => axis(name).title?.text ?? ""),
    };
    if (types.includes("bar")) {
      const bars = traces[0];
      return { ...common, kind: "BAR", runs: bars.y ?? [], values: numbers(bars.x) };
    }
    if (lines.length > 0)
      return {
        ...common,
        kind: "LINE",
        metrics: unique(lines.map((trace) => trace.metricKey)),
        runs: unique(lines.map((trace) => trace.uuid)),
        values: lines.flatMap((trace) => numbers(trace.y)),
      };
    const points = traces.find((trace) => trace.customdata) ?? {};
    return {
      ...common,
      kind: types.includes("contour") ? "CONTOUR" : "SCATTER",
      runs: Array.from(points.customdata ?? []).map((about) => about[0]),
      values: numbers(points.y),
    };
  }

  // A line of a parallel chart is some pixels of a canvas; its axes are elements.
  function parallel(chart) {
    const inked = (canvas) => {
      if (!canvas.width || !canvas.height) return 0;
      const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
      return data.filter((value, at) => at % 4 === 3 && value > 0).length;
    };
    return {
      kind: "PARALLEL",
      metrics: [...chart.querySelectorAll(".dimension .label")].map((label) => label.textContent),
      marks: Math.max(0, ...[...chart.querySelectorAll("canvas")].map(inked)),
    };
  }

  function table(card) {
    const rows = [...card.querySelectorAll("[role=row]")].map((row) =>
      [...row.children].map((cell) => cell.innerText.trim()).filter(Boolean)
    );
    const switches = [...card.querySelectorAll("[role=switch]")];
    return {
      kind: "DIFFERENCE",
      rows,
      marks: rows.length,
      switched: switches.map((button) => button.getAttribute("aria-checked") === "true"),
    };
  }

  function drawn(card) {
    const find = (selector) => card.querySelector(selector);
    if (find(".parcoords")) return parallel(find(".parcoords"));
    if (find(".js-plotly-plot")) return plotted(find(".js-plotly-plot"));
    if (find("[role=table]")) return table(card);
    const images = [...card.querySelectorAll("img")];
    const loaded = images.filter((image) => image.complete && image.naturalWidth > 0);
    return { kind: images.length > 0 ? "IMAGE" : "EMPTY", marks: loaded.length };
  }

  window.drawnCharts = () => {
    let section = "";
    const cards = [];
    for (const element of document.querySelectorAll(`${HEADER}, ${CARD}`))
      if (element.matches(HEADER)) section = element.innerText.split("\n")[0].trim();
      else {
        const title = element.querySelector("h4")?.innerText.trim() ?? "";
        const box = [element.clientWidth, element.clientHeight];
        cards.push({ section, title, box, ...drawn(element) });
      }
    return cards;
  };

  window.sectionNames = () =>
    [...document.querySelectorAll(HEADER)].map((header) => header.innerText.split("\n")[0].trim());

  // Whether every card is there, and has drawn as many runs as it should.
  window.allDrawn = (counts) => {
    const cards = window.drawnCharts();
    const enough = (card, at) => card.marks > 0 && (card.runs ?? []).length >= (counts[at] ?? 0);
    return cards.length >= counts.length && cards.every(enough);
  };
})();

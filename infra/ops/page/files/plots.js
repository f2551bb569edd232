// Plots by uPlot: one for each panel, with its newest values and a table as text.
import { el, inUnit, table } from "./words.js";

const LIGHT = ["#0067a5", "#b84700", "#007a5a", "#8f3f80", "#7a5f00", "#4f5b66", "#a61b29", "#00707f"];
const DARK = ["#56b4e9", "#ff9d5c", "#4fd1a5", "#e39bcb", "#f0e442", "#c3ccd6", "#ff8a8a", "#5fd6e6"];
const DASHES = [[], [7, 4], [2, 3]];
const HEIGHT = 180;
const dark = matchMedia("(prefers-color-scheme: dark)");
const drawn = new Map();

export function showPanels(place, panels) {
  const open = new Set([...place.querySelectorAll("details[open]")].map((details) => details.dataset.panel));
  place.replaceChildren(...panels.map((panel) => {
    drawn.get(panel.name)?.destroy();
    drawn.delete(panel.name);
    return figure(panel, open.has(panel.name));
  }));
  // Only what is in the document has a width.
  panels.filter((panel) => panel.lines.length).forEach((panel) => draw(panel));
}

function figure(panel, isOpen) {
  const rows = panel.lines.map((line) => ({ cells: [line.label, ...summary(line).map((value) => inUnit(value, panel.unit))], hot: false }));
  const texts = panel.lines.length === 0 ? [] : [
    el("ul", { class: "lines" }, ...panel.lines.map((line, number) => el("li", {}, swatch(number), `${line.label} `, el("b", {}, inUnit(newest(line), panel.unit))))),
    el("details", { "data-panel": panel.name, open: isOpen }, el("summary", {}, "As a table"), table(["", "now", "lowest", "highest"], rows, "")),
    panel.left_out ? el("p", { class: "soft" }, `${panel.left_out} smaller lines are left out.`) : null,
  ];
  const canvas = panel.lines.length === 0 ? el("p", { class: "none soft" }, panel.trouble) : el("div", { id: `plot-${panel.name}`, role: "img", "aria-label": inWords(panel) });
  return el("figure", {}, el("h3", {}, panel.title), canvas, ...texts, el("figcaption", {}, panel.meaning));
}

const known = (line) => line.values.filter((value) => value !== null);
// The newest point may still lack a scrape.
const newest = (line) => line.values.slice(-4).filter((value) => value !== null).pop();
const summary = (line) => [newest(line), Math.min(...known(line)), Math.max(...known(line))];
const inWords = (panel) => `${panel.title}. ${panel.lines.map((line) => `${line.label}: now ${inUnit(newest(line), panel.unit)}, highest ${inUnit(summary(line)[2], panel.unit)}`).join(". ")}`;
const colours = () => (dark.matches ? DARK : LIGHT);
const colourOf = (number) => colours()[number % LIGHT.length];
const dashOf = (number) => DASHES[Math.floor(number / LIGHT.length) % DASHES.length];

function swatch(number) {
  const space = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(space, "svg");
  const line = document.createElementNS(space, "line");
  for (const [name, value] of Object.entries({ x1: 0, x2: 22, y1: 5, y2: 5, stroke: colourOf(number), "stroke-width": 3, "stroke-dasharray": dashOf(number).join(" ") })) line.setAttribute(name, value);
  svg.setAttribute("viewBox", "0 0 22 10");
  svg.setAttribute("aria-hidden", "true");
  svg.append(line);
  return svg;
}

function draw(panel) {
  const place = document.getElementById(`plot-${panel.name}`);
  const style = getComputedStyle(document.documentElement);
  const [soft, grid] = ["--soft", "--grid"].map((name) => style.getPropertyValue(name));
  const axis = { stroke: soft, grid: { stroke: grid, width: 1 }, ticks: { stroke: grid, width: 1 }, font: "12px system-ui, sans-serif" };
  const options = {
    width: place.clientWidth, height: HEIGHT, legend: { show: false }, cursor: { drag: { x: false, y: false }, sync: { key: "ops" } },
    tzDate: (at) => uPlot.tzDate(new Date(at * 1000), "Etc/UTC"),
    scales: { y: { range: (_plot, _low, high) => [0, high > 0 ? high * 1.1 : 1] } },
    axes: [{ ...axis, space: 60, values: times }, { ...axis, size: 72, values: (_plot, ticks) => ticks.map((value) => inUnit(value, panel.unit)) }],
    series: [{}, ...panel.lines.map((line, number) => ({ label: line.label, stroke: colourOf(number), dash: dashOf(number), width: 2, points: { show: known(line).length === 1 } }))],
  };
  drawn.set(panel.name, new uPlot(options, [panel.times, ...panel.lines.map((line) => line.values)], place));
}

function times(_plot, ticks) {
  const isLong = ticks.length > 1 && ticks[1] - ticks[0] >= 43200;
  return ticks.map((at) => new Date(at * 1000).toISOString().slice(...(isLong ? [5, 10] : [11, 16])));
}

export function redrawOnResize(again) {
  let width = innerWidth;
  addEventListener("resize", () => {
    if (innerWidth === width) return;
    width = innerWidth;
    again();
  });
  dark.addEventListener("change", again);
}

// Asks for the page's data again and again, and shows it. Prometheus is asked by the server only.
import { showMap } from "./map.js";
import { redrawOnResize, showPanels } from "./plots.js";
import { showActions, showAlerts, showForecast, showTables } from "./tables.js";
import { showFigures, showUnreachable, showVerdict } from "./top.js";
import { clock, el, fill } from "./words.js";

const NOW_MS = 4000;
const PLOTS_MS = 20000;
const FORECAST_MS = 600000;
const RANGES = { 15: "15 minutes", 60: "1 hour", 360: "6 hours", 1440: "1 day", 10080: "7 days" };
let minutes = 60;
const shown = new Map();

async function ask(path) {
  const reply = await fetch(path, { headers: { Accept: "application/json" } });
  if (reply.status === 401) location.assign("/ops/sign-in");
  if (!reply.ok) throw new Error(`${path}: ${reply.status}`);
  return reply.json();
}

async function now() {
  try {
    const found = await ask("/ops/api/now");
    showVerdict(found.verdict);
    showFigures(found.figures);
    showMap(found);
    showTables(found);
    showAlerts(found.alerts);
    showActions(found.actions);
    fill("fresh", `as of ${clock(found.at)} UTC`);
  } catch (fault) {
    showUnreachable();
    console.warn(fault);
  }
}

async function plots(board) {
  if (!board.open) return;
  const { panels } = await ask(`/ops/api/dashboards/${board.dataset.name}?minutes=${minutes}`);
  shown.set(board, panels);
  showPanels(board.querySelector(".plots"), panels);
}

const boards = () => [...document.querySelectorAll(".board")];
const allPlots = () => Promise.allSettled(boards().map(plots));
const forecast = () => ask("/ops/api/forecast").then(showForecast).catch(console.warn);

function makeRanges(offered) {
  fill("ranges", el("span", { class: "soft" }, "Plots of the last"), ...offered.map((one) => {
    const button = el("button", { type: "button", "aria-pressed": String(one === minutes) }, RANGES[one] ?? `${one} min`);
    button.addEventListener("click", () => {
      minutes = one;
      makeRanges(offered);
      allPlots();
    });
    return button;
  }));
}

function makeBoards(offered) {
  const made = offered.map((one, place) => {
    const board = el("details", { class: "board", "data-name": one.name, open: place === 0 },
      el("summary", {}, one.title), el("div", { class: "plots" }));
    board.addEventListener("toggle", () => plots(board).catch(console.warn));
    return board;
  });
  fill("first-dashboard", made[0]);
  fill("more-dashboards", ...made.slice(1));
}

function repeat(work, pauseMs) {
  const again = async () => {
    // A page in the background costs the suite nothing.
    if (!document.hidden) await work();
    setTimeout(again, pauseMs);
  };
  again();
}

const { dashboards, ranges_minutes: ranges } = await ask("/ops/api/dashboards");
makeRanges(ranges);
makeBoards(dashboards);
redrawOnResize(() => shown.forEach((panels, board) => { if (board.open) showPanels(board.querySelector(".plots"), panels); }));
repeat(now, NOW_MS);
repeat(allPlots, PLOTS_MS);
repeat(forecast, FORECAST_MS);

// The map of processes, from the edge down to what watches; each with its state and its load.
import { bytes, el, fill } from "./words.js";

const STATES = {
  RUNNING: ["ok", "✓", "runs"], STARTING: ["busy", "↻", "starts"], STOPPING: ["busy", "↻", "stops"],
  STOPPED: ["down", "✕", "stopped"], BACKOFF: ["down", "✕", "ends again and again"], EXITED: ["down", "✕", "has ended"],
  FATAL: ["down", "✕", "does not start"], FROZEN: ["down", "✕", "stands still"], UNKNOWN: ["down", "✕", "unknown"],
};
const LAYERS = [["nginx", "Balancers"], ["gateway", "Gateways"]];
const SERVICES = ["users", "upload", "feed"];
const HOT = 0.85;

export function showMap(now) {
  if (now.processes.length === 0) {
    fill("map", el("p", { class: "soft" }, "What runs is not known."));
    return;
  }
  const left = new Set(now.processes);
  const take = (test) => {
    const found = [...left].filter(test);
    found.forEach((process) => left.delete(process));
    return found;
  };
  const silent = new Set(now.silent);
  const cells = (processes, roles = {}) => el("div", { class: "cells" }, ...processes.map((one) => cell(one, silent, roles)));
  const edge = LAYERS.map(([service, title]) => {
    const redis = take((one) => one.kind === "redis" && one.server === service);
    return el("div", { class: "box layer" }, el("h3", {}, title), cells([...take((one) => one.service === service), ...redis]));
  });
  const services = SERVICES.map((service) => el("div", { class: "box" },
    el("h3", {}, service),
    cells([...take((one) => one.service === service), ...take((one) => one.kind === "redis" && one.server === service)]),
    ...now.databases.filter((one) => one.service === service).map((one) => database(one, take, cells))));
  const others = [...left].filter((one) => one.kind !== "watcher" && one.service !== "ops" && one.service !== "automation");
  const watchers = [...left].filter((one) => !others.includes(one));
  fill("map", ...edge, el("div", { class: "services layer" }, ...services),
    el("div", { class: "box layer" }, el("h3", {}, "Stores, names and keepers"), cells(others)),
    watchers.length ? el("div", { class: "box layer" }, el("h3", {}, "What watches"), cells(watchers)) : null);
}

function database(one, take, cells) {
  const roles = Object.fromEntries(one.members.map((name) => [name, name === one.leader ? "primary" : "replica"]));
  const members = take((process) => one.members.includes(process.server));
  const lead = one.leader ? "" : ", and nobody leads";
  return el("div", { class: "database" }, el("p", { class: "soft" }, `Shards ${one.in_words}${lead}`), cells(members, roles));
}

function cell(process, silent, roles) {
  let [kind, sign, state] = STATES[process.state];
  if (kind === "ok" && silent.has(process.name)) [kind, sign, state] = ["down", "✕", "does not answer"];
  const role = roles[process.server] ? `, ${roles[process.server]}` : "";
  const share = Math.min(process.processors, 1);
  const bar = el("i");
  bar.style.width = `${(share * 100).toFixed(1)}%`;
  return el("div", { class: `cell ${kind}` },
    el("span", { class: "sign", "aria-hidden": "true" }, sign), el("b", {}, process.kind === "postgres" ? process.server : process.name),
    el("div", { class: "facts" },
      el("span", { class: "state" }, kind === "ok" && role ? role.slice(2) : state + role),
      kind === "down" ? null : el("span", {}, `${(process.processors * 100).toFixed(0)} % · ${bytes(process.memory_bytes)}`)),
    el("div", { class: share > HOT ? "bar hot" : "bar", "aria-hidden": "true" }, bar));
}

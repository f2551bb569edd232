// Makes elements and puts figures into words. Texts are always set as text, never as markup.
export function el(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== false) element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

export function fill(id, ...children) {
  document.getElementById(id).replaceChildren(...children.filter(Boolean));
}

const BYTES = ["B", "KB", "MB", "GB", "TB"];

function digits(value) {
  const size = Math.abs(value);
  if (size === 0) return "0";
  if (size >= 100) return Math.round(value).toLocaleString("en");
  if (size >= 10) return value.toFixed(1).replace(/\.0$/, "");
  return size < 0.01 ? value.toPrecision(1) : value.toFixed(2).replace(/\.?0+$/, "");
}

export function seconds(value) {
  if (value < 1) return `${digits(value * 1000)} ms`;
  if (value < 120) return `${digits(value)} s`;
  if (value < 7200) return `${digits(value / 60)} min`;
  return value < 172800 ? `${digits(value / 3600)} h` : `${digits(value / 86400)} days`;
}

export function bytes(value) {
  let size = value, step = 0;
  while (Math.abs(size) >= 1000 && step < BYTES.length - 1) { size /= 1000; step += 1; }
  return `${digits(size)} ${BYTES[step]}`;
}

export function inUnit(value, unit) {
  if (value === null || value === undefined) return "–";
  if (unit === "seconds") return seconds(value);
  if (unit === "bytes") return bytes(value);
  if (unit === "fraction") return `${digits(value * 100)} %`;
  if (unit === "per minute") return `${digits(value)}/min`;
  if (unit === "per second") return `${digits(value)}/s`;
  if (unit === "days") return `${digits(value)} days`;
  return digits(value);
}

export function clock(unixSeconds) {
  return new Date(unixSeconds * 1000).toISOString().slice(11, 19);
}

export function moment(at) {
  const date = new Date(typeof at === "number" ? at * 1000 : at);
  return Number.isNaN(date.valueOf()) ? String(at) : `${date.toISOString().slice(0, 19).replace("T", " ")} UTC`;
}

// What to do stands in the tree, and the server shows it.
export function pageLink(page) {
  const name = page.replace(/^docs\/operations\//, "");
  return el("a", { href: `/ops/pages/${name}` }, `What to do: ${name.replace("#", ", ")}`);
}

export function table(heads, rows, empty) {
  if (rows.length === 0) return el("p", { class: "soft" }, empty);
  const head = el("tr", {}, ...heads.map((title, place) => el("th", { scope: "col", class: place ? "number" : undefined }, title)));
  const body = rows.map(({ cells, hot }) => el("tr", { class: hot ? "hot" : undefined },
    ...cells.map((cell, place) => el(place ? "td" : "th", place ? { class: "number" } : { scope: "row" }, cell))));
  return el("div", { class: "wide" }, el("table", {}, el("thead", {}, head), el("tbody", {}, ...body)));
}

// Tables of databases, queues, disk and backups; alerts; what the automation did; the forecast.
import { bytes, el, fill, inUnit, moment, pageLink, seconds, table } from "./words.js";

const LAG_MAX_S = 2;
const OUTBOX_MAX_S = 60;
const QUEUE_MAX = 200;
const DISK_SHARE_MIN = 0.1;
const DAY_S = 86400;

const box = (title, ...content) => el("div", { class: "box" }, el("h3", {}, title), ...content);
const rowsOf = (values, show, isHot) => Object.entries(values ?? {}).sort()
  .map(([name, value]) => ({ cells: [name, show(value)], hot: isHot(value) }));

export function showTables(now) {
  const { lag, unsynced, queues, outbox, disk_free: free, disk_size: size, backup_age: age } = now.lists;
  const databases = now.databases.map((one) => {
    const behind = Math.max(...one.members.map((member) => lag?.[lagName(lag, member)] ?? -1));
    const alone = unsynced?.[one.name];
    const sync = alone === undefined ? "" : alone > 0 ? `, not in sync for ${seconds(alone)}` : ", in sync";
    return { cells: [one.name, one.in_words, one.leader || "nobody", behind < 0 ? "–" : seconds(behind) + sync],
      hot: !one.leader || behind > LAG_MAX_S };
  });
  fill("tables",
    box("Shards by primary", table(["database", "shards", "leads", "lag"], databases, "Not known.")),
    box("Jobs that wait", table(["kind", "jobs"], rowsOf(queues, (n) => inUnit(n, "count"), (n) => n > QUEUE_MAX), "No job waits.")),
    box("Oldest event in an outbox", table(["primary", "age"], rowsOf(outbox, seconds, (s) => s > OUTBOX_MAX_S), "Not known.")),
    box("Free disk space", table(["place", "free"], rowsOf(free, bytes, () => false).map((row) => withShare(row, free, size)), "Not known.")),
    box("Newest backup", table(["primary", "age"], rowsOf(age, seconds, (s) => s > 1.2 * DAY_S), "There is none: backups are off, or the first is not finished.")));
}

const lagName = (lag, member) => Object.keys(lag ?? {}).find((name) => name === member || name.startsWith(`${member}.`));

function withShare(row, free, size) {
  const place = row.cells[0];
  if (!size?.[place]) return row;
  const share = free[place] / size[place];
  return { cells: [place, `${row.cells[1]}, ${(share * 100).toFixed(0)} %`], hot: share < DISK_SHARE_MIN };
}

export function showAlerts(alerts) {
  if (alerts === null) return fill("alerts", el("p", { class: "soft" }, "Prometheus does not answer, or is not part of this suite."));
  if (alerts.length === 0) return fill("alerts", el("p", { class: "soft" }, "No alert fires."));
  return fill("alerts", ...alerts.map((alert) => el("div", { class: `alert ${alert.severity === "page" ? "bad" : "attention"}` },
    el("strong", {}, `${alert.severity === "page" ? "✕ Act now" : "! Within days"}: ${alert.summary || alert.name}`),
    alert.page && alert.description.includes(alert.page) ? null : el("div", {}, el("span", {}, alert.description)),
    el("div", { class: "soft" }, `${alert.name} since ${moment(alert.since)}`),
    alert.page ? el("div", { class: "page" }, pageLink(alert.page)) : null)));
}

export function showActions(actions) {
  if (actions === null) return fill("actions", el("p", { class: "soft" }, "The automation does not answer, or is not part of this suite."));
  const rows = actions.map((one) => ({ hot: false, cells: [moment(one.at), `${one.verb}${one.dry_run ? " (dry run)" : ""}`, one.target, one.outcome, one.alert, one.why] }));
  return fill("actions", el("div", { class: "box" }, table(["when", "what", "target", "outcome", "because of", "why"], rows, "It did nothing so far.")));
}

export function showForecast(forecast) {
  if (forecast.trouble) return fill("forecast", el("p", { class: "soft" }, forecast.trouble));
  const boxes = forecast.scarce.map((one) => box(one.title, table(["", "used", "of", "outlook"],
    one.outlooks.map((outlook) => ({
      cells: [outlook.what, inUnit(outlook.used, one.unit), inUnit(outlook.limit, one.unit), outlook.sentence],
      hot: outlook.standing === "at its limit" || (outlook.days !== null && outlook.days < 14),
    })), "Nothing is measured yet.")));
  return fill("forecast", el("p", {}, forecast.day_in_words), el("div", { class: "tables" }, ...boxes));
}

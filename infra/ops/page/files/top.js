// The top of the page: the verdict with its reasons, and the figures of the last minute.
import { el, fill, inUnit, pageLink } from "./words.js";

const SIGNS = { well: "✓", attention: "!", bad: "✕" };

export function showVerdict(verdict) {
  const place = document.getElementById("verdict");
  const reasons = verdict.reasons.map((reason) => el("li", { class: reason.level },
    el("strong", {}, `${SIGNS[reason.level]} ${reason.what}`),
    reason.effect ? el("span", {}, reason.effect) : null,
    reason.page ? el("div", { class: "page" }, pageLink(reason.page)) : null));
  const text = verdict.headline + verdict.reasons.map((reason) => reason.what).join();
  // A reader of screens hears the same words once.
  if (place.dataset.said === text) return;
  place.dataset.said = text;
  place.className = `verdict ${verdict.level}`;
  place.replaceChildren(el("h2", {}, `${SIGNS[verdict.level]} ${verdict.headline}`),
    ...(reasons.length ? [el("ul", {}, ...reasons)] : []));
  document.title = `${SIGNS[verdict.level]} ${verdict.headline} Retrato`;
}

export function showUnreachable() {
  showVerdict({ level: "attention", headline: "This page does not get an answer.",
    reasons: [{ level: "attention", what: "The process `ops` does not answer.", effect: "What is below is old. It tries again.", page: "docs/operations/ops-page.md" }] });
}

export function showFigures(figures) {
  fill("figures", ...figures.map((figure) => {
    const hot = ["refused", "failed"].includes(figure.name) && figure.value > 0.05;
    return el("div", { class: hot ? "hot" : undefined },
      el("dt", {}, figure.title),
      el("dd", {}, inUnit(figure.value, figure.unit)));
  }));
}

// Before Ray's own script, on each page of a stored session: says which it is, and stops the clocks of one that has
// ended. `rayHistory` is the answer of /api/history/session.
(() => {
  "use strict";
  const lastSeen = rayHistory.last_seen_ms;

  // Durations of everything that was left running end at the last event, and not at this moment.
  if (rayHistory.has_ended && lastSeen !== null) {
    window.Date = new Proxy(Date, {
      construct: (date, parts) => parts.length === 0 ? new date(lastSeen) : Reflect.construct(date, parts),
      apply: (date) => new date(lastSeen).toString(),
      get: (date, key) => key === "now" ? () => lastSeen : Reflect.get(date, key),
    });
  }

  function part(bar, text, weight) {
    const span = document.createElement("span");
    span.textContent = text;
    if (weight) span.style.fontWeight = weight;
    bar.append(span);
    return span;
  }

  document.addEventListener("DOMContentLoaded", () => {
    const bar = document.createElement("div");
    bar.id = "ray-history-banner";
    bar.setAttribute("role", "status");
    bar.style.cssText = "position:fixed;bottom:0;left:0;right:0;z-index:2000;display:flex;gap:1.2em;align-items:center;"
        + "padding:3px 14px;font:13px/1.5 system-ui,sans-serif;background:#1f2d3d;color:#fff;white-space:nowrap;"
        + "overflow:hidden";
    part(bar, `${rayHistory.namespace}/${rayHistory.cluster}`, "600");
    part(bar, rayHistory.session);
    const seen = lastSeen === null ? "nothing of it was seen"
        : `last seen ${new Date(lastSeen).toISOString().replace("T", " ").slice(0, 19)} UTC`;
    part(bar, rayHistory.has_ended ? `this session has ended: ${seen}` : `stored while it runs: ${seen}`);
    if (rayHistory.partial_failure) part(bar, "some of it is missing", "600").title = rayHistory.partial_failure;
    const all = document.createElement("a");
    all.textContent = "all sessions";
    // A proxy before the History Server may have a path of its own.
    const isOfAddress = /\/c\/[^/]+\/[^/]+\/[^/]+\/[^/]+\/$/.test(location.pathname);
    all.href = (isOfAddress ? "../../../../../" : "") + "select_cluster";
    all.style.cssText = "color:#9ecbff;margin-left:auto";
    bar.append(all);
    document.body.append(bar);
    document.body.style.paddingBottom = "28px";
  });
})();

"use strict";
const pageRows = 50;
const byId = (id) => document.getElementById(id);
let sessions = [];
let page = 0;

const address = (s) => ["c", s.namespace, "raycluster", s.name, s.sessionName]
    .map(encodeURIComponent).join("/") + "/";
const owner = (s) => s.ownerKind ? s.ownerKind + "/" + s.ownerName : "";
const begun = (s) => new Date(s.createTimeStamp * 1000).toISOString().replace(".000Z", "Z");

// The filter and the page are a part of the page's own address, so that it can be shared and the way back
// leads to them.
function readAddress() {
  const asked = new URLSearchParams(location.search);
  byId("filter").value = asked.get("filter") || "";
  page = Math.max(1, Number.parseInt(asked.get("page"), 10) || 1) - 1;
}

function ownAddress() {
  const asked = new URLSearchParams();
  if (byId("filter").value) asked.set("filter", byId("filter").value);
  if (page > 0) asked.set("page", page + 1);
  const query = asked.toString();
  return location.pathname + (query ? "?" + query : "");
}

function matching() {
  const words = byId("filter").value.toLowerCase().split(/\s+/).filter(Boolean);
  return sessions.filter((s) => words.every((word) => s.text.includes(word)));
}

function cell(row, text, title, className) {
  const td = row.insertCell();
  td.textContent = text;
  if (title) td.dataset.title = title;
  if (className) td.className = className;
  return td;
}

function show() {
  const found = matching();
  const pages = Math.max(1, Math.ceil(found.length / pageRows));
  page = Math.min(page, pages - 1);
  const rows = byId("rows");
  rows.replaceChildren();
  for (const s of found.slice(page * pageRows, (page + 1) * pageRows)) {
    const row = rows.insertRow();
    const link = document.createElement("a");
    link.href = address(s);
    link.textContent = s.name;
    row.insertCell().append(link);
    cell(row, s.namespace, "Namespace");
    cell(row, owner(s), "Owner");
    const time = document.createElement("time");
    time.dateTime = time.textContent = begun(s);
    cell(row, "", "Begun").append(time);
    cell(row, s.sessionName, "", s.sessionName === "live" ? "session live" : "session");
  }
  byId("page").textContent = "Page " + (page + 1) + " of " + pages;
  byId("previous").disabled = page === 0;
  byId("next").disabled = page + 1 >= pages;
  byId("status").textContent = sessions.length === 0
      ? "There is no session in the store yet."
      : found.length + " of " + sessions.length + " sessions";
}

async function load() {
  try {
    const response = await fetch("clusters");
    if (!response.ok) throw new Error(await response.text());
    sessions = await response.json();
    for (const s of sessions)
      s.text = [s.name, s.namespace, owner(s), s.sessionName, begun(s), s.createTime].join(" ").toLowerCase();
    show();
  } catch (error) {
    byId("status").textContent = "The sessions cannot be listed: " + error.message;
  }
}

function turn(pages) {
  page += pages;
  show();
  history.pushState(null, "", ownAddress());
}

byId("filter").addEventListener("input", () => {
  page = 0;
  show();
  // Not a step back for each letter.
  history.replaceState(null, "", ownAddress());
});
byId("reload").addEventListener("click", load);
byId("previous").addEventListener("click", () => turn(-1));
byId("next").addEventListener("click", () => turn(1));
window.addEventListener("popstate", () => { readAddress(); show(); });
readAddress();
load();

"use strict";
/* What makes the pages nicer; each of them works without it. */

const UNITS = [["year", 31536000], ["month", 2592000], ["week", 604800], ["day", 86400], ["hour", 3600], ["minute", 60]];
const relative = new Intl.RelativeTimeFormat("en", { numeric: "auto" });

function ago(date) {
  const seconds = (date - Date.now()) / 1000;
  if (Math.abs(seconds) < 45) return "just now";
  for (const [unit, size] of UNITS) {
    if (Math.abs(seconds) >= size) return relative.format(Math.round(seconds / size), unit);
  }
  return relative.format(Math.round(seconds / 60), "minute");
}

/* A moment to come is that of the viewer's clock; its title is the server's. */
const here = new Intl.DateTimeFormat("en-GB", { weekday: "short", day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", timeZoneName: "short" });

function freshenTimes() {
  for (const time of document.querySelectorAll("time[data-local]:not([title])")) {
    time.title = time.textContent;
    time.textContent = here.format(new Date(time.dateTime));
  }
  for (const time of document.querySelectorAll("time[data-ago]")) {
    const date = new Date(time.dateTime);
    if (!time.title) time.title = time.textContent;
    time.textContent = ago(date);
  }
}

async function copy(button) {
  const source = document.getElementById(button.dataset.copy);
  const text = source.value ?? source.textContent;
  try {
    await navigator.clipboard.writeText(text.trim());
    say("Copied.");
    showDone(button);
  } catch {
    /* The clipboard needs HTTPS: select the text instead, for Ctrl-C. */
    if (source.select) source.select();
    else getSelection().selectAllChildren(source);
    say("Selected; press Ctrl-C to copy.");
  }
}

function showDone(button) {
  const label = button.lastChild;
  label.textContent = " Copied";
  setTimeout(() => { label.textContent = " Copy"; }, 2000);
}

/* Shows only the lines that have the text, and the groups that have such lines. */
function narrow(field) {
  const wanted = field.value.toLowerCase();
  const list = document.getElementById(field.dataset.narrow);
  for (const line of list.querySelectorAll("[data-text]")) line.hidden = !line.dataset.text.toLowerCase().includes(wanted);
  for (const group of list.querySelectorAll("[data-group]")) group.hidden = !group.querySelector("[data-text]:not([hidden])");
}

/* A part that waits for something asks every three seconds for what takes its place: 204 while there is nothing. A
   visitor who has to sign in again is asked so by the next page that they open. */
function poll(part) {
  const timer = setInterval(async () => {
    const answer = document.hidden ? null : await fetch(part.dataset.poll).catch(() => null);
    if (!answer || answer.status === 204 || answer.status === 429 || answer.status >= 500) return;
    clearInterval(timer);
    if (!answer.ok || answer.redirected) return;
    part.outerHTML = await answer.text();
    freshenTimes();
  }, 3000);
}

function say(text) {
  document.getElementById("outcome").textContent = text;
}

const GOTO = { o: "/", p: "/projects", l: "/leagues", k: "/settings/keys", a: "/administration/people" };
let waitingForGoto = false;

function shortcut(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
  if (event.target.closest("input, textarea, select, [contenteditable]")) {
    if (event.key === "Escape") event.target.blur();
    return;
  }
  if (waitingForGoto) {
    waitingForGoto = false;
    const link = GOTO[event.key] && document.querySelector(`nav a[href="${GOTO[event.key]}"], .menu a[href="${GOTO[event.key]}"]`);
    if (link) link.click();
    return;
  }
  if (event.key === "g") waitingForGoto = true;
  else if (event.key === "/") focusOn(event, "[data-search]");
  else if (event.key === "n") clickOn(event, "[data-primary]");
  else if (event.key === "?") clickOn(event, "[data-shortcuts]");
  else if (event.key === "j" || event.key === "k") moveRow(event, event.key === "j" ? 1 : -1);
}

function focusOn(event, selector) {
  const field = document.querySelector(selector);
  if (field) { event.preventDefault(); field.focus(); }
}

function clickOn(event, selector) {
  const found = document.querySelector(selector);
  if (found) { event.preventDefault(); found.click(); }
}

function moveRow(event, step) {
  const links = [...document.querySelectorAll("[data-row]")];
  if (!links.length) return;
  event.preventDefault();
  const place = links.indexOf(document.activeElement) + step;
  links[Math.max(0, Math.min(links.length - 1, place))].focus();
}

/* Live: when the server says that something changed, ask for this page again and put new rows in place of old ones.
   Nothing moves while somebody reads: rows that would stand elsewhere wait behind a note. */
async function refresh() {
  const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
  if (!answer.ok || answer.redirected) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  for (const element of fresh.querySelectorAll(".needs-script")) element.hidden = false;
  document.title = fresh.title;
  for (const part of document.querySelectorAll("[data-live]")) {
    const other = fresh.getElementById(part.id);
    if (!other) return location.reload();
    if (other.innerHTML !== part.innerHTML) replaceContent(part, other);
  }
  refreshRows(fresh);
  freshenTimes();
}

/* What somebody has opened stays open and focused: what was loaded as it is, and what has an id with its new content. */
function replaceContent(part, other) {
  let focused = document.activeElement;
  const open = [...part.querySelectorAll("details[data-load][open]")];
  const opened = [...part.querySelectorAll("details[id][open]")].map((details) => details.id);
  const summary = part.contains(focused) && focused.matches("details[id] > summary") ? focused.parentElement.id : null;
  if (part.contains(focused) && !summary && !open.some((details) => details.contains(focused))) return;
  for (const id of opened) other.querySelector(`#${CSS.escape(id)}`)?.setAttribute("open", "");
  if (summary) focused = other.querySelector(`#${CSS.escape(summary)} > summary`) ?? focused;
  for (const details of open) other.querySelector(`[data-load="${CSS.escape(details.dataset.load)}"]`)?.replaceWith(details);
  part.replaceChildren(...other.childNodes);
  if (part.contains(focused)) focused.focus({ preventScroll: true });
}

/* What a <details> shows is a part of another page, asked for once; without script, a link leads there. */
async function loadDetails(details) {
  const { load, part } = details.dataset;
  if (!details.open || !load || details.dataset.loaded) return;
  details.dataset.loaded = "yes";
  try {
    const answer = await fetch(load);
    if (!answer.ok || answer.redirected) throw new Error(String(answer.status));
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    details.replaceChildren(details.querySelector("summary"), ...page.getElementById(part).childNodes);
    freshenTimes();
  } catch {
    delete details.dataset.loaded;
  }
}

function refreshRows(fresh) {
  const old = [...document.querySelectorAll("[data-key]")];
  const now = [...fresh.querySelectorAll("[data-key]")];
  const byKey = new Map(now.map((row) => [row.dataset.key, row]));
  for (const row of old) {
    const other = byKey.get(row.dataset.key);
    if (!other || other.dataset.version === row.dataset.version) continue;
    const focused = row.contains(document.activeElement);
    row.replaceChildren(...other.childNodes);
    row.dataset.version = other.dataset.version;
    row.classList.remove("changed");
    void row.offsetWidth;
    row.classList.add("changed");
    if (focused) row.querySelector("[data-row]")?.focus();
  }
  const order = (rows) => rows.map((row) => `${row.closest("tbody").dataset.band} ${row.dataset.key}`).join("\n");
  const note = document.getElementById("moved");
  if (note) note.hidden = order(old) === order(now);
}

let stream = null;
let pause = 1000;
let waiting = null;

function listen() {
  if (stream || document.hidden || !document.querySelector("[data-live]")) return;
  const watched = document.querySelector("[data-endpoint]");
  stream = new EventSource(watched ? `/live?endpoint=${watched.dataset.endpoint}` : "/live");
  stream.onopen = () => { pause = 1000; };
  stream.addEventListener("ready", soon);
  stream.addEventListener("changed", soon);
  stream.onerror = () => {
    if (stream && stream.readyState === EventSource.CLOSED) {
      stream = null;
      setTimeout(listen, pause);
      pause = Math.min(pause * 2, 60000);
    }
  };
}

function soon() {
  if (!waiting) waiting = setTimeout(() => { waiting = null; refresh().catch(() => {}); }, 300);
}

document.addEventListener("visibilitychange", () => {
  /* A browser has six connections to a server: a hidden tab gives its own back. */
  if (document.hidden && stream) { stream.close(); stream = null; }
  else listen();
});
addEventListener("pagehide", () => { if (stream) stream.close(); stream = null; });
addEventListener("pageshow", listen);

/* The next page's rows below these. Where that fails, the link leads to the next page, as it does without script. */
async function loadMore(link) {
  try {
    const answer = await fetch(link.href);
    if (!answer.ok) throw new Error(String(answer.status));
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const rows = [...page.querySelectorAll("[data-rows] > *")];
    for (const element of page.querySelectorAll("[data-rows] .needs-script")) element.hidden = false;
    const list = document.querySelector("[data-rows]");
    list.append(...rows);
    /* The server knows the first page only: with more rows the list stays as it is. */
    list.removeAttribute("data-live");
    const next = page.querySelector("[data-more]");
    if (next) link.href = next.href;
    else link.closest(".pager").remove();
    freshenTimes();
    say(`${rows.length} more are shown.`);
    const first = rows[0]?.querySelector("[data-row], a, summary");
    if (first) first.focus();
  } catch {
    location.href = link.href;
  }
}

document.addEventListener("click", (event) => {
  const more = event.target.closest("a[data-more]");
  if (more && !event.ctrlKey && !event.metaKey && !event.shiftKey) { event.preventDefault(); loadMore(more); }
  const button = event.target.closest("[data-copy]");
  if (button) copy(button);
  const zone = event.target.closest("[data-own-zone]");
  if (zone) document.getElementById(zone.dataset.ownZone).value = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const shown = event.target.closest("[data-show-password]");
  if (shown) {
    const field = document.getElementById(shown.dataset.showPassword);
    field.type = field.type === "password" ? "text" : "password";
    shown.setAttribute("aria-pressed", String(field.type === "text"));
  }
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
});
/* `toggle` does not bubble. */
document.addEventListener("toggle", (event) => loadDetails(event.target), true);
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") for (const menu of document.querySelectorAll("details.menu[open]")) menu.open = false;
  if (document.documentElement.dataset.shortcuts !== "off") shortcut(event);
});
document.addEventListener("input", (event) => {
  if (event.target.dataset.narrow) narrow(event.target);
});
for (const element of document.querySelectorAll(".needs-script")) element.hidden = false;
for (const part of document.querySelectorAll("[data-poll]")) poll(part);
const wrong = document.querySelector("[data-faults]");
if (wrong) wrong.focus();
freshenTimes();
setInterval(freshenTimes, 30000);

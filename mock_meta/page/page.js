// The live page of mock_meta: reads /_control/feed, acts through /_control like any other client. No dependency, no build.

import { $, answer, attempt, call, make, what, who } from "./mock.js";
import * as activity from "./activity.js";
import * as messageTimeline from "./message_timeline.js";

const SHOWN = 250, KEPT = 5000, PAUSE = 500;
const EMPTY = () => ({ since: null, lines: [], missed: 0, before: 0 });
const state = { ...EMPTY(), frozen: false, skew: 0 };

// --- following the mock

async function follow() {
  try {
    const fresh = await call("GET", `feed?since=${state.since ?? 0}`);
    $("link").className = "";
    $("link").textContent = "live";
    if (fresh.last_seq < state.since) begin();  // another mock, which counts from the start
    else take(fresh);
  } catch {
    $("link").className = "lost";
    $("link").textContent = "no answer; trying again";
  }
  activity.draw(Math.floor(Date.now() / 1000 - state.skew));
  setTimeout(follow, PAUSE);
}

function begin() {
  Object.assign(state, EMPTY());
  activity.forget();
  close();
}

function take(fresh) {
  const missed = state.since === null ? 0 : fresh.missed;  // what was there before the page was opened is not missed
  state.since = fresh.last_seq;
  state.skew = Date.now() / 1000 - fresh.now;
  state.missed += missed;
  for (const name of ["sends", "refused", "webhooks", "unanswered", "pending"]) {
    $(name).textContent = fresh[name].toLocaleString("en");
    $(name).classList.toggle("bad", fresh[name] > 0 && (name === "refused" || name === "unanswered"));
  }
  for (const line of fresh.lines) activity.count(line, 1 + missed / fresh.lines.length);
  state.lines.push(...fresh.lines);
  state.lines.splice(0, state.lines.length - KEPT);
  if (!state.frozen && (fresh.lines.length || fresh.before !== state.before)) {
    state.before = fresh.before;
    list();
  }
  attempt(() => messageTimeline.update(fresh.lines))();
}

// --- the lines

const clock = (at) => [new Date(at * 1000).toTimeString().slice(0, 8), make("small", `.${String(Math.floor((at % 1) * 1000)).padStart(3, "0")}`)];
const result = (line) => [answer(line), ...line.errors].join(" · ");
const searched = (line) => [what(line), line.people.join(" "), result(line), line.wamids.join(" ")].join(" ").toLowerCase();

function matches(line) {
  const kind = $("kind").value, text = $("text").value.trim().toLowerCase();
  if (kind === "bad" ? line.good : kind && kind !== line.kind) return false;
  return !text || searched(line).includes(text.replace(/^\+(?=\d)/, ""));
}

function row(line) {
  const made = make("tr", [], { className: `${line.kind} ${line.good ? "" : "bad"}` });
  made.dataset.seq = line.seq;
  const arrow = make("td", line.kind === "webhook" ? "←" : "→");
  arrow.title = line.kind === "webhook" ? "Meta to the application" : "the application to Meta";
  const milliseconds = line.seconds === null ? "" : (line.seconds * 1000).toFixed(1);
  const [named, person, said] = [what(line), who(line), result(line)].map((text) => make("td", text, { title: text }));
  made.append(make("td", clock(line.at)), arrow, named, person, said, make("td", milliseconds, { className: "number" }));
  return made;
}

function list() {
  const place = $("lines"), focused = document.activeElement?.dataset?.seq;
  const old = new Map([...place.rows].map((one) => [one.dataset.seq, one]));
  const lines = state.lines.filter(matches).slice(-SHOWN).reverse();
  place.replaceChildren(...lines.map((line) => {
    const known = old.get(String(line.seq)), shown = known ?? row(line);
    shown.tabIndex = -1;
    shown.setAttribute("aria-selected", String(messageTimeline.chosen() === line.seq));
    shown.classList.toggle("earlier", line.seq <= state.before);
    shown.classList.toggle("new", !known && old.size > 0);
    return shown;
  }));
  const next = [...place.rows].find((one) => one.dataset.seq === focused) ?? place.rows[0];
  if (next) next.tabIndex = 0;
  if (focused !== undefined) next?.focus({ preventScroll: true });
  $("nothing").hidden = state.lines.length > 0;
  $("earlier").hidden = !(state.lines[0]?.seq <= state.before);
  $("missed").hidden = !state.missed;
  $("missed").textContent = `${state.missed.toLocaleString("en")} lines came faster than this page reads; the ledger has them all.`;
}

function move(step) {
  const rows = [...$("lines").rows];
  const here = rows.findIndex((one) => one === document.activeElement);
  const next = rows[Math.min(rows.length - 1, Math.max(0, here + step))];
  if (!next) return;
  rows.forEach((one) => { one.tabIndex = one === next ? 0 : -1; });
  next.focus();
}

async function choose(seq) {
  const line = state.lines.find((one) => one.seq === Number(seq));
  if (!line) return;
  const opening = messageTimeline.open(line);
  list();
  await opening;
}

function close() {
  const seq = messageTimeline.chosen(), inside = messageTimeline.close();
  list();
  if (inside) (document.querySelector(`#lines [data-seq="${seq}"]`) ?? $("lines").rows[0])?.focus();
}

function leave(field) {
  field.blur();
  field.closest("#message-timeline")?.focus();
}

// --- Meta's behaviour

async function refresh() {
  const [{ faults }, { paused }, { profile, profiles }, { accounts }] = await Promise.all(
    ["faults", "delivery", "behaviour", "accounts"].map((path) => call("GET", path)));
  $("pause").setAttribute("aria-pressed", String(paused));
  $("pause").textContent = paused ? "Resume webhooks" : "Pause webhooks";
  options($("profile"), profile === null ? ["(its own)", ...profiles] : profiles, profile ?? "(its own)");
  const phones = accounts.flatMap((account) => account.phone_numbers.map((phone) => phone.id));
  options(document.forms.customer.elements.phone, phones, document.forms.customer.elements.phone.value || phones[0]);
  for (const button of document.querySelectorAll("[data-fault]")) {
    const armed = faults.find((fault) => same(fault, button));
    button.setAttribute("aria-pressed", String(Boolean(armed)));
    button.dataset.id = armed?.id ?? "";
  }
  $("faults").replaceChildren(...faults.map((fault) => make("li", [
    make("code", `${asked(fault)} · fired: ${fault.fired}${fault.left === null ? "" : `, left: ${fault.left}`}`),
    make("button", "Remove", { onclick: attempt(async () => { await call("DELETE", `faults/${fault.id}`); await refresh(); }) }),
  ])));
}

const asked = ({ id, left, fired, ...terms }) => JSON.stringify(terms);
const same = (fault, button) => asked(fault) === JSON.stringify(JSON.parse(button.dataset.fault));

function options(select, values, chosen) {
  const now = [...select.options].map((one) => one.value);
  if (JSON.stringify(now) !== JSON.stringify(values)) select.replaceChildren(...values.map((one) => make("option", one)));
  if (document.activeElement !== select) select.value = chosen ?? "";
}

const flip = attempt(async ({ currentTarget: button }) => {
  if (button.dataset.id) await call("DELETE", `faults/${button.dataset.id}`);
  else await call("POST", "faults", JSON.parse(button.dataset.fault));
  await refresh();
});

const freeze = () => {
  state.frozen = !state.frozen;
  $("freeze").setAttribute("aria-pressed", String(state.frozen));
  list();
};

const pause = attempt(async () => {
  await call("PUT", "delivery", { paused: $("pause").getAttribute("aria-pressed") !== "true" });
  await refresh();
});

// --- keys, buttons, start

const KEYS = {
  "/": () => $("text").focus(), j: () => move(1), k: () => move(-1), ArrowDown: () => move(1), ArrowUp: () => move(-1),
  f: freeze, p: pause, Escape: close, Enter: attempt(() => choose(document.activeElement.dataset.seq)),
};

addEventListener("keydown", (event) => {
  const inField = event.target.matches("input, select, textarea");
  if (event.ctrlKey || event.metaKey || event.altKey || !(event.key in KEYS)) return;
  if (inField && event.key !== "Escape") return;
  if (event.key === "Enter" && !event.target.dataset.seq) return;
  event.preventDefault();
  if (inField) leave(event.target);
  else KEYS[event.key](event);
});
$("lines").addEventListener("click", attempt((event) => choose(event.target.closest("tr").dataset.seq)));
$("message-timeline").addEventListener("click", (event) => { if (event.target.id === "close") close(); });
$("text").addEventListener("input", list);
$("kind").addEventListener("change", list);
$("freeze").addEventListener("click", freeze);
$("pause").addEventListener("click", pause);
$("profile").addEventListener("change", attempt(async () => { await call("PUT", "behaviour", { profile: $("profile").value }); await refresh(); }));
$("empty").addEventListener("click", attempt(async () => {
  await call("POST", "reset", {});
  Object.assign(state, { lines: [], missed: 0 });
  close();
  await refresh();
}));
document.querySelectorAll("[data-fault]").forEach((button) => button.addEventListener("click", flip));
document.forms.customer.addEventListener("submit", attempt(async (event) => {
  const { phone, from, text } = event.target.elements;
  if (!phone.value) throw new Error("no phone number yet: make an account with PUT /_control/accounts/{waba_id}");
  await call("POST", "inbound", { phone_number_id: phone.value, wait: false, messages: [{ from: from.value, text: { body: text.value } }] });
}));

attempt(refresh)();
setInterval(() => { if (!document.hidden) refresh().catch(() => {}); }, 3000);
follow();

// The live page of mock_meta: reads /_control/feed, acts through /_control like any other client. No dependency, no build.

const SHOWN = 250, KEPT = 5000, SECONDS = 90, PAUSE = 500, PATIENCE = 10_000;
const $ = (id) => document.getElementById(id);
const EMPTY = () => ({ since: null, lines: [], missed: 0, tally: new Map() });
const state = { ...EMPTY(), frozen: false, chosen: null, skew: 0 };

// --- talking to the mock

async function call(method, path, body) {
  const options = { method, body: body === undefined ? undefined : JSON.stringify(body), signal: AbortSignal.timeout(PATIENCE) };
  const answer = await fetch(path, options).catch(() => { throw new Error("the mock does not answer"); });
  const said = await answer.json();
  if (!answer.ok) throw new Error(said.error ?? `${answer.status} from ${path}`);
  return said;
}

function say(sentence) {
  $("said").textContent = sentence;
  $("said").hidden = false;
  clearTimeout(say.timer);
  say.timer = setTimeout(() => { $("said").hidden = true; }, 6000);
}

const attempt = (action) => async (event) => {
  event?.preventDefault();
  try { await action(event); } catch (problem) { say(problem.message); }
};

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
  draw();
  setTimeout(follow, PAUSE);
}

function begin() {
  Object.assign(state, EMPTY());
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
  for (const line of fresh.lines) count(line, 1 + missed / fresh.lines.length);
  state.lines.push(...fresh.lines);
  state.lines.splice(0, state.lines.length - KEPT);
  if (fresh.lines.length) {
    if (!state.frozen) list();
    if (state.chosen && fresh.lines.some((line) => related(line, state.chosen))) tell(state.chosen);
  }
}

// --- the picture at the top

/** ``weight``: for how many lines this one stands, when there were more than the page was told. */
function count(line, weight) {
  const second = Math.floor(line.at);
  const here = state.tally.get(second) ?? { sends: 0, webhooks: 0, badSends: 0, badWebhooks: 0 };
  if (line.kind === "webhook") { here.webhooks += weight; here.badWebhooks += line.good ? 0 : weight; }
  else { here.sends += weight; here.badSends += line.good ? 0 : weight; }
  state.tally.set(second, here);
}

function draw() {
  const canvas = $("activity"), ratio = devicePixelRatio;
  canvas.width = canvas.clientWidth * ratio;
  canvas.height = 56 * ratio;
  const pen = canvas.getContext("2d"), style = getComputedStyle(document.documentElement);
  const ink = (name) => { pen.fillStyle = getComputedStyle(document.querySelector(`i.${name}`)).backgroundColor; };
  const now = Math.floor(Date.now() / 1000 - state.skew), middle = canvas.height / 2, wide = canvas.width / SECONDS;
  for (const second of state.tally.keys()) if (second < now - SECONDS) state.tally.delete(second);
  const most = Math.max(0, ...[...state.tally.values()].flatMap((one) => [one.sends, one.webhooks]));
  const scale = (middle - 2) / Math.max(4, most);
  $("peak").textContent = `highest ${Math.round(most).toLocaleString("en")}/s`;
  pen.fillStyle = style.color;
  pen.globalAlpha = 0.3;
  pen.fillRect(0, middle - 0.5 * ratio, canvas.width, ratio);
  pen.globalAlpha = 1;
  for (const [second, one] of state.tally) {
    const x = canvas.width - (now - second + 1) * wide, width = Math.max(1, wide - ratio);
    const bar = (name, from, height) => { ink(name); pen.fillRect(x, from, width, height); };
    bar("sends", middle - one.sends * scale, (one.sends - one.badSends) * scale);
    bar("bad", middle - one.badSends * scale, one.badSends * scale);
    bar("webhooks", middle, (one.webhooks - one.badWebhooks) * scale);
    bar("bad", middle + (one.webhooks - one.badWebhooks) * scale, one.badWebhooks * scale);
  }
}

// --- the timeline

const clock = (at) => [new Date(at * 1000).toTimeString().slice(0, 8), make("small", `.${String(Math.floor((at % 1) * 1000)).padStart(3, "0")}`)];
const what = (line) => line.kind === "webhook"
  ? line.what + (line.many > 1 ? ` (${line.many} statuses)` : "") + (line.attempt > 1 ? `, attempt ${line.attempt}` : "")
  : line.operation === "messages.send" ? `send ${line.what}` : line.operation;
const who = (line) => line.people.length > 1 ? `${line.people[0]} +${line.people.length - 1}` : line.people[0] ?? "";
const result = (line) => [line.status, line.error && !line.said?.includes(line.error) && `(#${line.error})`, line.said].filter(Boolean).join(" ") || "no answer";
const searched = (line) => [what(line), line.people.join(" "), result(line), line.wamids.join(" ")].join(" ").toLowerCase();

function matches(line) {
  const kind = $("kind").value, text = $("text").value.trim().toLowerCase();
  if (kind === "bad" ? line.good : kind && kind !== line.kind) return false;
  return !text || searched(line).includes(text.replace(/^\+(?=\d)/, ""));
}

function make(tag, content = "", attributes = {}) {
  const made = Object.assign(document.createElement(tag), attributes);
  made.append(...[content].flat());
  return made;
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
    shown.setAttribute("aria-selected", String(state.chosen?.seq === line.seq));
    shown.classList.toggle("new", !known && old.size > 0);
    return shown;
  }));
  const heir = [...place.rows].find((one) => one.dataset.seq === focused) ?? place.rows[0];
  if (heir) heir.tabIndex = 0;
  if (focused !== undefined) heir?.focus({ preventScroll: true });
  $("nothing").hidden = state.lines.length > 0;
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

// --- one message's story

const related = (line, chosen) => line.wamids.some((id) => chosen.wamids.includes(id));

async function choose(seq) {
  const line = state.lines.find((one) => one.seq === Number(seq));
  if (!line) return;
  state.chosen = line;
  for (const one of $("lines").rows) one.setAttribute("aria-selected", String(one.dataset.seq === String(seq)));
  await tell(line);
}

async function tell(line) {
  const wamid = line.wamids[0];
  const query = wamid ? `wamid=${encodeURIComponent(wamid)}&limit=200` : `since=${line.seq - 1}&limit=1`;
  const { entries } = await call("GET", `ledger?${query}`);
  if (state.chosen !== line) return;
  const story = $("story"), open = new Set([...story.querySelectorAll("details[open]")].map((one) => one.dataset.seq));
  const steps = make("ol", entries.map((entry) => step(entry, entries[0].at, wamid, open)));
  story.hidden = false;
  if (story.dataset.of === String(line.seq)) {  // what is being typed into its form stays
    story.querySelector("ol").replaceWith(steps);
    return;
  }
  story.dataset.of = line.seq;
  const title = make("h2", `${what(line)} ${who(line) && `· ${who(line)}`}`);
  story.replaceChildren(title, make("p", wamid ?? "no message id", { className: "id" }), steps, ...replies(line, entries));
}

function step(entry, start, wamid, open) {
  const hook = entry.kind === "webhook";
  const names = hook ? entry.statuses.filter(([id]) => id === wamid).map(([, name]) => name) : [];
  const title = hook ? names.join(", ") || (entry.statuses.length ? entry.statuses.map(([, name]) => name).join(", ") : entry.field) : entry.operation;
  const said = hook ? [entry.status ?? entry.error, entry.signing !== "valid" && `signature: ${entry.signing}`] : [entry.status, entry.error?.message, entry.error?.details];
  const outcome = said.filter(Boolean).join(" · ") || "nothing";
  const good = hook ? entry.status === 200 : entry.outcome === "accepted";
  const after = `+${((entry.at - start) * 1000).toFixed(0)} ms`;
  const details = make("details", [make("summary", hook ? "payload" : "body"), make("pre", JSON.stringify(hook ? entry.payload : entry.body, null, 2))]);
  details.dataset.seq = entry.seq;
  details.open = open.has(String(entry.seq));
  const head = [make("b", title), " ", make("span", `${after} · ${hook ? `attempt ${entry.attempt}, answered` : "answered"} ${outcome}`)];
  return make("li", [...head, details], { className: `${entry.kind} ${good ? "" : "bad"}` });
}

function replies(line, entries) {
  const phone = line.phone ?? entries.find((entry) => entry.phone_number_id)?.phone_number_id, person = line.people[0], wamid = line.wamids[0];
  if (!phone || !person || !wamid) return [];
  const form = make("form", [make("label", ["reply ", make("input", "", { name: "text", value: "Thanks!", required: true })])]);
  const reply = (text) => call("POST", "inbound", { phone_number_id: phone, wait: false, messages: [{ from: person, text: { body: text }, context: { id: wamid } }] });
  const status = (name, extra = {}) => attempt(() => call("POST", "statuses", { phone_number_id: phone, wait: false, statuses: [{ id: wamid, status: name, ...extra }] }));
  form.addEventListener("submit", attempt(() => reply(form.elements.text.value)));
  const press = (label, action) => make("button", label, { type: "button", onclick: action });
  const undeliverable = { errors: [{ code: 131026, title: "Message undeliverable" }] };
  form.append(make("div", [make("button", `Reply as ${person}`), press("Reply STOP", attempt(() => reply("STOP"))),
    press("Delivered", status("delivered")), press("Read", status("read")), press("Fail (131026)", status("failed", undeliverable)),
  ], { className: "buttons" }));
  return [form];
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

function close() {
  const told = state.chosen, inside = $("story").contains(document.activeElement);
  state.chosen = null;
  $("story").hidden = true;
  delete $("story").dataset.of;
  list();
  if (inside) document.querySelector(`#lines [data-seq="${told?.seq}"]`)?.focus();
}

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
  if (inField) event.target.blur();
  else KEYS[event.key](event);
});
$("lines").addEventListener("click", attempt((event) => choose(event.target.closest("tr").dataset.seq)));
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

// The timeline of one message: what happened to it, and what can be made to happen next.

import { $, answer, attempt, call, make, what, who } from "./mock.js";

const PERSON = /^\+?\d{5,15}$/;
const UNDELIVERABLE = { errors: [{ code: 131026, title: "Message undeliverable" }] };
let shown = null;

/** The number of the line whose story is shown; null when none is. */
export const chosen = () => shown?.seq ?? null;

/** Over the list of lines, where the window is too narrow for both. */
const isSheet = () => getComputedStyle($("message-timeline")).position === "fixed";

export async function open(line) {
  shown = line;
  await refresh();
  if (shown !== line) return;
  if (isSheet()) $("message-timeline").focus();
  else $("message-timeline").scrollIntoView({ block: "nearest" });
}

/** Again, when one of the lines that came is about the same message. */
export async function update(lines) {
  if (shown && lines.some((line) => line.wamids.includes(shown.wamids[0]))) await refresh();
}

/** Whether the panel had the keyboard's attention, which somebody else must get now. */
export function close() {
  const inside = $("message-timeline").contains(document.activeElement);
  shown = null;
  $("message-timeline").hidden = true;
  delete $("message-timeline").dataset.of;
  return inside;
}

async function refresh() {
  const line = shown, { wamid, inbound, steps } = await call("GET", `message-timeline?seq=${line.seq}`);
  if (shown !== line) return;
  const panel = $("message-timeline"), opened = new Set([...panel.querySelectorAll("details[open]")].map((one) => one.dataset.seq));
  const list = make("ol", steps.map((one) => step(one, steps[0].at, opened)));
  panel.hidden = false;
  if (panel.dataset.of === String(line.seq)) {  // what is being typed into its form stays
    panel.querySelector("ol").replaceWith(list);
    return;
  }
  panel.dataset.of = line.seq;
  panel.scrollTop = 0;
  const title = make("h2", `${what(line)} ${who(line) && `· ${who(line)}`}`, { id: "message-timeline-title" });
  const head = make("div", [title, make("button", "Close", { id: "close", type: "button" })], { className: "bar" });
  panel.replaceChildren(head, make("p", wamid ?? "no message id", { className: "id" }), list, ...actions(line, wamid, inbound));
}

function step(line, start, opened) {
  const hook = line.kind === "webhook";
  const facts = [`+${((line.at - start) * 1000).toFixed(0)} ms`, hook && `attempt ${line.attempt}`, `${line.answered ? "answered " : ""}${answer(line)}`,
    hook && line.signing !== "valid" && `signature: ${line.signing}`];
  const content = make("details", [make("summary", hook ? "payload" : "body"), make("pre", JSON.stringify(line.content, null, 2))]);
  content.dataset.seq = line.seq;
  content.open = opened.has(String(line.seq));
  const trouble = [...line.errors, ...line.details].map((text) => make("p", text, { className: "trouble" }));
  const head = [make("b", hook ? line.what : line.operation), " ", make("span", facts.filter(Boolean).join(" · "))];
  return make("li", [...head, ...trouble, content], { className: `${line.kind} ${line.good ? "" : "bad"}` });
}

/** Meta reports statuses of what the application sent, never of what a customer wrote. */
function actions(line, wamid, inbound) {
  const person = line.people[0];
  if (!line.phone || !wamid || !PERSON.test(person)) return [];
  const form = make("form", [make("label", [inbound ? "text " : "reply ", make("input", "", { name: "text", value: "Thanks!", required: true })])]);
  const quote = inbound ? {} : { context: { id: wamid } };
  const write = (text) => call("POST", "inbound", { phone_number_id: line.phone, wait: false, messages: [{ from: person, text: { body: text }, ...quote }] });
  const status = (name, extra = {}) => attempt(() => call("POST", "statuses", { phone_number_id: line.phone, wait: false, statuses: [{ id: wamid, status: name, ...extra }] }));
  const press = (label, action) => make("button", label, { type: "button", onclick: action });
  const verb = inbound ? "Write" : "Reply";
  const statuses = [press("Delivered", status("delivered")), press("Read", status("read")), press("Fail (131026)", status("failed", UNDELIVERABLE))];
  form.addEventListener("submit", attempt(() => write(form.elements.text.value)));
  form.append(make("div", [make("button", `${verb} as ${person}`), press(`${verb} STOP`, attempt(() => write("STOP"))), ...(inbound ? [] : statuses)],
    { className: "buttons" }));
  return [form];
}

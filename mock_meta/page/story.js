// One message's story: what happened to it, and what can be made to happen next.

import { $, answer, attempt, call, make, what, who } from "./mock.js";

const PERSON = /^\+?\d{5,15}$/;
const UNDELIVERABLE = { errors: [{ code: 131026, title: "Message undeliverable" }] };
let told = null;

/** The number of the line whose story is told; null when none is. */
export const chosen = () => told?.seq ?? null;

/** Over the timeline, where the window is too narrow for both. */
const isSheet = () => getComputedStyle($("story")).position === "fixed";

export async function open(line) {
  told = line;
  await tell();
  if (told !== line) return;
  if (isSheet()) $("story").focus();
  else $("story").scrollIntoView({ block: "nearest" });
}

/** Again, when one of the lines that came is about the same message. */
export async function hear(lines) {
  if (told && lines.some((line) => line.wamids.includes(told.wamids[0]))) await tell();
}

/** Whether the story had the keyboard's attention, which somebody else must get now. */
export function close() {
  const inside = $("story").contains(document.activeElement);
  told = null;
  $("story").hidden = true;
  delete $("story").dataset.of;
  return inside;
}

async function tell() {
  const line = told, { wamid, inbound, steps } = await call("GET", `story?seq=${line.seq}`);
  if (told !== line) return;
  const story = $("story"), opened = new Set([...story.querySelectorAll("details[open]")].map((one) => one.dataset.seq));
  const course = make("ol", steps.map((one) => step(one, steps[0].at, opened)));
  story.hidden = false;
  if (story.dataset.of === String(line.seq)) {  // what is being typed into its form stays
    story.querySelector("ol").replaceWith(course);
    return;
  }
  story.dataset.of = line.seq;
  story.scrollTop = 0;
  const title = make("h2", `${what(line)} ${who(line) && `· ${who(line)}`}`, { id: "story-title" });
  const head = make("div", [title, make("button", "Close", { id: "close", type: "button" })], { className: "bar" });
  story.replaceChildren(head, make("p", wamid ?? "no message id", { className: "id" }), course, ...actions(line, wamid, inbound));
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

/** Meta tells statuses of what the application sent, never of what a customer wrote. */
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

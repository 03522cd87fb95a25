// What every module needs: an element of the page, a new one, a call to the mock, a line in words.

const PATIENCE = 10_000;

export const $ = (id) => document.getElementById(id);

export function make(tag, content = "", attributes = {}) {
  const made = Object.assign(document.createElement(tag), attributes);
  made.append(...[content].flat());
  return made;
}

export async function call(method, path, body) {
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

/** An event's listener that tells what went wrong. */
export const attempt = (action) => async (event) => {
  event?.preventDefault();
  try { await action(event); } catch (problem) { say(problem.message); }
};

export const what = (line) => line.kind === "webhook"
  ? line.what + (line.many > 1 ? ` (${line.many} statuses)` : "") + (line.attempt > 1 ? `, attempt ${line.attempt}` : "")
  : line.operation === "messages.send" ? `send ${line.what}` : line.operation;

/** The status that answered the call or the webhook, or why none did. */
export const answer = (line) => String(line.answered ?? line.unanswered ?? "no answer");

export const who = (line) => line.people.length > 1 ? `${line.people[0]} +${line.people.length - 1}` : line.people[0] ?? "";

// The chart at the top: sends and webhooks in each of the last seconds.

import { $ } from "./mock.js";

const SECONDS = 90, HEIGHT = 56;
const tally = new Map();

export const forget = () => tally.clear();

/** ``weight``: for how many lines this one stands, when there were more than the page got. */
export function count(line, weight) {
  const second = Math.floor(line.at);
  const here = tally.get(second) ?? { sends: 0, webhooks: 0, badSends: 0, badWebhooks: 0 };
  if (line.kind === "webhook") { here.webhooks += weight; here.badWebhooks += line.good ? 0 : weight; }
  else { here.sends += weight; here.badSends += line.good ? 0 : weight; }
  tally.set(second, here);
}

/** ``now``: the mock's clock, in unix seconds. */
export function draw(now) {
  const canvas = $("activity"), ratio = devicePixelRatio;
  canvas.width = canvas.clientWidth * ratio;
  canvas.height = HEIGHT * ratio;
  const pen = canvas.getContext("2d"), style = getComputedStyle(document.documentElement);
  const ink = (name) => { pen.fillStyle = getComputedStyle(document.querySelector(`i.${name}`)).backgroundColor; };
  const middle = canvas.height / 2, wide = canvas.width / SECONDS;
  for (const second of tally.keys()) if (second < now - SECONDS) tally.delete(second);
  const most = Math.max(0, ...[...tally.values()].flatMap((one) => [one.sends, one.webhooks]));
  const scale = (middle - 2) / Math.max(4, most);
  $("peak").textContent = `highest ${Math.round(most).toLocaleString("en")}/s`;
  pen.fillStyle = style.color;
  pen.globalAlpha = 0.3;
  pen.fillRect(0, middle - 0.5 * ratio, canvas.width, ratio);
  pen.globalAlpha = 1;
  for (const [second, one] of tally) {
    const x = canvas.width - (now - second + 1) * wide, width = Math.max(1, wide - ratio);
    const bar = (name, from, height) => { ink(name); pen.fillRect(x, from, width, height); };
    bar("sends", middle - one.sends * scale, (one.sends - one.badSends) * scale);
    bar("bad", middle - one.badSends * scale, one.badSends * scale);
    bar("webhooks", middle, (one.webhooks - one.badWebhooks) * scale);
    bar("bad", middle + (one.webhooks - one.badWebhooks) * scale, one.badWebhooks * scale);
  }
}

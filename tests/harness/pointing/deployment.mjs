// Somebody's deployment: calls Meta by its constant address, and delivers webhooks to https targets that are not internal.
import dns from "node:dns/promises";
import net from "node:net";

const internal = new net.BlockList();
for (const [address, bits] of [["127.0.0.0", 8], ["10.0.0.0", 8], ["172.16.0.0", 12], ["192.168.0.0", 16], ["169.254.0.0", 16]]) {
  internal.addSubnet(address, bits, "ipv4");
}

async function deliver(text) {
  const url = new URL(text);
  if (url.protocol !== "https:") return "refused: not https";
  const { address, family } = await dns.lookup(url.hostname.replace(/^\[|\]$/g, ""));
  if (family === 6 || internal.check(address, "ipv4")) return `refused: ${address} is internal`;
  const answer = await fetch(url, { method: "POST", body: '{"event":"ping"}', headers: { "X-Wacrm-Event": "ping" } });
  return `delivered: ${answer.status}`;
}

/** Deliveries are attempted again while nothing listens yet. */
async function delivered(text) {
  for (let attempt = 0; attempt < 100; attempt += 1) {
    try {
      return await deliver(text);
    } catch (error) {
      if (error.cause?.code !== "ECONNREFUSED") return `failed: ${error.cause?.code ?? error}`;
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }
  return "failed: nothing ever listened";
}

const [what, url] = process.argv.slice(2);
if (what === "graph") {
  const answer = await fetch("https://graph.facebook.com/v21.0/106540352242922");
  console.log(answer.status, (await answer.json()).error.type);
} else {
  console.log(await delivered(url));
}

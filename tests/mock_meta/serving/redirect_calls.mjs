// Every way to call Graph that redirect.cjs covers; prints {way: status and phone number or error code} as JSON.
import https, { request as imported } from "node:https";
import http from "node:http";

const [path, token, elsewhere] = process.argv.slice(2);
const HOST = "graph.facebook.com";
const url = `https://${HOST}${path}`;
const headers = { Authorization: `Bearer ${token}` };

async function fetched(input, init) {
  const response = await fetch(input, init);
  return told(response.status, await response.text());
}

function called(call) {
  return new Promise((resolve, reject) => {
    const request = call((response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (part) => (text += part));
      response.on("end", () => resolve(told(response.statusCode, text)));
    });
    request.on("error", reject);
    request.end();
  });
}

function told(status, text) {
  const document = JSON.parse(text);
  return `${status} ${document.verified_name ?? document.error?.code ?? document.messages?.length ?? text}`;
}

const body = JSON.stringify({ messaging_product: "whatsapp", to: "99900001234", text: { body: "Ciao" } });
const json = { ...headers, "Content-Type": "application/json" };
const post = { method: "POST", headers: json, body };
const agent = new https.Agent({ keepAlive: true });

const ways = {
  "fetch(string)": () => fetched(url, { headers }),
  "fetch(URL)": () => fetched(new URL(url), { headers }),
  "fetch(Request)": () => fetched(new Request(url, { headers })),
  "fetch(Request, init)": () => fetched(new Request(url), { headers }),
  "fetch, http and port": () => fetched(`http://${HOST}:80${path}`, { headers }),
  "fetch, upper case": () => fetched(`HTTPS://GRAPH.FACEBOOK.COM${path}`, { headers }),
  "fetch(Request) with a body": () => fetched(new Request(`${url}/messages`, post)),
  "fetch with a body": () => fetched(`${url}/messages`, post),
  "request(string, cb)": () => called((cb) => https.request(url, cb)),
  "request(string, options, cb)": () => called((cb) => https.request(url, { headers }, cb)),
  "request(URL, options, cb)": () => called((cb) => https.request(new URL(url), { headers }, cb)),
  "request(options, cb)": () => called((cb) => https.request({ hostname: HOST, path, headers }, cb)),
  "request({host}, cb)": () => called((cb) => https.request({ host: HOST, port: 443, path, headers, agent }, cb)),
  "request(url, other host)": () => called((cb) => https.request("https://x.example/", { hostname: HOST, path, headers }, cb)),
  "request, event": () => called((cb) => https.request(url, { headers }).on("response", cb)),
  "request, own host header": () => called((cb) => https.request(url, { headers: { ...headers, Host: HOST } }, cb)),
  "request, header pairs": () => called((cb) => https.request(url, { headers: [["Host", HOST], ...Object.entries(headers)] }, cb)),
  "request, flat headers": () => called((cb) => https.request(url, { headers: ["Host", HOST, ...Object.entries(headers).flat()] }, cb)),
  "request, no agent": () => called((cb) => https.request(url, { headers, agent: false, servername: HOST }, cb)),
  "get(string, options, cb)": () => called((cb) => https.get(url, { headers }, cb)),
  "get(options, cb)": () => called((cb) => https.get({ host: HOST, path, headers }, cb)),
  "imported request": () => called((cb) => imported(url, { headers }, cb)),
  "http.request": () => called((cb) => http.request(`http://${HOST}${path}`, { headers }, cb)),
  "http.get(options)": () => called((cb) => http.get({ host: HOST, path, headers }, cb)),
  "elsewhere, fetch": () => fetched(elsewhere),
  "elsewhere, request": () => called((cb) => http.request(elsewhere, cb)),
  "elsewhere, get(options)": () => called((cb) => http.get({ host: "127.0.0.1", port: new URL(elsewhere).port }, cb)),
};

const results = {};
for (const [way, go] of Object.entries(ways)) results[way] = await go().catch((problem) => `failed: ${problem.cause ?? problem}`);
console.log(JSON.stringify(results));
process.exit();

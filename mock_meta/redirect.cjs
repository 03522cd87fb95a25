"use strict";
/**
 * Leads a Node application to mock_meta without a change of its code or of the machine:
 *
 *     MOCK_META_URL=http://127.0.0.1:8790 node --require ./mock_meta/redirect.cjs app.js
 *
 * Calls to graph.facebook.com and lookaside.fbsbx.com by fetch or by node:https and node:http, and so by axios, got and
 * node-fetch, go to MOCK_META_URL; all others are left as they are. Not covered: the package undici used directly, which
 * opens connections of its own.
 */
const http = require("node:http");
const https = require("node:https");
const { syncBuiltinESMExports } = require("node:module");
const { urlToHttpOptions } = require("node:url");

const META_HOSTS = new Set(["graph.facebook.com", "lookaside.fbsbx.com"]);
const DEFAULT_PORTS = new Set(["", "80", "443"]);
const mock = mockUrl(process.env.MOCK_META_URL);
const real = { fetch: globalThis.fetch, "http:": http.request, "https:": https.request };

function mockUrl(text) {
  const url = URL.canParse(text ?? "") ? new URL(text) : undefined;
  if (!url || !["http:", "https:"].includes(url.protocol)) {
    throw new Error(`redirect.cjs: MOCK_META_URL must be the mock's http or https address, not ${text}`);
  }
  return url;
}

function isMeta(host, port) {
  return META_HOSTS.has(String(host ?? "").toLowerCase()) && DEFAULT_PORTS.has(String(port ?? ""));
}

/** The same place at the mock; undefined for a URL that is not Meta's. */
function moved(text) {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || !/^https?:$/.test(url.protocol) || !isMeta(url.hostname, url.port)) return undefined;
  url.protocol = mock.protocol;
  url.hostname = mock.hostname;
  url.port = mock.port;
  return url;
}

globalThis.fetch = function fetch(input, init) {
  const isRequest = input instanceof Request;
  const url = moved(isRequest ? input.url : String(input));
  if (url === undefined) return real.fetch(input, init);
  return real.fetch(isRequest ? new Request(url, input) : url, init);
};

/** Options and callback of any of Node's signatures: (url[, options][, callback]), (options[, callback]). */
function signature([first, ...rest]) {
  const isUrl = first?.href && first.protocol && first.auth === undefined && first.path === undefined;
  if (typeof first !== "string" && !isUrl) return { options: { ...first }, callback: rest[0] };
  const own = typeof rest[0] === "function" ? undefined : rest.shift();
  return { options: { ...urlToHttpOptions(new URL(first)), ...own }, callback: rest[0] };
}

/** The same call to the mock. What ties it to Meta's own address is left out; Node fills it in anew. */
function movedOptions({ host, servername, defaultPort, ...options }) {
  const { protocol, hostname, port } = urlToHttpOptions(mock);
  const keepsAgent = options.agent === false || options.protocol === protocol;
  const agent = keepsAgent ? options.agent : undefined;
  return { ...options, protocol, hostname, port, agent, headers: withoutHost(options.headers) };
}

/** Node takes headers as an object, as pairs, or as names and values in turn. */
function withoutHost(headers) {
  if (!headers) return headers;
  const isHost = (name) => String(name).toLowerCase() === "host";
  if (!Array.isArray(headers)) return Object.fromEntries(Object.entries(headers).filter(([name]) => !isHost(name)));
  if (Array.isArray(headers[0])) return headers.filter(([name]) => !isHost(name));
  return headers.filter((_, place) => !isHost(headers[place - (place % 2)]));
}

function redirect(library, scheme) {
  library.request = function request(...args) {
    const { options, callback } = signature(args);
    if (options.socketPath || !isMeta(options.hostname || options.host, options.port)) {
      return real[scheme].apply(this, args);
    }
    return real[mock.protocol](movedOptions({ protocol: scheme, ...options }), callback);
  };
  library.get = function get(...args) {
    return library.request(...args).end();
  };
}

redirect(http, "http:");
redirect(https, "https:");
syncBuiltinESMExports(); // so that import { request } from "node:https" sees it too

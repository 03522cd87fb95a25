#!/usr/bin/env bash
# npm wasenderapi 0.4.0: a 200 answer without the member "success": true is thrown as an error.
# The message was accepted by the gateway, the caller sees a failure and may send it a second time. The thrown error
# carries status 200.
# Output seen:  threw WasenderAPIError, status 200; with "success": true it returned
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null && npm install --silent --no-audit --no-fund wasenderapi@0.4.0 >/dev/null
cat > try.cjs <<'JS'
const { createWasender } = require("wasenderapi");
const answering = (body) => async () =>
  new Response(JSON.stringify(body), { status: 200, headers: { "content-type": "application/json" } });
async function send(body) {
  const client = createWasender("key", undefined, "http://127.0.0.1:9/api", answering(body));
  try {
    await client.send({ messageType: "text", to: "12015550100", text: "hello" });
    return "returned";
  } catch (error) {
    return `threw ${error.name}, status ${error.statusCode}`;
  }
}
(async () => {
  const bare = await send({ messageId: "m1" });
  const marked = await send({ success: true, data: { msgId: 1, jid: "12015550100", status: "in_progress" } });
  console.log(`${bare}; with "success": true it ${marked}`);
  process.exit(bare === "threw WasenderAPIError, status 200" && marked === "returned" ? 0 : 1);
})();
JS
node try.cjs

#!/usr/bin/env bash
# npm wasenderapi 0.4.0: the header Retry-After of a 429 is not used, with retries switched on.
# Only a member "retry_after" in the body makes the client wait and ask again. A gateway that answers 429 as HTTP
# describes it (RFC 9110, 10.2.3) gets no second request.
# Output seen:  header only: 1 request; body member: 2 requests
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null && npm install --silent --no-audit --no-fund wasenderapi@0.4.0 >/dev/null
cat > try.cjs <<'JS'
const { createWasender } = require("wasenderapi");
console.warn = () => {};
async function requests(body) {
  let count = 0;
  const limited = async () => {
    count += 1;
    const answer = count === 1 ? [body, 429] : [{ success: true, data: { msgId: 1, jid: "1", status: "sent" } }, 200];
    return new Response(JSON.stringify(answer[0]), { status: answer[1], headers: { "retry-after": "1" } });
  };
  const client = createWasender("key", undefined, "http://127.0.0.1:9/api", limited, { enabled: true, maxRetries: 2 });
  await client.send({ messageType: "text", to: "12015550100", text: "hello" }).catch(() => {});
  return count;
}
(async () => {
  const header = await requests({ success: false, message: "too many" });
  const member = await requests({ success: false, message: "too many", retry_after: 1 });
  console.log(`header only: ${header} request(s); body member: ${member} request(s)`);
  process.exit(header === 1 && member === 2 ? 0 : 1);
})();
JS
node try.cjs

// whatsapp-api-js and axios as an application uses them; redirect.cjs, loaded before, leads them to the mock.
//   send PHONE WABA TOKEN        prints {what: id or answer} as one JSON line
//   serve PHONE TOKEN SECRET     a webhook server: prints {"port"}, then one JSON line for each event
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

// The packages are installed in the working directory, not beside this file.
const require = createRequire(`${process.cwd()}/`);
const load = async (name) => import(pathToFileURL(require.resolve(name)));
const { WhatsAppAPI } = await load("whatsapp-api-js/middleware/node-http");
const m = await load("whatsapp-api-js/messages");
const axios = (await load("axios")).default;

const PERSON = "99900001234";
const LINK = "https://x.example/a";

function messages() {
  const body = new m.Body("Scegli");
  const product = new m.Product("sku");
  const name = new m.Name("Anna Rossi", "Anna");
  return {
    text: new m.Text("Perché sì 👍", true),
    image: new m.Image(LINK, false, "foto"),
    video: new m.Video(LINK, false, "film"),
    document: new m.Document(LINK, false, "doc", "a.pdf"),
    audio: new m.Audio(LINK),
    "voice note": new m.Audio(LINK, false, true),
    sticker: new m.Sticker(LINK),
    location: new m.Location(9.19, 45.4642, "Duomo", "Milano"),
    contacts: new m.Contacts([name, new m.Phone("+39 333 000 0000", "CELL"), new m.Email("a@example.com", "WORK")]),
    reaction: new m.Reaction("wamid.x", "👍"),
    "reaction taken back": new m.Reaction("wamid.x"),
    buttons: new m.Interactive(new m.ActionButtons(new m.Button("yes", "Sì")), body, new m.Header("H"), new m.Footer("F")),
    list: new m.Interactive(new m.ActionList("Menu", new m.ListSection("A", new m.Row("r1", "Uno", "d"))), body),
    link: new m.Interactive(new m.ActionCTA("Vai", LINK), body),
    flow: new m.Interactive(new m.ActionNavigateFlow("token", "123", "Apri", "SCREEN", { a: 1 }), body),
    "flow with an endpoint": new m.Interactive(new m.ActionDataExchangeFlow("token", "123", "Apri"), body),
    catalogue: new m.Interactive(new m.ActionCatalog(product), body),
    product: new m.Interactive(new m.ActionProduct(new m.CatalogProduct("sku", "1"))),
    products: new m.Interactive(
      new m.ActionProductList("1", new m.ProductSection("A", product)), body, new m.Header("Shop"),
    ),
    "location request": new m.Interactive(new m.ActionLocation(), body),
    "call permission": new m.Interactive(new m.ActionCallPermission(), body),
    "contact request": new m.Interactive(new m.ActionContactRequest(), body),
    template: new m.Template(
      "greeting", new m.Language("en_US"), new m.BodyComponent(new m.BodyParameter("Anna"), new m.BodyParameter("A-17")),
    ),
  };
}

async function send(phone, waba, token) {
  const client = new WhatsAppAPI({ token, secure: false, v: "v23.0" });
  const told = {};
  for (const [kind, message] of Object.entries(messages())) {
    const answer = await client.sendMessage(phone, PERSON, message);
    told[kind] = answer.messages?.[0].id ?? answer;
  }
  told["reply to a user id"] = (await client.sendMessage(phone, { bsuid: "US.1349" }, new m.Text("Ciao"), "wamid.x", "camp-7"))
    .messages?.[0].id;
  told["text to a group"] = (await client.sendMessage(phone, { group: "Y2FwaV9ncm91cDoxNzA1" }, new m.Text("Ciao"))).messages?.[0].id;
  told.media = await media(client, phone);
  told.templates = await templates(waba, token);
  console.log(JSON.stringify(told));
}

async function media(client, phone) {
  const form = new FormData();
  form.set("file", new Blob(["picture"], { type: "image/png" }), "a.png");
  const { id } = await client.uploadMedia(phone, form);
  const { url } = await client.retrieveMedia(id, phone);
  const back = await (await client.fetchMedia(url)).text();
  return { back, deleted: (await client.deleteMedia(id, phone)).success };
}

/** whatsapp-api-js has no template management; axios is what applications write it with. */
async function templates(waba, token) {
  const graph = axios.create({
    baseURL: "https://graph.facebook.com/v23.0", headers: { Authorization: `Bearer ${token}` },
  });
  const components = [{ type: "BODY", text: "Thanks for your visit, see you soon." }];
  const made = await graph.post(`/${waba}/message_templates`, {
    name: "thanks", language: "en_US", category: "MARKETING", components,
  });
  const names = [];
  let next = `/${waba}/message_templates?limit=3`;
  while (next) {
    const page = (await graph.get(next)).data;
    names.push(...page.data.map((template) => template.name));
    next = page.paging?.next;
  }
  return { made: made.data.status, names };
}

async function serve(phone, token, appSecret) {
  const client = new WhatsAppAPI({ token, appSecret, webhookVerifyToken: "verify", v: "v23.0" });
  const tell = (event) => console.log(JSON.stringify(event));
  client.on.message = ({ message, recipient, received }) => {
    tell({ message: message.type, from: recipient.phone, text: message.text?.body });
    return received().then((answer) => tell({ read: answer.success }));
  };
  client.on.status = ({ status, id, recipient }) => tell({ status, id, to: recipient.phone });
  const server = createServer(async (request, response) => {
    if (request.method === "POST") response.writeHead(await client.handle_post(request)).end();
    else response.end(client.handle_get(request));
  });
  server.listen(0, "127.0.0.1", () => tell({ port: server.address().port }));
  process.stdin.on("end", () => process.exit()).resume();
}

const [verb, ...rest] = process.argv.slice(2);
await { send, serve }[verb](...rest);

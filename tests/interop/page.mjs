// page.mjs SCENARIO URL [KEY=VALUE...]: the page of a node, at URL, as people use it in Chromium. A line for each thing that
// went well. With shots=FOLDER, pictures of it are left there.
import { chromium } from "playwright-core"
import { createServer } from "node:http"
import { readFile } from "node:fs/promises"
import assert from "node:assert/strict"
import { elsewhere } from "./page-elsewhere.mjs"

const [scenario, url, ...pairs] = process.argv.slice(2)
const given = Object.fromEntries(pairs.map((pair) => [pair.slice(0, pair.indexOf("=")), pair.slice(pair.indexOf("=") + 1)]))
const api = `${url}/api/codex/v1`
const PATIENCE = 30000

// A site of somebody else's, which the browser knows as http://other.example.
const site = createServer((request, answer) => {
  answer.setHeader("Content-Type", "text/html")
  answer.end("<title>other</title>")
})
await new Promise((resolve) => site.listen(0, "127.0.0.1", resolve))
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", `--host-resolver-rules=MAP other.example:80 127.0.0.1:${site.address().port}`],
})

const good = (name) => console.log(name)

/** A tab with the page, in which no error may be, nor anything that the policy has refused. */
const open = async (options = {}) => {
  const context = await browser.newContext({ acceptDownloads: true, ...options })
  const page = await context.newPage()
  page.setDefaultTimeout(PATIENCE)
  page.faults = []
  page.on("pageerror", (error) => page.faults.push(String(error)))
  page.on("console", (message) => /Content Security Policy|Trusted/i.test(message.text()) && page.faults.push(message.text()))
  page.on("filechooser", () => {}) // so that it is known before one is asked for that a dialog is not to come
  await page.goto(`${url}/`)
  return page
}
const close = async (page) => {
  assert.deepEqual(page.faults, [])
  await page.context().close()
}
const said = (page, text) => page.locator("#said", { hasText: text }).waitFor()
const file_row = (page, name) => page.getByRole("row").filter({ hasText: name })
const listed = async () => (await (await fetch(`${api}/data`)).json()).content
const shot = async (page, name) => given.shots && page.screenshot({ path: `${given.shots}/${name}.png`, fullPage: name !== "health" })
const bytes = Buffer.from(Array.from({ length: 300000 }, (_, at) => (at * 7919) & 255))

const upload = async (page, name, buffer, mimeType = "application/octet-stream") => {
  await page.getByLabel("Upload files").setInputFiles({ name, mimeType, buffer })
  await said(page, `${name} is stored as zDv`)
}

const files = async () => {
  const page = await open()
  await upload(page, "größe 1.bin", bytes)
  await page.reload()
  await file_row(page, "größe 1.bin").waitFor()
  const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("link", { name: "Download größe 1.bin" }).click()])
  assert.ok((await readFile(await download.path())).equals(bytes))
  assert.equal(download.suggestedFilename(), "größe 1.bin")
  good("uploaded, seen after a reload, downloaded the same")

  const dropped = await page.evaluateHandle(() => {
    const data = new DataTransfer()
    data.items.add(new File(["dropped"], "dropped.txt", { type: "text/plain" }))
    return data
  })
  await page.dispatchEvent("#drop", "drop", { dataTransfer: dropped })
  await said(page, "dropped.txt is stored as zDv")
  good("dropped")

  const session = await page.context().newCDPSession(page)
  await session.send("Network.enable")
  await session.send("Network.emulateNetworkConditions", { offline: false, latency: 0, downloadThroughput: -1, uploadThroughput: 1000000 })
  await page.getByLabel("Upload files").setInputFiles({ name: "slow.bin", mimeType: "", buffer: Buffer.alloc(6000000, 1) })
  await page.getByText(/slow.bin: .* of 5.7 MiB/).waitFor()
  await page.getByRole("button", { name: "Cancel the upload of slow.bin" }).click()
  await said(page, "The upload of slow.bin is cancelled.")
  await session.send("Network.emulateNetworkConditions", { offline: false, latency: 0, downloadThroughput: -1, uploadThroughput: -1 })
  good("cancelled")

  await page.getByLabel("Upload files").setInputFiles({ name: "empty", mimeType: "", buffer: Buffer.alloc(0) })
  await page.getByRole("alert").getByText("empty is empty.").waitFor()
  await page.getByText("A file needs a byte at least").waitFor()
  await page.getByLabel("Fetch a dataset").fill("nonsense")
  await page.getByRole("button", { name: "Fetch", exact: true }).click()
  await page.getByRole("alert").getByText("Fetching nonsense: Incorrect Cid.").waitFor()
  await page.getByText("a character may be missing").waitFor()
  await page.getByRole("button", { name: "Dismiss" }).click()
  await page.getByRole("alert").waitFor({ state: "hidden" })
  const nobody = "16Uiu2HAmLb6x8CmU6v6Mopiftir16SeBnhcat5dWwKCxbs3P8oRt"
  await page.getByLabel("Connect to a node").fill(`/ip4/127.0.0.1/tcp/1/p2p/${nobody}`)
  await page.getByRole("button", { name: "Connect" }).click()
  await page.getByRole("alert").getByText("Unable to dial peer.").waitFor()
  await page.getByText("Nothing answers there that is this node").waitFor()
  // Who goes on to something else has seen it.
  await page.getByLabel("Connect to a node").fill("nonsense")
  await page.getByRole("button", { name: "Connect" }).click()
  await page.getByText("nonsense is no address of a node.").waitFor()
  await page.getByRole("button", { name: "Set" }).click()
  await said(page, "Records are kept from")
  await page.getByRole("alert").waitFor({ state: "hidden" })
  assert.ok((await listed()).every(({ manifest }) => manifest.filename !== "slow.bin" && manifest.filename !== "empty"))
  good("errors say what to do")
  await close(page)
}

const network = async () => {
  const page = await open()
  await page.getByText("No other node is connected.").waitFor()
  await page.waitForFunction(() => document.getElementById("level").value === "info")
  await file_row(page, "of mine").waitFor()
  await page.getByLabel("Connect to a node").fill(given.peer)
  await page.getByRole("button", { name: "Connect" }).click()
  await said(page, "is connected.")
  await page.locator("#peer-rows").getByText("/ip4/127.0.0.1/tcp/").first().waitFor()
  await page.getByLabel("Fetch a dataset").fill(given.theirs)
  await page.getByRole("button", { name: "Fetch", exact: true }).click()
  await page.locator("#fetches").getByText("has been fetched.").waitFor()
  await page.locator("#file-rows").getByText(given.theirs).waitFor()
  await page.locator("#rate-in").getByText("/s").waitFor()
  good("connected, fetched")
  await page.locator("#log-lines").getByText("Started codex node").waitFor()
  await page.locator("#setting-rows").getByText("api-port", { exact: true }).waitFor()
  await page.getByText(/of 20.0 GiB used, in \d+ blocks/).waitFor()
  await page.getByLabel("Record from this level on").selectOption("debug")
  await page.getByRole("button", { name: "Set" }).click()
  await said(page, "Records are kept from debug on.")
  await page.reload()
  await page.waitForFunction(() => document.getElementById("level").value === "debug")
  good("settings, space, log")

  await page.getByRole("button", { name: "Health holed" }).click()
  const dialog = page.getByRole("dialog", { name: "Health of holed" })
  await dialog.getByText("Not all of it is here; parity gives what is missing.").first().waitFor()
  const words = await dialog.getByRole("img").getAttribute("aria-label")
  assert.match(words, /2 slots of data and 1 of parity: any one slot may be lost/)
  assert.ok((await dialog.locator("svg rect.missing").count()) > 1)
  await dialog.getByText(`codex-ec repair ${given.holed}`).waitFor()
  await dialog.getByText("As a table").click()
  await dialog.getByRole("row").filter({ hasText: "slot 0" }).filter({ hasText: "missing" }).waitFor()
  await shot(page, "health")
  await page.keyboard.press("Escape")
  await dialog.waitFor({ state: "hidden" })
  assert.equal(await page.evaluate(() => document.activeElement.getAttribute("aria-label")), "Health holed.bin")
  good("health")
  await shot(page, "light")
  await close(page)
}

/** What has the focus, as it is called; it has to be seen that it does. */
const focused = (page) => page.evaluate(() => {
  const { activeElement: at } = document
  if (getComputedStyle(at).outlineStyle === "none" || parseFloat(getComputedStyle(at).outlineWidth) < 2) throw Error(`${at.id}: no outline`)
  return at.getAttribute("aria-label") ?? at.labels?.[0]?.textContent ?? at.textContent
})
const tab_to = async (page, name) => {
  for (let steps = 0; steps < 60; ++steps) {
    await page.keyboard.press("Tab")
    if ((await focused(page)).startsWith(name)) return
  }
  assert.fail(`the key Tab does not lead to ${name}`)
}

const keyboard = async () => {
  const page = await open()
  await page.keyboard.press("Tab")
  assert.equal(await focused(page), "Skip to files")
  await page.keyboard.press("Enter")
  await tab_to(page, "Upload files")
  const chooser = page.waitForEvent("filechooser")
  await page.keyboard.press("Space")
  await (await chooser).setFiles({ name: "by keys.txt", mimeType: "text/plain", buffer: Buffer.from("by keys") })
  await said(page, "by keys.txt is stored as zDv")
  await file_row(page, "by keys.txt").waitFor()
  await tab_to(page, "Delete by keys.txt")
  await page.keyboard.press("Enter")
  assert.equal(await focused(page), "Keep it")
  await page.keyboard.press("Enter")
  assert.equal(await focused(page), "Delete by keys.txt")
  // What comes meanwhile takes nobody's place away.
  await fetch(`${api}/data`, { method: "POST", body: "meanwhile", headers: { "Content-Type": "text/plain", "Content-Disposition": 'filename="meanwhile.txt"' } })
  await file_row(page, "meanwhile.txt").waitFor()
  assert.equal(await focused(page), "Delete by keys.txt")
  await page.keyboard.press("Enter")
  await page.keyboard.press("Escape")
  assert.ok((await listed()).some(({ manifest }) => manifest.filename === "by keys.txt"))
  await page.keyboard.press("Enter")
  await page.keyboard.press("Tab")
  assert.equal(await focused(page), "Delete")
  await page.keyboard.press("Enter")
  await said(page, "by keys.txt is deleted.")
  await file_row(page, "by keys.txt").waitFor({ state: "detached" })
  assert.ok((await listed()).every(({ manifest }) => manifest.filename !== "by keys.txt"))
  good("by keyboard alone")
  // What can be used has a name for who does not see it.
  const session = await page.context().newCDPSession(page)
  const { nodes } = await session.send("Accessibility.getFullAXTree")
  const nameless = nodes.filter(({ ignored, role, name }) => !ignored && !name?.value &&
    ["button", "link", "textbox", "combobox", "progressbar", "table", "img", "dialog", "navigation"].includes(role?.value))
  assert.deepEqual(nameless, [])
  assert.ok(nodes.some(({ role }) => role?.value === "table") && nodes.some(({ role }) => role?.value === "status"))
  good("all has a name")
  await close(page)
}

const narrow = async () => {
  const page = await open({ viewport: { width: 320, height: 640 }, colorScheme: "dark" })
  await page.locator("#file-rows td").first().waitFor()
  await page.locator("#setting-rows td").first().waitFor()
  await page.locator("#log-lines li").first().waitFor()
  assert.deepEqual(await page.evaluate(() => [document.documentElement.scrollWidth, document.body.scrollWidth]), [320, 320])
  const [red, green, blue] = await page.evaluate(() => getComputedStyle(document.body).backgroundColor.match(/\d+/g).map(Number))
  assert.ok(red + green + blue < 200, "dark")
  await shot(page, "narrow")
  good("320 pixels wide, and dark")
  await close(page)
}

/** Words that stand on more than one line, of what has no long ones. */
const broken_words = (page) => page.evaluate(() => {
  const broken = []
  for (const cell of document.querySelectorAll("#settings th, #settings td:not(.long), #network th, #files th"))
    for (const { 0: word, index } of cell.textContent.matchAll(/[A-Za-z]+/g)) {
      const range = document.createRange()
      range.setStart(cell.firstChild, index)
      range.setEnd(cell.firstChild, index + word.length)
      if (new Set(Array.from(range.getClientRects(), ({ top }) => Math.round(top))).size > 1) broken.push(word)
    }
  return broken
})

const between = async () => {
  const page = await open({ viewport: { width: 320, height: 640 } })
  await page.locator("#setting-rows td").first().waitFor()
  await page.getByText("Limits", { exact: true }).click()
  for (const width of [320, 660, 800, 1200]) {
    await page.setViewportSize({ width, height: 640 })
    assert.deepEqual(await broken_words(page), [])
    assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), width)
    await shot(page, `width-${width}`)
  }
  await close(page)
  good("words stay whole")
}

/** What is fetched, before anything of it has come; and a node that ends and is there again. */
const waits = async () => {
  const page = await open()
  const cid = (await listed())[0].cid
  const fetches = (state, more) => page.route("**/node/fetches", (route) => route.fulfill({ json: { fetches: [{
    cid, state, doneBytes: 0, totalBytes: 0, peers: 0, waiting: "", error: "", hint: "", ...more }] } }))
  await fetches("running", {})
  await page.locator("#fetches").getByText(": looking for it").waitFor()
  await page.unroute("**/node/fetches")
  await fetches("failed", { error: "no peer has it", hint: "Connect." })
  await page.locator("#fetches").getByText("no peer has it. Connect.", { exact: false }).waitFor()
  await page.unroute("**/node/fetches")
  await page.route("**/data/*/network", (route) => route.fulfill({ status: 404, body: "It could not be retrieved (no peer has it)." }))
  await page.getByLabel("Fetch a dataset").fill(cid)
  await page.getByRole("button", { name: "Fetch", exact: true }).click()
  await page.getByRole("alert").getByText(/\(no peer has it\)\.$/).waitFor()
  good("what is looked for")

  await page.getByRole("button", { name: "Dismiss" }).click()
  await page.route("**/api/**", (route) => route.abort())
  await page.getByRole("alert").getByText("the node does not answer.").waitFor()
  // Also what somebody wants meanwhile.
  await page.getByRole("button", { name: "Set" }).click()
  await page.getByRole("alert").getByText("Setting the level: the node does not answer.").waitFor()
  await page.unroute("**/api/**")
  await page.getByRole("alert").waitFor({ state: "hidden" })
  await page.locator("#node-state").getByText("runs, version").waitFor()
  await page.getByRole("alert").waitFor({ state: "hidden" })
  good("there again")
  await close(page)
}

/** The page as it would be if it named a script that somebody has stored, with and without a nonce that is guessed. */
const stored_script = async (victim) => {
  const page = await open()
  await upload(page, "evil.js", Buffer.from(`document.title = "acted"; fetch("/api/codex/v1/data/${victim}", { method: "DELETE" })`), "text/javascript")
  const evil = (await listed()).find(({ manifest }) => manifest.filename === "evil.js").cid
  const answer = await fetch(`${api}/data/${evil}`)
  assert.equal(answer.headers.get("content-type"), "text/javascript")
  const answered = [], refused = []
  page.on("response", (response) => response.url().endsWith(evil) && answered.push(response.status()))
  page.on("console", (message) => /Content Security Policy/.test(message.text()) && message.text().includes(evil) && refused.push(message.text()))
  const tags = ["", ' type="module"', ' nonce=""', ' nonce="00000000000000000000000000000000"'].map((more) =>
    `<script${more} src="/api/codex/v1/data/${evil}"></script>`)
  await page.route(`${url}/`, async (route) => {
    const response = await route.fetch()
    await route.fulfill({ response, body: (await response.text()).replace("</head>", `${tags.join("")}</head>`) })
  })
  await page.goto(`${url}/`)
  await page.locator("#node-state").getByText("runs, version").waitFor() // the page's own do
  assert.equal(await page.locator("head script").count(), 1 + tags.length)
  assert.equal(await page.title(), "Codex node")
  assert.deepEqual(answered, [])
  assert.equal(refused.length, tags.length)
  await page.context().close()
}

const hostile = async () => {
  const page = await open()
  await upload(page, "victim.txt", Buffer.from("victim"), "text/plain")
  const victim = (await listed()).find(({ manifest }) => manifest.filename === "victim.txt").cid
  const act = `document.title = "acted"; fetch("/api/codex/v1/data/${victim}", { method: "DELETE" })`
  await upload(page, "evil.html", Buffer.from(`<title>evil</title><script>${act}</script>`), "text/html")
  const evil = (await listed()).find(({ manifest }) => manifest.filename === "evil.html").cid
  const still = async () => assert.ok((await listed()).some(({ cid }) => cid === victim))
  await assert.rejects(page.goto(`${api}/data/${evil}`), /Download is starting|ERR_ABORTED/)
  // A browser that showed it all the same would let nothing of it act.
  await page.route(`${api}/data/${evil}`, async (route) => {
    const answer = await route.fetch()
    const headers = answer.headers()
    delete headers["content-disposition"]
    await route.fulfill({ response: answer, headers })
  })
  await page.goto(`${api}/data/${evil}`)
  assert.equal(await page.title(), "evil")
  await still()
  await page.context().close()
  good("a stored page cannot act")

  // Nor a stored script, if somebody found a way to name it in the page: the origin is the same, and so is the type.
  await stored_script(victim)
  await still()
  good("a stored script cannot act")

  const names = ["<img src=x onerror=\"document.title='acted'\">", "\"><script>document.title='acted'</script>", "javascript:document.title='acted'"]
  const next = await (await browser.newContext()).newPage()
  next.setDefaultTimeout(PATIENCE)
  await next.route("**/api/codex/v1/data", (route) => route.fulfill({ json: { content: names.map((name) => ({
    cid: victim, manifest: { treeCid: victim, datasetSize: 1, blockSize: 65536, filename: name, mimetype: name, protected: false } })) } }))
  await next.route("**/node/peers", (route) => route.fulfill({ json: { peers: names.map((name) => ({
    id: name, address: name, incoming: false, muxer: name, agent: name, streams: 0, bytesIn: 0, bytesOut: 0, wants: 0 })) } }))
  await next.route("**/debug/info", (route) => route.fulfill({ json: { id: names[0], codex: { version: names[0] }, table: { nodes: names.map((name) => ({
    nodeId: name, peerId: "", record: name, address: name, seen: true })) } } }))
  await next.route("**/node/log*", (route) => route.fulfill({ json: { last: 1, records: [
    { number: 1, unixMs: 0, level: "warn", topics: names[0], text: names[0] }] } }))
  await next.goto(`${url}/`)
  for (const name of names) await next.locator("#file-rows").getByText(name).first().waitFor()
  await next.locator("#peer-rows").getByText(names[0]).first().waitFor()
  await next.locator("#log-lines").getByText(names[0]).waitFor()
  for (const name of names) await next.locator("#routing-rows").getByText(name, { exact: true }).waitFor()
  assert.equal(await next.locator("main img, main script").count(), 0)
  assert.equal(await next.title(), "Codex node")
  await still()
  await next.context().close()
  good("names are texts")
}

const token = async () => {
  const page = await open()
  const dialog = page.getByRole("dialog", { name: "Token" })
  await dialog.getByLabel("Token").fill("wrong")
  await page.keyboard.press("Enter")
  await dialog.getByText("The node does not take this token.").waitFor()
  await dialog.getByLabel("Token").fill(given.token)
  await page.keyboard.press("Enter")
  await upload(page, "secret.bin", bytes)
  const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: "Download secret.bin" }).click()])
  assert.ok((await readFile(await download.path())).equals(bytes))
  assert.deepEqual(await page.evaluate(() => [{ ...sessionStorage }, { ...localStorage }, document.cookie]),
    [{ "codex-token": given.token }, {}, ""])
  await page.reload()
  await file_row(page, "secret.bin").waitFor()
  const [other] = await Promise.all([page.context().waitForEvent("page"), page.evaluate((to) => void window.open(to, "_blank", "noopener"), `${url}/`)])
  await other.getByRole("dialog", { name: "Token" }).waitFor()
  good("a token, for this tab alone")
  await close(page)
}

const { refused, allowed, sends } = elsewhere({ browser, api, token: given.token, listed, good, patience: PATIENCE })
const SCENARIOS = { plain: [network, files], careful: [keyboard, narrow, between, waits, hostile, refused], token: [token], allowed: [allowed], sends: [sends] }
try {
  for (const one of SCENARIOS[scenario]) await one()
} finally {
  await browser.close()
  site.close()
}

// rest-sdk.mjs URL PEER ADDRESS THEIRS: each call of @codex-storage/sdk-js for data, node and debugging against a node, as
// its users write them; PEER at ADDRESS is another node, which has the dataset THEIRS. A line a call that went well.
import { Codex } from "@codex-storage/sdk-js"
import { Codex as AsyncCodex } from "@codex-storage/sdk-js/async"
import { NodeUploadStrategy } from "@codex-storage/sdk-js/node"
import { BrowserUploadStrategy } from "@codex-storage/sdk-js/browser"
import { Readable } from "node:stream"
import assert from "node:assert/strict"

const [url, peer, address, theirs] = process.argv.slice(2)

// What a browser has, as far as the strategy for it uses that; over fetch, which node has.
globalThis.XMLHttpRequest = class {
  upload = {}
  headers = {}
  open(method, to) {
    this.method = method
    this.to = to
  }
  setRequestHeader(name, value) {
    this.headers[name] = value
  }
  send(body) {
    fetch(this.to, { method: this.method, headers: this.headers, body }).then(async (answer) => {
      this.status = answer.status
      this.responseText = this.response = await answer.text()
      this.upload.onprogress?.({ loaded: 1, total: 1 })
      this.onload?.()
    }, () => this.onerror?.())
  }
  abort() {}
}

const good = (name, result) => {
  assert.equal(result.error, false, `${name}: ${JSON.stringify(result.data)}`)
  console.log(name)
  return result.data
}

const use = async (codex, title) => {
  const said = (name, result) => good(`${title} ${name}`, result)
  const { data, node, debug } = codex
  const cid = said("upload", await data.upload(new NodeUploadStrategy("Hello World !")).result)
  assert.match(cid, /^zDv/)
  const named = said("upload with a name", await data.upload(new NodeUploadStrategy(
    Readable.from([Buffer.alloc(100000, 7), Buffer.alloc(300000, 8)]),
    { filename: "a b.txt", mimetype: "text/plain" })).result)
  const shown = await data.upload(new BrowserUploadStrategy(new Blob(["Hello World !"]), () => {},
    { filename: "c.txt", mimetype: "text/plain" })).result
  said("upload of a browser", shown)
  const all = said("cids", await data.cids())
  const here = all.content.map((one) => one.cid)
  assert.ok([cid, named, shown.data].every((one) => here.includes(one)))
  assert.equal(all.content.find((one) => one.cid === named).manifest.filename, "a b.txt")
  assert.ok(said("space", await data.space()).quotaUsedBytes >= 65592)
  assert.equal(await said("local download", await data.localDownload(cid)).text(), "Hello World !")
  const stream = said("network download stream", await data.networkDownloadStream(named))
  assert.equal((await stream.arrayBuffer()).byteLength, 400000)
  assert.equal(said("network download", await data.networkDownload(cid)).cid, cid)
  assert.equal(said("manifest", await data.fetchManifest(named)).manifest.datasetSize, 400000)
  said("connect", await node.connect(peer, [address]))
  assert.equal(said("their manifest", await data.fetchManifest(theirs)).cid, theirs)
  assert.equal((await said("their content", await data.networkDownloadStream(theirs)).arrayBuffer()).byteLength, 200000)
  said("delete", await data.delete(cid))
  said("delete of nothing", await data.delete(cid))
  assert.equal((await data.localDownload(cid)).data.code, 404)
  const { id } = said("peer id", await node.peerId())
  assert.match(id, /^16Uiu2HA/)
  assert.ok(JSON.stringify(said("peer id as text", await node.peerId("text"))).includes(id))
  said("log level", await debug.setLogLevel("DEBUG"))
  const info = said("info", await debug.info())
  assert.ok(info.id && info.addrs.length > 0 && info.codex.version)
  assert.match(said("record", await node.spr()).spr, /^spr:/)
  assert.ok(String(said("record as text", await node.spr("text"))).includes("spr:"))
  const wrong = await data.upload(new NodeUploadStrategy("x", { mimetype: "hello/world" })).result
  assert.equal(wrong.error, true)
  assert.equal(wrong.data.code, 422)
  for (const call of ["activeSlots", "availabilities", "purchaseIds"]) {
    const answer = await codex.marketplace[call]()
    assert.deepEqual([answer.error, answer.data.code, answer.data.message], [true, 503, "Persistence is not enabled"])
  }
}

await use(new Codex(url), "sdk")
const later = new AsyncCodex(url)
await use({
  data: await later.data(), node: await later.node(), debug: await later.debug(), marketplace: await later.marketplace(),
}, "async")

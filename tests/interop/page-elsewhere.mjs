// What pages of other sites get of a node, by whose origin they may and may not; for page.mjs.
import assert from "node:assert/strict"

/** The scenarios, with the browser, and what page.mjs knows and says. */
export const elsewhere = ({ browser, api, token, listed, good, patience }) => {
  /** What a page of somebody else's gets: of an upload with fields, of one without, and of a list. */
  const from_elsewhere = async () => {
    const page = await (await browser.newContext()).newPage()
    page.setDefaultTimeout(patience)
    await page.goto("http://other.example/")
    return page.evaluate(async (api) => {
      const outcome = (call) => call.then(async (answer) => [answer.status, await answer.text()], () => ["refused"])
      const send = (body, headers) => new Promise((resolve, reject) => {
        const request = new XMLHttpRequest()
        request.open("POST", `${api}/data`)
        for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value)
        request.upload.onprogress = () => {} // which makes a browser ask first
        request.onload = () => resolve(new Response(request.response, { status: request.status }))
        request.onerror = reject
        request.send(body)
      })
      return [await outcome(send("from elsewhere", { "Content-Type": "text/plain", "Content-Disposition": 'filename="x.txt"' })),
        await outcome(fetch(`${api}/data`, { method: "POST", mode: "no-cors", body: "without asking" })),
        await outcome(fetch(`${api}/data`))]
    }, api)
  }

  const refused = async () => {
    const before = await listed()
    const [asked, , list] = await from_elsewhere()
    assert.deepEqual([asked, list], [["refused"], ["refused"]])
    assert.deepEqual(await listed(), before)
    good("nobody else's page does anything")
  }

  const allowed = async () => {
    const [asked, , list] = await from_elsewhere()
    assert.equal(asked[0], 200)
    const stored = (await listed()).map(({ cid }) => cid)
    assert.ok(stored.includes(asked[1]))
    assert.equal(list[0], 200)
    assert.equal(await (await fetch(`${api}/data/${asked[1]}`)).text(), "from elsewhere")
    good("a page that is let does")
  }

  /** With the token all that goes without one where there is none. */
  const sends = async () => {
    const page = await (await browser.newContext()).newPage()
    page.setDefaultTimeout(patience)
    await page.goto("http://other.example/")
    const answers = await page.evaluate(async ([api, token]) => {
      const ask = (path, method = "GET", more = {}, body = undefined) =>
        fetch(`${api}${path}`, { method, headers: { Authorization: `Bearer ${token}`, ...more }, body })
          .then(async (answer) => [answer.status, await answer.text()], () => [0, ""])
      const [status, cid] = await ask("/data", "POST", { "Content-Type": "text/plain", "Content-Disposition": 'filename="x.txt"' }, "from elsewhere")
      const rows = { upload: [status] }
      for (const [method, path] of [["GET", "/data"], ["GET", "/space"], ["GET", `/data/${cid}`], ["GET", `/data/${cid}/network/stream`],
        ["GET", `/data/${cid}/network/manifest`], ["POST", `/data/${cid}/network`], ["GET", `/data/${cid}/exists`], ["GET", "/debug/info"],
        ["GET", "/peerid"], ["GET", "/node/settings"], ["POST", "/debug/chronicles/loglevel?level=INFO"], ["DELETE", `/data/${cid}`],
        ["GET", "/data/nonsense"], ["POST", "/data/nonsense/network"]])
        rows[`${method} ${path.replace(cid, "CID")}`] = (await ask(path, method)).slice(0, 1)
      rows.wrong = [await fetch(`${api}/space`, { headers: { Authorization: "Bearer wrong" } }).then(({ status }) => status, () => 0)]
      return Object.entries(rows).map(([name, [code]]) => `${name} ${code}`)
    }, [api, token])
    assert.deepEqual(answers, ["upload 200", "GET /data 200", "GET /space 200", "GET /data/CID 200", "GET /data/CID/network/stream 200",
      "GET /data/CID/network/manifest 200", "POST /data/CID/network 200", "GET /data/CID/exists 200", "GET /debug/info 200", "GET /peerid 200",
      "GET /node/settings 200", "POST /debug/chronicles/loglevel?level=INFO 200", "DELETE /data/CID 204", "GET /data/nonsense 400",
      "POST /data/nonsense/network 400", "wrong 401"])
    good("a page that is let sends the token")
  }

  return { refused, allowed, sends }
}
